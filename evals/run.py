"""Measure a version, or a baseline, on a data set, through the app's own loader, prompts and judge.

    python -m evals.run --adapter question-similarity@production --data QQP/dev.csv
    python -m evals.run --adapter portuguese-qa@staging --data FAQUAD/dev.json --limit 100
    python -m evals.run --system tfidf --train QQP/train.csv --data QQP/dev.csv

DATA is a CSV file with question1, question2, is_duplicate (and language, where not all are in one), a SQuAD JSON
file, a folder with AIA-BDE's files, or a name: {names}.

The report goes into a folder of its own: report.json, report.html and pictures. Stopped and started again, a run goes
on where it was. Exit code 1: the rows would not measure the version (leaks); 2: it could not be done; 75: another run
writes into the same folder.
"""

from __future__ import annotations

import argparse
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from assistant.command_line.arguments import count
from assistant.command_line.runner import Command
from assistant.errors import InputError, RespostaError
from assistant.records import LANGUAGES
from assistant.settings import Settings, load_settings
from assistant.tasks import TASKS, adapter_systems, tasks_on
from assistant.versions.registry_of_settings import opened_registry
from evals.data.named_sets import NAMES, RowSet, open_rows
from evals.reporting.report import REPORT
from evals.runs.evaluation import evaluate
from evals.runs.measured_system import Evaluation
from evals.runs.measured_version import Subject, of_folder, of_registry
from evals.runs.progress import tell
from evals.systems.baselines import NAMES as BASELINES


def _work(options: argparse.Namespace) -> None:
    folder = options.out
    try:
        settings = load_settings()
        data = open_rows(options.data, settings, options.language, options.limit)
        with _subject(options.adapter, options.system, data, settings) as (system, subject):
            evaluation = Evaluation(
                data,
                system,
                subject,
                train=options.train,
                model=options.model,
                allow_leak=options.allow_leak,
                drop_leaks=options.drop_leaks,
                reasons=options.reasons,
                paid=options.yes,
            )
            folder = folder or _folder(settings, evaluation)
            report = evaluate(evaluation, settings, folder, with_texts=not options.no_texts)
    except RespostaError as error:
        if folder:
            tell(folder, "failed", 0, 0, None, error)
        raise
    for name, value in report.figures.items():
        low, high = report.intervals.get(name, (None, None))
        shown = "–" if value is None else f"{value:.3f}" if isinstance(value, float) else str(value)
        print(f"{name:<18} {shown}" + ("" if low is None else f"  [{low:.3f}, {high:.3f}]"))
    for language, app in report.detail.get("app", {}).items():
        precision = "–" if app["precision"] is None else f"{app['precision']:.3f}"
        print(f"{language}: shown from {app['threshold']:.3f} on, precision {precision}, recall {app['recall']:.3f}")
    print(f"{report.data['measured']} rows measured, {len(report.leaks['dropped'])} dropped: {folder / REPORT}")


def _arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("--adapter", metavar="VERSION", help="TASK@STAGE, a digest's first digits, or a folder")
    parser.add_argument("--data", required=True, help="file, folder or name")
    parser.add_argument("--language", choices=LANGUAGES, default="en", help="of a CSV without such a column")
    parser.add_argument("--limit", type=count, metavar="N", help="only the first N rows")
    parser.add_argument("--system", choices=(*adapter_systems(), *BASELINES), help="what answers (default: the app)")
    parser.add_argument("--train", type=Path, metavar="FILE", help="CSV of pairs that a baseline learns from")
    parser.add_argument("--model", type=Path, metavar="FOLDER", help="the trained cross-encoder")
    parser.add_argument("--reasons", type=int, default=20, metavar="N", help="reasons to look at (default: 20)")
    parser.add_argument("--out", type=Path, metavar="DIR", help="folder of the report (default: below DATA_DIR)")
    parser.add_argument("--no-texts", action="store_true", help="keep the rows' texts out of the report")
    parser.add_argument("--drop-leaks", action="store_true", help="leave rows out that would measure training rows")
    parser.add_argument("--allow-leak", action="store_true", help="measure on training rows too, and say so everywhere")
    parser.add_argument("--yes", action="store_true", help="a paid model may be asked; its cost was shown before")


@contextmanager
def _subject(
    reference: str | None, system: str | None, data: RowSet, settings: Settings
) -> Iterator[tuple[str, Subject | None]]:
    """What answers (`system`, else the task's own), and the version that is measured; None for a baseline, which has
    none. The registry is open meanwhile."""
    if system in BASELINES:
        if not data.pairs:
            raise InputError(f"{system} judges pairs of questions and {data.name} holds none: leave out --system.")
        if reference:
            raise InputError(f"{system} has no adapter: leave out --adapter.")
        yield system, None
    elif reference and Path(reference).expanduser().is_dir():
        yield _fitting(of_folder(Path(reference).expanduser()), system, data)
    else:
        with opened_registry(settings) as registry:
            registry.register_shipped()
            known = tasks_on(data.kind)
            task = next((one for one in known if system in one.systems), known[0])
            yield _fitting(of_registry(reference or f"{task.name}@production", registry), system, data)


def _fitting(subject: Subject, system: str | None, data: RowSet) -> tuple[str, Subject]:
    task = TASKS[subject.version.task]
    chosen = system or task.systems[0]
    if task.rows != data.kind or chosen not in task.systems:
        raise InputError(
            f"{subject.version.digest[:12]} is for {task.name}, which answers {task.rows} as "
            f"{' or '.join(task.systems)}; {data.name} holds {data.kind} and {chosen} was asked: choose another "
            "version, other data, or leave out --system."
        )
    return chosen, subject


def _folder(settings: Settings, evaluation: Evaluation) -> Path:
    """One folder per version, system and content of the data."""
    data, subject = evaluation.data, evaluation.subject
    who = subject.version.digest[:12] if subject else "baseline"
    named = data.name.replace("/", "-")
    name = f"{who}-{evaluation.system}-{named}-{data.sha256[:8]}"
    return settings.data_dir / "evaluations" / evaluation.task.name / name


main = Command(
    "evals.run",
    __doc__.format(names=", ".join(NAMES)),
    arguments=_arguments,
    work=_work,
    next_step="The same command goes on where it was.",
)

if __name__ == "__main__":
    main.run()
