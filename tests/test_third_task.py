"""A task that was added to the table works in every layer without another edit of what compares tasks."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, replace
from pathlib import Path

import pytest
import yaml

from assistant.errors import InputError, ModelError
from assistant.prompts import VERSIONS
from assistant.serving.choose import only
from assistant.serving.named_adapters import named
from assistant.settings import Settings
from assistant.tasks import TASKS, CardWords, Measure, Recipes, Sets
from assistant.version_records import RegisteredVersion
from assistant.versions.registry import Registry
from evals.board import Board
from evals.data.named_sets import NAMES, NamedSet, RowSet
from evals.data.published import QuestionPair
from evals.gate.checks import judge_candidate
from evals.gate.rules import load_rules
from evals.reporting.comparison import compare, differences, table
from evals.reporting.kinds import KINDS, ReportKind
from evals.reporting.report import Report, read_report, write_report
from evals.reporting.report_index import shelf_of
from evals.reporting.report_page import write_page
from evals.row_records import ROWS, Fault, MeasuredRow, Told
from evals.runs.evaluation import evaluate
from evals.runs.measured_system import SYSTEMS, Evaluation, Opened
from evals.runs.measured_version import Subject, of_folder
from tests.support.adapters import make_version, stages
from training.recipe import load_recipe
from training.release.card import EXAMPLES
from training.retraining.plan import default_measured, default_recipe
from training.selection.version_ranking import rank

TASK = "answer-ranking"
RULES = {
    TASK: {
        "system": "ranker",
        "worse": ["rank"],
        "cost": {"single_row_seconds": 1.0},
        "data": [{"names": ["queries"], "rows": 10, "floors": {"en": {"first": 0.5}}}],
    }
}


class MoreSettings(Settings):
    """The settings with one more adapter to name."""

    ranking_adapter: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class MeasuredRanking(MeasuredRow):
    """A query and the place of its answer, from 1."""

    TEXTS = ("query",)
    MISTAKES = ("missed",)
    TOGETHER = 8

    row: int
    query: str | None = None
    language: str
    place: int

    def is_right(self, threshold: float) -> bool:
        return self.place == 1

    def score(self, measure: str, threshold: float) -> float:
        return {"right": float(self.place == 1), "rank": float(self.place)}[measure]

    def fault(self, threshold: float) -> Fault | None:
        return None if self.place == 1 else Fault("missed", None, 1 - 1 / self.place)

    def told(self, kind) -> Told | None:
        return Told(self.query, str(self.place), "is its answer's place") if self.query else None


def findings(rows, threshold: float) -> dict:
    first = [row.place == 1 for row in rows]
    share = sum(first) / len(first)
    by_language = {"en": {"first": share, "rows": len(first)}}
    return {"figures": {"first": share}, "intervals": {}, "by_language": by_language, "detail": {}}


@pytest.fixture(autouse=True)
def ranking(monkeypatch: pytest.MonkeyPatch) -> None:
    """The third task, and one entry in each mapping by what is new of it: rows, template."""
    record = replace(
        TASKS["question-similarity"],
        name=TASK,
        role="ranker",
        setting="ranking_adapter",
        base_from_settings=False,
        base_alone=False,
        templates=("query-first",),
        sources=("faqs",),
        languages=("pt",),
        calibrated=False,
        rows="rankings",
        systems=("ranker",),
        shown=("first",),
        compared=Measure("right", "first places"),
        scores=(Measure("right", "first places"), Measure("rank", "lower rank", lower_is_better=True)),
        ranked=(Measure("rank", "mean rank", lower_is_better=True),),
        recipes=Recipes("ranking-small", "ranking-llama3", "ranking-small", "ranking-llama3"),
        sets=Sets(instead=("queries",)),
        card=CardWords("sentence-similarity", "It finds the answer.", "It finds no more."),
    )
    monkeypatch.setitem(TASKS, TASK, record)
    monkeypatch.setitem(ROWS, "rankings", MeasuredRanking)
    monkeypatch.setitem(NAMES, "queries", NamedSet("what customers asked", "rankings"))
    kind = ReportKind(findings, lambda rows: {"places": [row.place for row in rows]}, lambda folder, report, rows: {})
    monkeypatch.setitem(KINDS, "rankings", kind)
    monkeypatch.setitem(EXAMPLES, "query-first", EXAMPLES["reading"])
    monkeypatch.setitem(VERSIONS, "query-first", "query-first-1")


def rankings(places: list[int]) -> list[MeasuredRanking]:
    return [
        MeasuredRanking(row=number, query=f"Where is parcel {number}?", language="en", place=place)
        for number, place in enumerate(places)
    ]


def report(rows: list[MeasuredRanking], version: str = "a" * 64) -> Report:
    return Report(
        task=TASK,
        system="ranker",
        model={"version": version},
        data={"name": "queries", "sha256": "d" * 64, "rows": len(rows), "measured": len(rows), "languages": {}},
        leaks={"allowed": False, "rows": [], "dropped": []},
        threshold=0.5,
        created="2026-05-01T12:00:00+00:00",
        cost={"single_row_seconds": 0.1, "peak_memory_bytes": 2**30},
        **findings(rows, 0.5),
    )


def test_settings_name_its_adapter(tmp_path: Path) -> None:
    version = make_version(tmp_path / "made", task=TASK)
    settings = MoreSettings(ranking_adapter=str(tmp_path / "made"), adapter="elsewhere", base_model="smollm2-135m")
    assert named(settings, TASK).version == version
    alone = only(settings, TASK, tmp_path / "made")
    assert (alone.ranking_adapter, alone.adapter, alone.base_model) == (str(tmp_path / "made"), None, None)
    assert named(only(settings, "portuguese-qa", tmp_path), TASK) is None
    with pytest.raises(ModelError, match="was trained for answer-ranking, not for portuguese-qa"):
        named(MoreSettings(reading_adapter=str(tmp_path / "made")), "portuguese-qa")


def test_the_registry_keeps_and_promotes_it(registry: Registry, made) -> None:
    judge, first, second = made(0), made(1, task=TASK), made(2, task=TASK)
    for version in (judge, first, second):
        registry.promote(version.digest, "production", "ana", "good")
    assert registry.find(f"{TASK}@production").version == second
    assert registry.rollback(TASK, "ana", "worse").version == first
    assert stages(registry)[judge.digest] == "production"


def test_the_gate_reads_its_rules_and_holds_it_against_production(
    registry: Registry, made, settings: Settings, tmp_path: Path
) -> None:
    path = tmp_path / "gate.yaml"
    path.write_text(yaml.safe_dump(RULES))
    rules = load_rules(path, TASK)
    better, worse = made(1, task=TASK), made(2, task=TASK)
    for version, places in ((better, [1, 2] * 20 + [1]), (worse, [9, 8] * 20 + [1])):
        rows = rankings(places)
        write_report(settings.data_dir / "evaluations" / version.digest[:8], report(rows, version.digest), rows)
    held = judge_candidate(better, worse, shelf_of(settings), rules)
    assert held.passed and "queries lower rank, gain over production" in [check.name for check in held.checks]
    found = judge_candidate(worse, better, shelf_of(settings), rules)
    assert [check.name for check in found.checks if not check.passed] == [
        "queries en first",
        "queries lower rank, gain over production",
    ]
    for key, wrong in (("system", "judge"), ("worse", ["brier"])):
        path.write_text(yaml.safe_dump({TASK: RULES[TASK] | {key: wrong}}))
        with pytest.raises(InputError, match=rf"{TASK}\.{key}: .* does not belong to this task"):
            load_rules(path, TASK)


def test_its_reports_are_written_read_compared_and_shown(
    registry: Registry, settings: Settings, tmp_path: Path
) -> None:
    places = [1, 3, 2, 1, 5, 1, 1, 2]
    earlier, later = rankings(places), rankings([1, *(max(1, place - 1) for place in places[1:])])
    runs = settings.data_dir / "evaluations"
    for name, rows in (("one", earlier), ("two", later)):
        write_report(runs / name, report(rows), rows)
    first, second = read_report(runs / "one"), read_report(runs / "two")
    assert first[1] == earlier
    gain, low, high = differences(first, second)["rank"]
    # Four of the eight answers stand one place higher.
    assert gain == pytest.approx(0.5) and low < gain < high
    assert compare(first, second).only_first == 0 and compare(first, second).only_second == 2
    assert table([first[0]])[0].split() == ["first", "rows", "per", "second"]
    page = write_page(tmp_path, *first).read_text(encoding="utf-8")
    assert "Where is parcel 4?<br><b>5</b> is its answer&#39;s place" in page
    with Board(settings, registry) as board:
        assert board.report("measured/one")["places"] == places
        shown = board.mistakes("measured/one", 0.5, None, None, 0.0, 1.0, 0)
        assert shown["kinds"] == {"missed": 4} and shown["rows"][0]["row"] == earlier[4].to_json()
        sets = [one for one in board.overview()["data"] if one["task"] == TASK]
    assert sets == [{"name": "queries", "about": "what customers asked", "task": TASK}]


def test_a_version_is_measured_on_its_rows(settings: Settings, tmp_path: Path, monkeypatch) -> None:
    asked: list[int] = []

    @contextmanager
    def ranker(subject: Subject, data: RowSet, chosen: Settings) -> Iterator[Opened]:
        def ask(numbers):
            asked.extend(numbers)
            return [rankings([1, 2] * 10)[number] for number in numbers]

        yield Opened(ask, lambda number: None, subject.model)

    monkeypatch.setitem(SYSTEMS, "ranker", ranker)
    make_version(tmp_path / "made", task=TASK)
    pairs = [QuestionPair(f"Where is parcel {number}?", "How do I track it?", True, "en") for number in range(20)]
    data = RowSet("queries", "rankings", pairs)
    evaluation = Evaluation(data, "ranker", of_folder(tmp_path / "made"))
    found = evaluate(evaluation, settings, tmp_path / "out", with_texts=False)
    assert (found.task, found.figures, found.data["languages"]) == (TASK, {"first": 0.5}, {"en": 20})
    assert asked == list(range(20))
    _, rows = read_report(tmp_path / "out")
    assert rows[3] == MeasuredRanking(row=3, language="en", place=2)


def test_its_recipes_are_checked_against_the_table(tmp_path: Path) -> None:
    recipe = tmp_path / "ranking.yaml"
    faqs = {"kind": "faqs", "file": "aia_bde"}
    given = {"task": TASK, "base": "smollm2-135m", "backend": "peft", "template": "query-first"}
    recipe.write_text(yaml.safe_dump(given | {"data": {"sources": [faqs]}}))
    assert load_recipe(recipe).task == TASK
    with pytest.raises(InputError, match=r"template: reading does not belong to the task answer-ranking \(use query"):
        load_recipe(recipe, ["template=reading"])
    with pytest.raises(InputError, match="answer-ranking takes faqs sources"):
        load_recipe(recipe, ["data.sources.0.kind=squad"])
    with pytest.raises(InputError, match="task: must be one of question-similarity, portuguese-qa, answer-ranking"):
        load_recipe(recipe, ["task=poetry"])
    assert default_recipe(TASK, has_gpu=True).name == "ranking-llama3.yaml"
    assert default_measured(TASK, tmp_path) == ("queries",)


def test_versions_are_ranked_by_its_measure_and_direction(registry: Registry, made) -> None:
    for seed, mean_rank in ((1, 3.0), (2, 1.5), (3, 2.0)):
        made(seed, task=TASK, metrics={"rank": mean_rank, "heldout": "a" * 16})
    versions: list[RegisteredVersion] = registry.list()
    ranking = rank(TASK, versions, {})
    assert [one.figures for one in ranking.candidates] == [(1.5,), (2.0,), (3.0,)]
    assert "mean rank" in next(ranking.lines())


def test_its_card_has_its_words(tmp_path: Path) -> None:
    make_version(tmp_path / "made", task=TASK)
    card = (tmp_path / "made" / "README.md").read_text(encoding="utf-8")
    assert "pipeline_tag: sentence-similarity" in card and "language:\n- pt\n" in card
    assert "It finds the answer. Made with Resposta." in card and card.endswith("It finds no more.\n")
