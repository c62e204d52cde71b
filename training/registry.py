"""The adapter registry on the command line.

    python -m training.registry add FOLDER | add OWNER/NAME@COMMIT
    python -m training.registry list
    python -m training.registry show VERSION
    python -m training.registry promote VERSION --to staging|production --why TEXT [--who NAME] [--report FILE]
                                        [--override TEXT]
    python -m training.registry canaries VERSION
    python -m training.registry archive VERSION --why TEXT [--who NAME]
    python -m training.registry rollback TASK --why TEXT [--who NAME]

VERSION is the first digits of a digest, or TASK@staging, TASK@production. Production is behind the gate
(`python -m evals.gate`), which ends the command with exit code 1 when it refuses; --override goes past it with a reason
that is kept. What a version says to the canary questions is kept when it is added, where its base is at hand: a running
app takes none into service without.
"""

from __future__ import annotations

import argparse
import datetime as dt
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

from assistant.bases.adapter import json_object
from assistant.command_line.person import person
from assistant.command_line.runner import Command
from assistant.command_line.tables import table
from assistant.settings import Settings, load_settings
from assistant.tasks import TASKS
from assistant.version_records import RegisteredVersion, StageEvent
from assistant.versions.registry import Registry
from assistant.versions.registry_of_settings import opened_registry
from assistant.versions.version import CANARIES
from evals.gate import checks
from training.release.canaries import ask_version, keep_canaries
from training.release.card import flat

Run = Callable[[argparse.Namespace, Settings, Registry], None]


def _arguments(parser: argparse.ArgumentParser) -> None:
    commands = parser.add_subparsers(required=True)

    def command(
        name: str, run: Run, what: str, argument: str, why: bool = True, **options: Any
    ) -> argparse.ArgumentParser:
        made = commands.add_parser(name, help=what)
        if argument:
            made.add_argument(argument, metavar=argument.upper(), **options)
        if why:
            made.add_argument("--why", default="", required=name != "add", help="the reason, kept with the event")
            made.add_argument("--who", default=person(), help="who decides this (default: %(default)s)")
        made.set_defaults(run=run)
        return made

    command("add", _add, "take in a version folder, or REPO@COMMIT from the Hub", "source")
    command("list", _list, "all versions", "", why=False)
    command("show", _show, "one version and what happened to it", "version", why=False)
    promote = command("promote", _promote, "bring a version to a stage; the one there is archived", "version")
    promote.add_argument("--to", required=True, choices=("staging", "production"))
    promote.add_argument("--report", type=Path, help="JSON file with the figures that it rests on, kept with the event")
    promote.add_argument("--override", default="", metavar="TEXT", help="why to go past a gate that refuses")
    command("canaries", _canaries, "ask a version its canary questions anew and keep the answers", "version", why=False)
    command("archive", _archive, "take a version out of use", "version")
    command("rollback", _rollback, "bring back the production version before this one", "task", choices=TASKS)


def _work(options: argparse.Namespace) -> None:
    settings = load_settings()
    with opened_registry(settings) as registry:
        options.run(options, settings, registry)


def _add(chosen: argparse.Namespace, settings: Settings, registry: Registry) -> None:
    added = registry.add(chosen.source, chosen.who, chosen.why)
    keep_canaries(registry, settings, added.version)
    _print_versions([added])


def _list(chosen: argparse.Namespace, settings: Settings, registry: Registry) -> None:
    versions = registry.list()
    if versions:
        _print_versions(versions)
    else:
        print("No versions yet: train one (python -m training.run RECIPE) or add one.")


def _show(chosen: argparse.Namespace, settings: Settings, registry: Registry) -> None:
    found, events = registry.show(chosen.version)
    version = found.version
    facts = {
        "version": version.digest,
        "task": version.task,
        "stage": found.stage,
        "name": version.name,
        "origin": found.origin,
        "base": f"{version.base} from {version.base_source}",
        "base sha256": version.base_sha256,
        "quantization": version.quantization,
        "prompts": version.prompt_version,
        "created": _time(version.created),
        "code": version.commit or "unknown",
    }
    print(table(("", ""), list(facts.items())))
    for title, figures in (("Measured", version.metrics), ("Parameters in effect", version.parameters)):
        if figures:
            print(f"\n{title}\n{table(('', ''), list(flat(figures)))}")
    print("\nEvents\n" + table(("when", "what", "who", "why", "rests on"), [_event_row(event) for event in events]))


def _promote(chosen: argparse.Namespace, settings: Settings, registry: Registry) -> None:
    report = json_object(chosen.report) if chosen.report else None
    moved = checks.promote(
        registry, settings, chosen.version, chosen.to, chosen.who, chosen.why, chosen.override, report
    )
    _print_versions([moved])


def _canaries(chosen: argparse.Namespace, settings: Settings, registry: Registry) -> None:
    version = registry.find(chosen.version).version
    found = ask_version(version, registry.files(version), settings)
    registry.keep(version, CANARIES, found.save)
    print(f"{version.digest[:12]} answered {len(found.logits) + len(found.answers)} questions on {found.hardware}.")


def _archive(chosen: argparse.Namespace, settings: Settings, registry: Registry) -> None:
    _print_versions([registry.archive(chosen.version, chosen.who, chosen.why)])


def _rollback(chosen: argparse.Namespace, settings: Settings, registry: Registry) -> None:
    _print_versions([registry.rollback(chosen.task, chosen.who, chosen.why)])


def _print_versions(versions: Sequence[RegisteredVersion]) -> None:
    rows = [
        (
            one.version.digest[:12],
            one.version.task,
            one.stage,
            one.version.name,
            one.version.base,
            _time(one.version.created),
            one.origin,
        )
        for one in versions
    ]
    print(table(("version", "task", "stage", "name", "base", "created", "origin"), rows))


def _event_row(event: StageEvent) -> tuple[str, ...]:
    moved = event.before != event.after and event.before is not None
    what = f"{event.action} ({event.before} → {event.after})" if moved else event.action
    rests_on = dict(event.report or {})
    if looked_at := rests_on.pop("gate", None):
        failed = [check["name"] for check in looked_at["checks"] if not check["passed"]]
        rests_on["gate"] = "passed" if looked_at["passed"] else f"refused: {'; '.join(failed)}"
    report = ", ".join(f"{name} {value}" for name, value in flat(rests_on))
    return _time(event.at), what, event.who, event.why, event.published or report


def _time(moment: dt.datetime) -> str:
    return f"{moment.astimezone():%Y-%m-%d %H:%M}"


main = Command("training.registry", __doc__, arguments=_arguments, work=_work)

if __name__ == "__main__":
    main.run()
