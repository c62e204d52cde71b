"""Choose the best registered version of a task: the table, all loss curves in one picture, the promotion.

    python -m training.select portuguese-qa [--names NAME …] [--limit N] [--promote]

Versions for reading are sorted by exact match, then F1; those for judging pairs by the worst language's ROC AUC, then
accuracy. With --promote the best one goes to production with the table as its reason; a reading version is then loaded
from there as the app does it and answers a question.
"""

from __future__ import annotations

import argparse
from collections.abc import Sequence
from pathlib import Path

from assistant.command_line.arguments import count
from assistant.command_line.person import person
from assistant.command_line.runner import Command
from assistant.command_line.tables import table
from assistant.errors import InputError, ModelError
from assistant.reader.reader import Reader
from assistant.records import Task
from assistant.search.embedder import open_embedder
from assistant.serving.build import span_reader
from assistant.serving.choose import open_models
from assistant.settings import Settings, load_settings
from assistant.tasks import TASKS, task_of
from assistant.version_records import AdapterVersion, RegisteredVersion, taken_out
from assistant.versions.registry import Registry
from assistant.versions.registry_of_settings import opened_registry
from evals.gate import checks
from evals.reporting.pictures import loss_curves
from training.selection.version_ranking import VersionRanking, curve, rank

QUESTION = "Quantos livros um aluno pode retirar por vez?"
CONTEXT = (
    "A biblioteca do campus abre de segunda a sexta, das oito às vinte e duas horas. Cada aluno pode retirar até "
    "cinco livros por vez e ficar com eles por quatorze dias. A multa por atraso é de um real por dia."
)


def among(
    registry: Registry, task: Task, names: Sequence[str] | None = None, limit: int | None = None
) -> list[RegisteredVersion]:
    """The versions of `task`, newest first: those of `names` where given, of these the newest `limit`.

    Raises `InputError` when there is none.
    """
    versions = [one for one in registry.list() if one.version.task == task]
    if not versions:
        raise InputError(f"There is no version for {task} yet: train one with `python -m training.run RECIPE`.")
    known = {one.version.name for one in versions}
    if unknown := set(names or ()) - known:
        raise InputError(
            f"No version for {task} is named {', '.join(sorted(unknown))}: choose from {', '.join(sorted(known))}."
        )
    return [one for one in versions if not names or one.version.name in names][:limit]


def withdrawn(registry: Registry, versions: Sequence[RegisteredVersion]) -> dict[str, str]:
    """The versions that somebody took out of use, by digest, with who and why. One that only made room is none."""
    found = {}
    for one in versions:
        if one.stage == "archived":
            _, events = registry.show(one.version.digest)
            if event := taken_out(events):
                found[one.version.digest] = f"archived by {event.who}: {event.why}"
    return found


def draw(versions: Sequence[RegisteredVersion], path: Path) -> bool:
    """Write the loss curves of all versions as one PNG file; False when none of them has a curve."""
    histories = {f"{one.version.name} {one.version.digest[:6]}": curve(one.version.history) for one in versions}
    drawn = {name: history for name, history in histories.items() if history}
    if drawn:
        loss_curves(drawn, path)
    return bool(drawn)


def promote_best(
    registry: Registry, settings: Settings, ranking: VersionRanking, who: str, why: str, override: str = ""
) -> None:
    """Bring the best version to production through the gate, where it may be already. The ranking is the move's
    report. Raises `GateRefused` when the gate is closed and `override`, the reason to go past it, is empty."""
    best = ranking.candidates[0].registered
    if best.stage != "production":
        checks.promote(registry, settings, best.version.digest, "production", who, why, override, ranking.report())


