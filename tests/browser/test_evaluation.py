"""A team lead's look at the Evaluation tab, in a real browser against the real app."""

from __future__ import annotations

import json
import os
import re
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest
from playwright.sync_api import Locator, Page, expect
from sklearn.metrics import precision_score, recall_score

from assistant.text.words import compare
from assistant.versions.registry import SHIPPED_FOLDER
from evals.reporting.mistakes import find_mistakes
from evals.reporting.report import write_report
from tests.browser.steps import PHONE
from tests.support.adapters import make_version
from tests.support.app_process import ROOT, Served, serve
from tests.support.evaluations import pair_report, pair_rows, write_samples

EVIL = "<img src=x onerror=\"window.pwned='img'\"> **bold**"
# Milliseconds in which a busy machine loads a model a second time and measures two rows.
MEASURED = 300_000
SHIPPED = json.loads((SHIPPED_FOLDER / "question-similarity" / "version.json").read_text())["digest"]


@pytest.fixture(scope="module")
def lead(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Served]:
    """An app with reports, and a second version that nobody measured."""
    folder = tmp_path_factory.mktemp("lead")
    runs = folder / "data" / "evaluations" / "runs"
    write_samples(runs, SHIPPED)
    evil = [replace(row, question1=EVIL, question2=EVIL) for row in pair_rows(4, 0.7, count=40)]
    report = pair_report(evil, system=EVIL)
    write_report(runs / "evil", replace(report, data=report.data | {"name": EVIL, "sha256": "f" * 64}), evil)
    make_version(folder / "second", seed=2)
    with serve(folder) as app:
        command = [sys.executable, "-m", "training.registry", "add", str(folder / "second"), "--who", "ana"]
        environment = os.environ | {"DATA_DIR": str(app.data_dir)}
        subprocess.run(command, cwd=ROOT, env=environment, check=True, capture_output=True)
        yield app


def open_tab(page: Page, view: str = "Figures") -> Locator:
    """The tab with the sample pairs chosen; reports that come with Resposta are there as well."""
    page.get_by_role("tab", name="Evaluation").click()
    found = page.locator(".rp-evaluation")
    found.get_by_label("Data", exact=True).wait_for(timeout=30_000)
    choose_data(page, "sample pairs")
    page.get_by_role("tab", name=view, exact=True).click()
    expect(found.locator(".rp-view-content")).not_to_be_empty()
    return found


def choose_data(page: Page, name: str) -> None:
    box = page.locator(".rp-evaluation").get_by_label("Data", exact=True)
    box.select_option(label=next(text for text in box.locator("option").all_inner_texts() if text.startswith(name)))


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_figures_and_curves_of_two_systems_side_by_side(lead, visit, scheme):
    page = visit(lead.url, color_scheme=scheme)
    tab = open_tab(page)
    figures = pair_report(pair_rows(1, 0.9)).figures
    row = tab.get_by_role("row", name=re.compile("^F1"))
    expect(row.locator("td").first).to_contain_text(f"{figures['f1']:.3f}")
    expect(row.locator("td")).to_have_count(2)
    expect(tab.locator(".rp-chart polyline")).to_have_count(6)
    expect(tab.get_by_role("img", name=re.compile("^ROC curve: Judge"))).to_be_visible()
    tab.get_by_label("Language").select_option("pt")
    portuguese = pair_report(pair_rows(1, 0.9)).by_language["pt"]["f1"]
    expect(row.locator("td").first).to_contain_text(f"{portuguese:.3f}")
    tab.locator("summary", has_text="As a table").first.click()
    expect(tab.locator(".rp-as-table[open] tbody tr")).not_to_have_count(0)


