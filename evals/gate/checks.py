"""Whether a version may go to production, by the reports on it and on what is there now."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any, Literal

from assistant.errors import RefusedError
from assistant.settings import Settings
from assistant.tasks import TASKS
from assistant.version_records import AdapterVersion, RegisteredVersion
from assistant.versions.registry import Registry
from evals.gate.rules import RULES, DataRule, TaskRules, load_rules
from evals.reporting.comparison import differences
from evals.reporting.report import Report
from evals.reporting.report_index import Shelf, Shelved, shelf_of

GIB = 1024**3


@dataclass(frozen=True, slots=True)
class Check:
    """One thing that was looked at: what was found, and what it is held against."""

    name: str
    figure: str
    bound: str
    passed: bool


@dataclass(frozen=True, slots=True)
class Outcome:
    """All checks of one candidate. `production` is the digest it was held against, None when there is none."""

    candidate: str
    production: str | None
    checks: tuple[Check, ...]

    @property
    def passed(self) -> bool:
        return all(check.passed for check in self.checks)


class GateRefused(RefusedError):
    """A version that may not go to production; `outcome` says why."""

    def __init__(self, outcome: Outcome) -> None:
        self.outcome = outcome
        failed = "; ".join(f"{c.name}: {c.figure}, needs {c.bound}" for c in outcome.checks if not c.passed)
        super().__init__(
            f"The gate refuses {outcome.candidate[:12]} ({failed}). Measure what is missing with "
            "`python -m evals.run`, train a better one, or override with a reason (--override TEXT)."
        )


def judge_candidate(
    candidate: AdapterVersion, production: AdapterVersion | None, shelf: Shelf, rules: TaskRules
) -> Outcome:
    """Every check of the rules, on the newest reports without leaks."""
    reports = [one for one in shelf.all()[0] if one.report.system == rules.system and not one.report.is_branded]
    checks: list[Check] = []
    for rule in rules.data:
        own = _newest(reports, candidate, rule)
        if own is None:
            if not rule.optional:
                checks.append(
                    Check(f"measured on {rule.names[0]}", "no", f"a report on {rule.rows} rows or more", False)
                )
            continue
        checks += _bounds(own.report, rule)
        checks += _cost(own.report, rules)
        if production and production.digest != candidate.digest:
            checks += _against(own, _newest(reports, production, rule, own.report), shelf, rules)
    return Outcome(candidate.digest, production.digest if production else None, tuple(checks))


def _newest(
    reports: list[Shelved], version: AdapterVersion, rule: DataRule, like: Report | None = None
) -> Shelved | None:
    """The newest report on the version that the rule accepts, on the very rows of `like` where it is given."""
    for one in reports:
        report = one.report
        accepted = report.data["name"] in rule.names and report.data["measured"] >= rule.rows
        same_rows = like is None or report.data["sha256"] == like.data["sha256"]
        if accepted and same_rows and report.model.get("version") == version.digest:
            return one
    return None


def _bounds(report: Report, rule: DataRule) -> Iterator[Check]:
    for bounds, sign in ((rule.floors, "≥"), (rule.ceilings, "≤")):
        for language, measures in bounds.items():
            found = report.by_language.get(language, {}) | _as_shown(report, language)
            for measure, bound in measures.items():
                value = found.get(measure)
                passed = value is not None and (value >= bound if sign == "≥" else value <= bound)
                name = f"{report.data['name']} {language} {measure.replace('_', ' ')}"
                yield Check(name, "none" if value is None else f"{value:.3f}", f"{sign} {bound:g}", passed)


def _as_shown(report: Report, language: str) -> dict[str, float]:
    """What agents get: at the threshold that the app takes for its precision, not at one half."""
    app = report.detail.get("app", {}).get(language)
    return {"app_recall": app["recall"]} if app else {}


def _cost(report: Report, rules: TaskRules) -> Iterator[Check]:
    found = {
        "single_row_seconds": report.cost["single_row_seconds"],
        "peak_memory_gib": report.cost["peak_memory_bytes"] / GIB,
    }
    for name, bound in rules.cost.items():
        passed = found[name] <= bound
        yield Check(f"{report.data['name']} {name.replace('_', ' ')}", f"{found[name]:.2f}", f"≤ {bound:g}", passed)


def _against(own: Shelved, other: Shelved | None, shelf: Shelf, rules: TaskRules) -> Iterator[Check]:
    name = own.report.data["name"]
    if other is None:
        yield Check(f"{name} beside production", "production not measured", "a report on the same rows", False)
        return
    found = differences((other.report, shelf.rows(other)), (own.report, shelf.rows(own)), rules.worse)
    labels = {measure.name: measure.label for measure in TASKS[own.report.task].scores}
    for measure in rules.worse:
        what = labels[measure]
        if measure not in found:
            yield Check(f"{name} {what}, gain over production", "none", "a row that both could read", False)
            continue
        gain, low, high = found[measure]
        yield Check(
            f"{name} {what}, gain over production",
            f"{gain:+.3f} [{low:+.3f}, {high:+.3f}]",
            "an interval that reaches 0",
            high >= 0,
        )


def promote(
    registry: Registry,
    settings: Settings,
    reference: str,
    stage: Literal["staging", "production"],
    who: str,
    why: str,
    override: str = "",
    report: dict[str, Any] | None = None,
    rules: Path = RULES,
) -> RegisteredVersion:
    """Bring a version to a stage; to production only through the gate, or with `override`, the reason to go past it.

    The checks and the override are kept with the event, beside `report`. Raises `GateRefused`.
    """
    if stage == "staging":
        return registry.promote(reference, stage, who, why, report)
    candidate = registry.find(reference).version
    found = judge_candidate(
        candidate, registry.production(candidate.task), shelf_of(settings), load_rules(rules, candidate.task)
    )
    if not found.passed and not override.strip():
        raise GateRefused(found)
    kept = (report or {}) | {"gate": asdict(found) | {"passed": found.passed}}
    if not found.passed:
        kept["override"] = override.strip()
        why = f"{why} (past the gate: {override.strip()})"
    return registry.promote(reference, stage, who, why, kept)