def answer(settings: Settings, registry: Registry, question: str, context: str) -> tuple[AdapterVersion, str | None]:
    """The production version for Portuguese reading, loaded as the app loads it, and what it answers.

    None stands for "not in the text". Raises `ModelError` when there is no such version or it cannot be loaded.
    """
    reading = task_of("reader")
    production = registry.production(reading.name)
    if production is None:
        raise ModelError(f"{reading.name} has no production version: choose one with --promote.")
    # An adapter that a setting names would take the place of the one that is to be shown.
    chosen = settings.model_copy(update={reading.setting: None})
    with open_models(chosen, registry) as models:
        spans = span_reader(models.reading)
        # Another one may serve in its place, which is not the one to be shown.
        if spans is None or any(refusal.version == production for refusal in models.refused):
            raise ModelError(
                f"Version {production.digest[:12]} is in production and cannot be served on this machine, for the "
                "reason logged above: mend that, promote a version that can, or run where this one's base is at hand."
            )
        reader = Reader(open_embedder(chosen), span_reader=spans)
        return production, reader.read(question, context).answer


def run(options: argparse.Namespace, settings: Settings, registry: Registry) -> None:
    """Print the table of all versions, draw their loss curves and, if asked to, promote the best.

    Raises `ModelError` when none can be chosen.
    """
    versions = among(registry, options.task, options.names, options.limit)
    ranking = rank(options.task, versions, withdrawn(registry, versions))
    for line in ranking.lines():
        print(line)
    picture = options.picture or settings.data_dir / "selection" / f"{options.task}.png"
    print(f"Loss curves: {picture}" if draw(versions, picture) else "None of them has a loss curve.")
    if not ranking.candidates:
        raise ModelError("None of them can be chosen, for the reasons above: train one with this Resposta.")
    best = ranking.candidates[0].registered
    shown = f"{best.version.digest[:12]} ({best.version.name})"
    present = registry.production(options.task)
    if present and present.digest not in {one.registered.version.digest for one in ranking.candidates}:
        print(f"{present.digest[:12]} ({present.name}), now in production, is not among those compared.")
    if best.stage == "production":
        print(f"The best is in production already: {shown}.")
    elif options.promote:
        why = options.why or (
            f"best of {len(ranking.candidates)} by {', then '.join(one.label for one in TASKS[options.task].ranked)} "
            f"on the held-out rows {ranking.heldout}"
        )
        promote_best(registry, settings, ranking, options.who, why, options.override)
        print(f"Promoted to production: {shown}, {why}.")
    else:
        print(f"Would promote {shown}; do it with --promote.")
    if options.task == task_of("reader").name and (options.promote or options.question):
        question, context = options.question or QUESTION, options.context or CONTEXT
        production, said = answer(settings, registry, question, context)
        by = f"{production.digest[:12]} ({production.name} on {production.base})"
        rows = [("text", context), ("question", question), (by, said or "not in the text")]
        print(table(("", ""), rows))


def _arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("task", choices=TASKS)
    parser.add_argument("--names", nargs="+", metavar="NAME", help="only versions of these names (recipes)")
    parser.add_argument("--limit", type=count, metavar="N", help="only the newest N versions")
    parser.add_argument("--picture", type=Path, metavar="FILE", help="the PNG of all loss curves")
    parser.add_argument("--promote", action="store_true", help="bring the best version to production")
    parser.add_argument("--override", default="", metavar="TEXT", help="why to go past a gate that refuses")
    parser.add_argument("--who", default=person(), help="who decides this (default: %(default)s)")
    parser.add_argument("--why", default="", help="the reason (default: what it was the best by)")
    parser.add_argument("--question", help="a Portuguese question for the version in production")
    parser.add_argument("--context", metavar="TEXT", help="the text that answers it")


def _work(options: argparse.Namespace) -> None:
    if bool(options.question) != bool(options.context):
        raise InputError("A question is answered from a text: give --question and --context together.")
    if options.question and options.task != task_of("reader").name:
        raise InputError(
            f"Only {task_of('reader').name} answers a question from a text: leave out --question and --context."
        )
    settings = load_settings()
    with opened_registry(settings) as registry:
        run(options, settings, registry)


main = Command("training.select", __doc__, arguments=_arguments, work=_work)

if __name__ == "__main__":
    main.run()