def test_a_leaky_report_says_so_everywhere(lead, visit):
    page = visit(lead.url)
    tab = open_tab(page)
    expect(tab.get_by_text("Leaks", exact=True)).to_be_visible()
    expect(tab.locator(".rp-leaky")).to_have_count(0)
    page.get_by_role("checkbox", name=re.compile("Adapter alone")).check()
    for view in ("Figures", "Threshold", "Mistakes", "Before and after"):
        page.get_by_role("tab", name=view, exact=True).click()
        expect(tab.locator(".rp-leaky")).to_contain_text("in spite of leaks: 3 of its rows")


def test_the_slider_counts_in_the_browser_without_asking_the_server(lead, visit):
    page = visit(lead.url)
    tab = open_tab(page, "Threshold")
    asked: list[str] = []
    page.on("request", lambda request: asked.append(request.url))
    slider = tab.get_by_role("slider")
    slider.focus()
    for _ in range(40):
        page.keyboard.press("ArrowRight")
    expect(tab.locator("output")).to_have_text("0.700")
    rows = [row for row in pair_rows(1, 0.9) if row.probability is not None]
    same, called = [row.same for row in rows], [row.probability >= 0.7 for row in rows]
    now = tab.locator(".rp-panel").first.locator("tbody tr").first
    expect(now).to_contain_text(f"{100 * precision_score(same, called):.1f} %")
    expect(now).to_contain_text(f"{100 * recall_score(same, called):.1f} %")
    expect(now).to_contain_text(f"{100 * sum(called) / 240:.1f} %")
    wrong = sum(c and not s for c, s in zip(called, same, strict=True))
    expect(tab.locator(".rp-confusion").first.locator(".rp-bad").last).to_contain_text(f"{wrong}false match")
    # Nothing is shown at 1, so that there is no precision to tell.
    page.keyboard.press("End")
    expect(tab.locator(".rp-readout")).to_contain_text("precision –")
    assert asked == []


def test_a_target_precision_finds_the_least_threshold_that_reaches_it(lead, visit):
    page = visit(lead.url)
    tab = open_tab(page, "Threshold")
    tab.get_by_label("Share of the shown matches").fill("88")
    rows = [row for row in pair_rows(1, 0.9) if row.probability is not None]

    def precision(step: int) -> float:
        shown = [row.same for row in rows if row.probability >= step / 200]
        return sum(shown) / len(shown) if shown else 0

    least = next(step for step in range(201) if precision(step) >= 0.88)
    line = tab.locator(".rp-panel").last.locator("tbody tr").first
    expect(line).to_contain_text(f"{least / 200:.3f}")
    line.get_by_role("button", name="Show it").click()
    expect(tab.locator("output")).to_have_text(f"{least / 200:.3f}")
    tab.get_by_label("Share of the shown matches").fill("100")
    expect(tab.locator(".rp-panel").last).to_contain_text(re.compile(r"100\.0 %|No threshold reaches 100 %"))


def test_mistakes_are_filtered_and_paged(lead, visit):
    page = visit(lead.url)
    tab = open_tab(page, "Mistakes")
    everything = find_mistakes(pair_rows(1, 0.9), 0.5)
    expect(tab.locator(".rp-row")).to_have_count(20)
    expect(tab.locator(".rp-row").first).to_contain_text(f"row {everything[0].row.row} ")
    worst = everything[0].row
    differences, _ = compare(worst.question1, worst.question2, worst.language)
    marked = [*differences.asked_only, *differences.past_only]
    expect(tab.locator(".rp-row").first.locator("mark")).to_have_text(marked)
    tab.get_by_role("button", name="Next").click()
    expect(tab.locator(".rp-row").first).to_contain_text(f"row {everything[20].row.row} ")
    tab.get_by_role("button", name=re.compile("^false match")).click()
    wanted = [one for one in everything if one.kind == "false match"]
    expect(tab.locator(".rp-row")).to_have_count(len(wanted))
    expect(tab.locator(".rp-row .rp-badge").first).to_have_text("false match")
    tab.get_by_label("P(same) from").fill("0.9")
    tab.get_by_label("P(same) from").blur()
    expect(tab.locator(".rp-row")).to_have_count(sum(one.score >= 0.9 for one in wanted))
    tab.get_by_label("Language").select_option("pt")
    portuguese = [one for one in wanted if one.score >= 0.9 and one.row.language == "pt"]
    expect(tab.locator(".rp-row")).to_have_count(len(portuguese))


