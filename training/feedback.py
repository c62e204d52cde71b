"""What agents made of suggestions, as training pairs.

    python -m training.feedback export [--out FOLDER] [--evaluation PATH …]

An answer that was used, edited or praised says that the question asked and the past one are the same; one that was
shown and rejected, that they are not. The last word on each counts. Pairs that nearly equal evaluation rows, or have a
question that nearly equals one of theirs, are left out: the shop's wordings always, and the files given with
--evaluation. The export is named by its content; every pair says where it comes from.
"""

from __future__ import annotations

import argparse
from pathlib import Path

from assistant.command_line.runner import Command
from assistant.settings import load_settings
from assistant.store.connection import open_store
from training.retraining.feedback import PAIRS, evaluation_pairs, export


def _arguments(parser: argparse.ArgumentParser) -> None:
    exporting = parser.add_subparsers(required=True).add_parser("export", help="write the pairs into a folder")
    exporting.add_argument("--out", type=Path, metavar="FOLDER", help="default: feedback below DATA_DIR")
    exporting.add_argument("--evaluation", nargs="+", default=[], metavar="PATH", help="data that measures adapters")


def _work(options: argparse.Namespace) -> None:
    settings = load_settings()
    with open_store(settings) as store:
        found = evaluation_pairs(options.evaluation, settings)
        folder, told = export(store, options.out or settings.data_dir / "feedback", found)
    print(f"{told.pairs} pairs, {told.same} of them the same, up to feedback {told.until}: {folder / PAIRS}")
    print(f"left out: {told.repeated} that were judged again later, {told.measuring} that measure adapters")


main = Command("training.feedback", __doc__, arguments=_arguments, work=_work)

if __name__ == "__main__":
    main.run()
