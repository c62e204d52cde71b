"""A visitor's look at the app as a Space runs it: its own environment, read-only files, a user without rights."""

from __future__ import annotations

import os
import re
import shutil
import time
from collections.abc import Iterator
from pathlib import Path

import psutil
import pytest
from playwright.sync_api import expect

from assistant.bases.catalogue import CATALOGUE
from assistant.bases.weights import locate
from assistant.settings import load_settings
from assistant.versions.version import read_version
from rehearse import first_answer
from space_contents import ROOT
from space_environment import FOLDER, CannotRehearseError, RehearsalError, made_environment
from space_process import Started, laid_out, running
from tests.browser.steps import ENGLISH, JUDGED, PORTUGUESE, WRITTEN, ask
from tests.support.app_process import free_port


@pytest.fixture(scope="module")
def space() -> Iterator[Started]:
    """The app with its weights in place, so that no test waits for their conversion."""
    # What proves the project must not be left out.
    unable = pytest.fail if os.environ.get("CI") else pytest.skip
    if os.geteuid() != 0:
        unable("a Space's app runs as another user, which only root can start")
    try:
        python = made_environment()
    except CannotRehearseError as reason:
        unable(str(reason))
    base = read_version(ROOT / "assistant" / "adapters" / "question-similarity").base
    converted = locate(CATALOGUE[base], load_settings().cache_dir).path
    with laid_out(FOLDER, python, "ana/resposta") as laid:
        models = Path(laid.plan.variables["RESPOSTA_CACHE_DIR"]) / "models"
        shutil.copytree(converted, models / converted.name)
        for path in (models.parent, models, *models.rglob("*")):
            shutil.chown(path, laid.user)
        with running(laid, free_port()) as app:
            yield app


@pytest.mark.parametrize(("question", "language"), [(ENGLISH, "English"), (PORTUGUESE, "Portuguese")])
def test_a_visitor_asks_and_sees_the_past_answer_and_why(space, visit, question, language):
    page = visit(space.url)
    card = ask(page, question).locator(".rp-card").first
    expect(card.locator(".rp-badge")).to_have_text("Same question")
    expect(card.locator(".rp-past")).to_have_text(question)
    expect(card).to_contain_text(language)
    expect(card.locator(".rp-reason[data-done=true]")).to_be_visible(timeout=WRITTEN)


def test_a_visitor_reads_an_answer_out_of_a_text_and_has_no_evaluation_tab(space, visit):
    page = visit(space.url)
    expect(page.get_by_role("tab", name="Evaluation")).to_have_count(0)
    page.get_by_role("tab", name="Read").click()
    page.get_by_role("button", name="Try an example").click()
    expect(page.locator(".rp-context mark")).to_contain_text("30 dias", timeout=JUDGED)


def test_what_a_rehearsal_asks_is_answered_and_timed(space, monkeypatch):
    assert 0 < first_answer(space) < time.monotonic() - space.begun
    monkeypatch.setattr("rehearse.QUESTIONS", ("How tall is the moon?", PORTUGUESE))
    with pytest.raises(RehearsalError, match="How tall is the moon"):
        first_answer(space)


def test_the_app_has_no_rights_and_complains_of_nothing(space):
    assert 0 not in psutil.Process(space.process.pid).uids()
    assert not re.search(r'"level": "(?:warning|error)"|Traceback', space.log.read_text())