def test_a_report_without_texts_says_so_once(lead, visit):
    page = visit(lead.url)
    tab = open_tab(page)
    page.get_by_role("checkbox", name=re.compile("Adapter alone")).check()
    page.get_by_role("tab", name="Mistakes", exact=True).click()
    expect(tab.get_by_text("has no texts")).to_be_hidden()
    tab.get_by_label("Report", exact=True).select_option(label="Adapter alone · aaaaaaaa (leaks)")
    expect(tab.get_by_text("has no texts")).to_be_visible()
    expect(tab.locator(".rp-row").first).to_contain_text("P(same)")


def test_what_one_got_right_and_the_other_wrong(lead, visit):
    page = visit(lead.url)
    tab = open_tab(page, "Before and after")
    expect(tab.get_by_text(re.compile(r"Of 240 common rows, \d+ were gained and \d+ lost"))).to_be_visible()
    expect(tab.locator(".rp-row").first.locator(".rp-wrong")).to_contain_text("Before")
    tab.get_by_role("button", name=re.compile("^lost")).click()
    expect(tab.locator(".rp-row").first.locator(".rp-wrong")).to_contain_text("After")


def test_readings_show_what_was_expected(lead, visit):
    page = visit(lead.url)
    tab = open_tab(page)
    tab.get_by_label("Task").select_option("portuguese-qa")
    choose_data(page, "sample texts")
    expect(tab.locator(".rp-legend")).to_contain_text("12 partly right")
    expect(page.get_by_role("tab", name="Threshold", exact=True)).to_have_count(0)
    page.get_by_role("tab", name="Mistakes", exact=True).click()
    tab.get_by_role("button", name=re.compile("^missed")).click()
    expect(tab.locator(".rp-row").first).to_contain_text("Answered not in the text")
    expect(tab.locator(".rp-row").first).to_contain_text("Expected “trinta dias”")
    tab.get_by_role("button", name=re.compile("^found elsewhere 1")).click()
    expect(tab.locator(".rp-row").first).to_contain_text("From another text “dez dias”")


def test_markup_in_a_report_stays_text(lead, visit):
    page = visit(lead.url)
    tab = open_tab(page)
    choose_data(page, EVIL)
    for view in ("Figures", "Threshold", "Mistakes"):
        page.get_by_role("tab", name=view, exact=True).click()
        expect(tab.locator(".rp-view-content")).to_contain_text("<img src=x")
    expect(tab.locator("img, script, b")).to_have_count(0)
    assert page.evaluate("window.pwned") is None


def test_a_report_is_downloaded_as_it_lies_there(lead, visit, tmp_path):
    page = visit(lead.url)
    tab = open_tab(page)
    for file in ("report.json", "report.html"):
        with page.expect_download() as waiting:
            tab.get_by_role("button", name=f"Download {file}").first.click()
        kept = lead.data_dir / "evaluations" / "runs" / "judge" / file
        assert Path(waiting.value.path()).read_bytes() == kept.read_bytes()


