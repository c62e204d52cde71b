"""The library on the command line.

    python -m assistant.library import FILE | export FILE | delete ID … | stats

Exit code 2 when nothing could be done, for example when every row of a file is rejected.
"""

from __future__ import annotations

import argparse
import sys
from pathlib import Path

from assistant.command_line.exit_codes import FAILED
from assistant.command_line.runner import Command
from assistant.errors import InputError
from assistant.library.transfer import export_file, import_file
from assistant.records import LANGUAGES
from assistant.search.embedder import open_embedder
from assistant.settings import Settings, load_settings
from assistant.store.connection import Store, open_store


def _arguments(parser: argparse.ArgumentParser) -> None:
    commands = parser.add_subparsers(required=True)
    brought = commands.add_parser("import", help="add or replace answers from a CSV or JSONL file")
    brought.add_argument("file", type=Path)
    brought.add_argument("--language", choices=LANGUAGES, help="of rows that name none (else it is detected)")
    brought.add_argument("--format", choices=("csv", "jsonl"), help="when the file's name does not tell")
    brought.set_defaults(run=_import)
    taken = commands.add_parser("export", help="write all answers to a CSV or JSONL file")
    taken.add_argument("file", type=Path)
    taken.add_argument("--format", choices=("csv", "jsonl"), help="when the file's name does not tell")
    taken.set_defaults(run=_export)
    gone = commands.add_parser("delete", help="remove answers; what was once shown of them stays in the interactions")
    gone.add_argument("id", nargs="+", help="as an export shows it")
    gone.set_defaults(run=_delete)
    commands.add_parser("stats", help="count answers, phrasings and vectors").set_defaults(run=_stats)


def _work(options: argparse.Namespace) -> int | None:
    settings = load_settings()
    with open_store(settings) as store:
        return options.run(options, store, settings)


def _import(chosen: argparse.Namespace, store: Store, settings: Settings) -> int | None:
    embedder = open_embedder(settings)
    report = import_file(chosen.file, store, embedder, settings, form=chosen.format, language=chosen.language)
    for row in report.rejected:
        print(f"line {row.line}: {row.reason}", file=sys.stderr)
    print(
        f"{report.added} added, {report.changed} changed, {report.unchanged} unchanged, {len(report.rejected)} rejected"
    )
    if report.added + report.changed + report.unchanged:
        return None
    print("Nothing could be imported: correct the rows named above and import again.", file=sys.stderr)
    return FAILED


def _export(chosen: argparse.Namespace, store: Store, settings: Settings) -> None:
    print(f"{export_file(chosen.file, store, chosen.format)} answers written to {chosen.file}")


def _delete(chosen: argparse.Namespace, store: Store, settings: Settings) -> None:
    known = store.answers.get(chosen.id)
    if unknown := [one for one in chosen.id if one not in known]:
        raise InputError(f"There is no answer {', '.join(unknown)}, so none was removed: an export shows every id.")
    print(f"{store.answers.delete(chosen.id)} answers removed")


def _stats(chosen: argparse.Namespace, store: Store, settings: Settings) -> None:
    stats = store.answers.stats()
    for language, count in stats.answers.items():
        print(f"answers {language}: {count}")
    print(f"phrasings: {stats.phrasings}")
    for model, count in sorted(stats.vectors.items()):
        print(f"vectors of {model}: {count}")


main = Command("assistant.library", __doc__, arguments=_arguments, work=_work)

if __name__ == "__main__":
    main.run()
