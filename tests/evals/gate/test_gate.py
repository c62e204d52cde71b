"""Nothing goes to production that has not been measured, is bad, slow, or worse than what is there."""

from __future__ import annotations

from pathlib import Path

import pytest
import yaml

from assistant.errors import InputError
from assistant.settings import Settings
from assistant.version_records import AdapterVersion
from assistant.versions.registry import Registry
from evals.gate.__main__ import main
from evals.gate.checks import Check, GateRefused, Outcome, judge_candidate, promote, shelf_of
from evals.gate.rules import RULES, TaskRules, load_rules
from evals.reporting.pair_report import at_thresholds, pair_findings
from evals.reporting.report import Report, write_report
from tests.support.adapters import TASK, stages
from tests.support.commands import ran
from tests.support.evaluations import NO_MARGINS, alone, pair_rows

FAST = {"single_row_seconds": 0.2, "peak_memory_bytes": 2 * 1024**3}
RULES_OF_TEST = TaskRules.model_validate(
    {
        "system": "judge",
        "worse": ["right", "brier"],
        "cost": {"single_row_seconds": 1.0, "peak_memory_gib": 8},
        "data": [
            {"names": ["ours"], "rows": 200, "floors": {"en": {"accuracy": 0.75}}, "ceilings": {"pt": {"brier": 0.2}}},
            {"names": ["theirs", "others"], "rows": 200, "optional": True, "floors": {"pt": {"f1": 0.99}}},
            {"names": ["shop"], "rows": 200, "optional": True, "floors": {"en": {"accuracy": 0.75, "app_recall": 0.3}}},
        ],
    }
)


@pytest.fixture
def measured(settings: Settings):
    """Put a report on a version where runs put them; the better the `skill`, the better its figures."""

    def put(version: AdapterVersion, skill: float, seed: int = 1, name: str = "ours", **changes) -> Report:
        rows = pair_rows(seed, skill)
        facts = {
            "task": TASK,
            "system": "judge",
            "model": {"version": version.digest},
            "data": {"name": name, "sha256": "d" * 64, "rows": len(rows), "measured": len(rows), "languages": {}},
            "leaks": {"allowed": False, "rows": [], "dropped": []},
            "threshold": 0.5,
            "created": f"2026-05-01T12:00:{seed:02d}+00:00",
            "cost": FAST,
        }
        report = Report(**(facts | pair_findings(rows, 0.5) | changes))
        folder = settings.data_dir / "evaluations" / f"{version.digest[:8]}-{name}-{seed}-{report.system}"
        write_report(folder, report, rows)
        return report

    return put


@pytest.fixture
def checks(settings: Settings):
    def judged(candidate: AdapterVersion, production: AdapterVersion | None = None) -> dict[str, Check]:
        found = judge_candidate(candidate, production, shelf_of(settings), RULES_OF_TEST)
        return {check.name: check for check in found.checks}

    return judged


def failed(found: dict[str, Check]) -> set[str]:
    return {name for name, check in found.items() if not check.passed}


def test_floors_ceilings_and_cost(made, measured, checks) -> None:
    good, bad = made(1), made(2)
    report = measured(good, 1.5)
    found = checks(good)
    assert failed(found) == set() and len(found) == 4
    accuracy = report.by_language["en"]["accuracy"]
    assert found["ours en accuracy"] == Check("ours en accuracy", f"{accuracy:.3f}", "≥ 0.75", True)
    measured(bad, 0.1, cost={"single_row_seconds": 1.5, "peak_memory_bytes": 9 * 1024**3})
    assert failed(checks(bad)) == {
        "ours en accuracy",
        "ours pt brier",
        "ours single row seconds",
        "ours peak memory gib",
    }


def test_a_version_that_shows_nothing_is_refused_however_right_it_is(made, measured, checks) -> None:
    for seed, (threshold, refused) in enumerate([(0.6, set()), (0.9999, {"shop en app recall"})], start=1):
        version, rows = made(seed), pair_rows(1, 1.5)
        measured(version, 1.5)
        found = pair_findings(rows, 0.5)
        found["detail"]["app"] = at_thresholds(rows, {"en": threshold}, NO_MARGINS, alone)
        measured(version, 1.5, name="shop", **found)
        assert failed(checks(version)) == refused