def test_a_version_is_refused_overridden_and_rolled_back(lead, visit):
    page = visit(lead.url)
    tab = open_tab(page, "Versions")
    expect(tab.get_by_role("img", name=re.compile("^Loss while"))).to_be_visible()
    tab.locator(".rp-version[aria-pressed=false]").click()
    tab.get_by_role("button", name="Promote to production").click()
    form = tab.get_by_role("dialog")
    form.get_by_role("button", name="Promote to production").click()
    expect(form).to_be_visible()
    form.get_by_label("Why", exact=True).fill("the new one")
    form.get_by_role("button", name="Promote to production").click()
    expect(form.locator(".rp-failed").first).to_contain_text("failed")
    form.get_by_label("Why promote it anyway").fill("a trial")
    form.get_by_role("button", name="Promote to production anyway").click()
    expect(form).to_be_hidden()
    expect(tab.locator(".rp-open")).to_contain_text("in production")
    expect(tab.locator(".rp-events li", has_text="a trial")).to_be_visible()
    # It does not fit its base, so the app did not take it into service, and says so to whoever opens the page.
    desk = visit(lead.url)
    expect_alarms(desk, 1)
    expect(desk.get_by_role("alert")).to_contain_text(f"was not taken into service; {SHIPPED[:12]} goes on.")
    tab.get_by_role("button", name="Roll back").click()
    form.get_by_label("Why", exact=True).fill("the trial is over")
    form.get_by_role("button", name="Roll back").click()
    expect(form).to_be_hidden()
    expect(tab.locator(".rp-open")).to_contain_text("archived")
    expect(tab.locator("tr", has_text=SHIPPED[:12])).to_contain_text("in production")
    expect_alarms(desk, 0)


def expect_alarms(page: Page, count: int) -> None:
    """The app hears of a move a moment after it."""
    for _ in range(40):
        if page.locator(".rp-alarm").count() == count:
            return
        page.wait_for_timeout(500)
        page.reload()
        page.locator(".rp-top").wait_for()
    pytest.fail(f"there are {page.locator('.rp-alarm').count()} alarms")


def test_a_run_is_started_cancelled_continued_and_shown(lead, visit):
    page = visit(lead.url)
    tab = open_tab(page)
    tab.get_by_role("button", name="Measure a version").click()
    form = tab.get_by_role("dialog")
    form.get_by_label("Version").select_option(SHIPPED)
    form.get_by_label("Rows at most").fill("2")
    form.get_by_role("button", name="Measure", exact=True).click()
    expect(form).to_be_hidden()
    expect(tab.get_by_role("progressbar")).to_be_visible()
    page.reload()
    open_tab(page)
    tab.get_by_role("button", name="Cancel").click()
    expect(tab.get_by_text("The same run continues from there")).to_be_visible(timeout=30_000)
    tab.get_by_role("button", name="Continue").click()
    expect(tab.get_by_text("Its report is in the list")).to_be_visible(timeout=MEASURED)
    tab.get_by_role("button", name="Show its report").click()
    expect(tab.locator(".rp-figures")).to_contain_text(f"Judge · {SHIPPED[:8]}")
    expect(tab.locator(".rp-facts-list")).to_contain_text("shop-en, 2 rows")


def test_a_phone_has_no_sideways_scroll(lead, visit):
    page = visit(lead.url, PHONE, has_touch=True)
    open_tab(page)
    for view in ("Figures", "Threshold", "Mistakes", "Before and after", "Versions"):
        page.get_by_role("tab", name=view, exact=True).click()
        expect(page.locator(".rp-view-content")).not_to_be_empty()
        page.wait_for_load_state("networkidle")
        assert page.evaluate("document.documentElement.scrollWidth") <= PHONE[0], view


def test_the_views_are_reached_by_keyboard(lead, visit):
    page = visit(lead.url)
    tab = open_tab(page)
    page.get_by_role("tab", name="Figures", exact=True).focus()
    for wanted in ("Threshold", "Mistakes", "Before and after", "Versions", "Figures"):
        page.keyboard.press("ArrowRight")
        expect(tab.locator(".rp-tab[aria-selected=true]")).to_have_text(wanted)
        expect(tab.locator(".rp-tab[aria-selected=true]")).to_be_focused()


def test_a_visitor_of_a_demo_has_no_such_tab(demo, visit):
    page = visit(demo.url)
    expect(page.get_by_role("tab", name="Read")).to_be_visible()
    expect(page.get_by_role("tab", name="Evaluation")).to_have_count(0)
