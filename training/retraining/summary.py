"""The summary of a retraining, as text for a terminal or a mail and as one HTML page."""

from __future__ import annotations

import base64
import re
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from jinja2 import Environment, FileSystemLoader, StrictUndefined

from assistant.command_line.tables import table
from assistant.version_records import AdapterVersion
from assistant.versions.version import read_version
from assistant.whole_file import write_whole
from training.retraining.journal import Journal, Json
from training.retraining.steps import EXPORT, GATE, PRODUCTION, PUBLISH

TEXT, PAGE = "summary.txt", "summary.html"
# The most telling figures of each set.
SHOWN = ("accuracy", "f1", "roc_auc", "brier", "exact_match", "refused")
_TEMPLATES = Environment(
    loader=FileSystemLoader(Path(__file__).parent), autoescape=True, undefined=StrictUndefined, trim_blocks=True
)

Rows = list[tuple[str, ...]]


@dataclass(frozen=True, slots=True)
class SummaryTable:
    """A table with its title and its heads; without heads the first column names what the second says."""

    title: str
    heads: tuple[str, ...]
    rows: Rows


def write_summary(journal: Journal) -> str:
    """Write both files into the retraining's folder; the text."""
    run = Path(journal.steps["train"]["run"])
    version = read_version(run / "version")
    result, found = outcome(journal), sections(journal, version)
    text = "\n\n".join(
        [result, *(f"{one.title}\n{table(one.heads or ('', ''), one.rows)}" for one in found), f"{journal.folder}"]
    )
    write_whole(journal.folder / TEXT, text + "\n")
    loss = run / "loss.png"
    picture = f"data:image/png;base64,{base64.b64encode(loss.read_bytes()).decode()}" if loss.is_file() else ""
    page = _TEMPLATES.get_template("summary.html.jinja").render(
        outcome=result, sections=found, loss=picture, name=journal.folder.name
    )
    write_whole(journal.folder / PAGE, page)
    return text


def outcome(journal: Journal) -> str:
    """How it ended and what is left to a person, in a sentence or two."""
    steps = journal.steps
    version = steps["train"]["version"][:12]
    if not steps[GATE]["passed"]:
        failed = [check["name"] for check in steps[GATE]["checks"] if not check["passed"]]
        return f"Version {version} stays in staging: the gate refuses it ({'; '.join(failed)})."
    places = dict.fromkeys(result["published"] for step, result in steps.items() if step.startswith(PUBLISH))
    hub = f" On the Hub: {', '.join(places)}." if places else ""
    if PRODUCTION in steps:
        return f"Version {version} is in production; running apps take it into service.{hub}"
    return (
        f"Version {version} passed the gate and waits in staging. Bring it to production with "
        f"`python -m training.registry promote {version} --to production --why TEXT`.{hub}"
    )


def sections(journal: Journal, version: AdapterVersion) -> list[SummaryTable]:
    """Everything worth a look, in the order in which one asks for it."""
    steps = journal.steps
    measured = [result for step, result in steps.items() if step.startswith("measure ")]
    names = [name for name in SHOWN if any(name in one["figures"] for one in measured)]
    checks: Rows = [
        ("passed" if check["passed"] else "FAILED", check["name"], check["figure"], check["bound"])
        for check in steps[GATE]["checks"]
    ]
    return [
        SummaryTable("Version", (), _version(steps, version)),
        SummaryTable(
            "Measured on rows that nobody trained on",
            ("data", "rows", *names),
            [
                (one["name"], str(one["rows"]), *(_figure(one["figures"].get(name)) for name in names))
                for one in measured
            ],
        ),
        SummaryTable("The gate", ("", "check", "found", "needed"), checks),
        SummaryTable(
            "Took", ("step", "minutes"), [(step, f"{one['seconds'] / 60:.1f}") for step, one in steps.items()]
        ),
    ]


def _version(steps: Json, version: AdapterVersion) -> Rows:
    said = steps[EXPORT]
    rows: Rows = [
        ("version", version.digest[:12]),
        ("recipe", version.name),
        ("base", version.base),
        ("task", version.task),
    ]
    if said.get("pairs"):
        what = f"{said['pairs']} pairs, {said['same']} of them the same"
        left = f"{said['repeated']} judged again later, {said['measuring']} that measure"
        rows += [("from agents", what), ("left out", left)]
    for language in ("en", "pt"):
        if language in version.metrics:
            held: Any = version.metrics[language]
            auc = f", ROC AUC {held['roc_auc']:.3f}" if held.get("roc_auc") is not None else ""
            rows.append((f"held out, {language}", f"{held['rows']} rows{auc}"))
    if "f1" in version.metrics:
        held = version.metrics
        rows.append(("held out", f"{held['rows']} rows, exact match {held['exact_match']:.3f}, F1 {held['f1']:.3f}"))
    if "calibrate" in steps:
        rows.append(("calibrated on", ", ".join(re.sub(r"/.*", "", name) for name in steps["calibrate"]["on"])))
    return rows


def _figure(value: float | int | None) -> str:
    return "–" if value is None else f"{value:.3f}"