def test_what_does_not_count_as_measured(made, measured, checks) -> None:
    version = made(1)
    missing = {"measured on ours"}
    assert failed(checks(version)) == missing
    # With leaks, by another system, or too few rows.
    measured(version, 1.5, 2, leaks={"allowed": True, "rows": [1], "dropped": []})
    measured(version, 1.5, 3, system="adapter")
    small = {"name": "ours", "sha256": "d" * 64, "rows": 20, "measured": 20, "languages": {}}
    measured(version, 1.5, 4, data=small)
    assert failed(checks(version)) == missing
    measured(version, 1.5, 5)
    assert failed(checks(version)) == set()
    # A set that need not be measured counts as soon as it is; of several reports the newest does.
    measured(version, 1.0, 6, name="others")
    assert failed(checks(version)) == {"others pt f1"}
    measured(version, 0.1, 7)
    assert "ours en accuracy" in failed(checks(version))


def test_worse_than_production_beyond_noise(made, measured, checks) -> None:
    production, alike, worse = made(1), made(2), made(3)
    measured(production, 1.5, 1)
    measured(alike, 1.45, 2)
    measured(worse, 0.85, 3)
    assert failed(checks(alike, production)) == set()
    assert "ours rows right, gain over production" in failed(checks(worse, production))
    assert "ours lower Brier score, gain over production" in failed(checks(worse, production))
    # The better one passes beside the worse.
    assert failed(checks(production, worse)) == set()
    unmeasured = made(4)
    assert failed(checks(alike, unmeasured)) == {"ours beside production"}


def test_promotion_asks_and_an_override_is_kept(
    made, measured, registry: Registry, settings: Settings, tmp_path: Path
) -> None:
    rules = tmp_path / "gate.yaml"
    rules.write_text(yaml.safe_dump({TASK: RULES_OF_TEST.model_dump(mode="json")}))
    good, unmeasured = made(1), made(2)
    measured(good, 1.5)
    promote(registry, settings, good.digest, "production", "ana", "better", rules=rules)
    _, events = registry.show(good.digest)
    kept = events[-1].report["gate"]
    assert kept["passed"] is True and kept["checks"][0]["name"] == "ours en accuracy"
    assert "override" not in events[-1].report and events[-1].why == "better"
    with pytest.raises(GateRefused, match=r"measured on ours: no.*--override") as refused:
        promote(registry, settings, unmeasured.digest, "production", "ana", "new", override=" ", rules=rules)
    assert isinstance(refused.value.outcome, Outcome)
    assert stages(registry)[good.digest] == "production"
    # Staging is for what is to be looked at, and not behind the gate.
    promote(registry, settings, unmeasured.digest, "staging", "ana", "to look at", rules=rules)
    promote(registry, settings, unmeasured.digest, "production", "bob", "now", override="outage", rules=rules)
    _, events = registry.show(unmeasured.digest)
    assert (events[-1].who, events[-1].why) == ("bob", "now (past the gate: outage)")
    assert events[-1].report["override"] == "outage" and events[-1].report["gate"]["passed"] is False


def test_the_command_prints_each_check(
    made, measured, registry: Registry, settings: Settings, monkeypatch, capsys, tmp_path: Path
) -> None:
    monkeypatch.setenv("DATABASE_URL", settings.database_url)
    monkeypatch.setenv("DATA_DIR", str(settings.data_dir))
    rules = tmp_path / "gate.yaml"
    rules.write_text(yaml.safe_dump({TASK: RULES_OF_TEST.model_dump(mode="json")}))
    good, bad = made(1), made(2)
    measured(good, 1.5)
    measured(bad, 0.1, 2)
    code, printed, _ = ran(main, capsys, [good.digest[:8], bad.digest[:8], "--rules", str(rules)])
    assert code == 0 and printed.endswith("The gate is open.\n")
    assert printed.startswith("passed  ours en accuracy: ")
    code, printed, _ = ran(main, capsys, [bad.digest[:8], good.digest[:8], "--rules", str(rules)])
    assert code == 1 and "FAILED  ours en accuracy: " in printed and printed.endswith("The gate is closed.\n")
    assert ran(main, capsys, ["abcd"])[0] == 2


def test_the_rules_that_are_shipped_and_wrong_ones(tmp_path: Path) -> None:
    assert load_rules(RULES, "question-similarity").system == "judge"
    assert load_rules(RULES, "portuguese-qa").system == "reader"
    wrong = tmp_path / "gate.yaml"
    wrong.write_text("question-similarity: {system: judge, worse: [], cost: {}, data: [{names: [x], flors: {}}]}")
    with pytest.raises(InputError) as error:
        load_rules(wrong, "question-similarity")
    assert "data.0.rows: Field required" in str(error.value) and "data.0.flors" in str(error.value)
    with pytest.raises(InputError, match="holds no rules for portuguese-qa"):
        load_rules(wrong, "portuguese-qa")
