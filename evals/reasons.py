"""The reasons that the app writes, measured: do they fit the label, quote truly, repeat themselves, keep the language?

    python -m evals.reasons QQP/dev.csv [--limit 40] [--language en]

Every pair is judged as the app judges it, and its reason is written with the verdict in the prompt. The app hides
reasons that it finds fault with, so every figure comes twice: "written" over all, "shown" over those not hidden.
"""

from __future__ import annotations

import argparse
from pathlib import Path

from assistant.command_line.arguments import count
from assistant.command_line.runner import Command
from assistant.records import LANGUAGES
from assistant.search.embedder import open_embedder
from assistant.serving.choose import open_model
from assistant.settings import load_settings
from evals.data.published import load_pairs
from evals.measures.written_reasons import measure_reasons

LIMIT = 40


def _arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("file", type=Path, help="CSV with question1, question2, is_duplicate, optionally language")
    parser.add_argument("--limit", type=count, default=LIMIT, help="only the first pairs (default: %(default)s)")
    parser.add_argument("--language", choices=LANGUAGES, default="en", help="of rows that name none (default: en)")


def _work(options: argparse.Namespace) -> None:
    settings = load_settings()
    pairs = load_pairs(options.file, options.language)[: options.limit]
    with open_model(settings) as model:
        found = measure_reasons(model, open_embedder(settings), pairs, settings)
    for name, value in found.items():
        print(f"{name:<40} {value if isinstance(value, int) else f'{value:.3f}'}")


main = Command("evals.reasons", __doc__, arguments=_arguments, work=_work)

if __name__ == "__main__":
    main.run()
