"""Explanations for labelled pairs that have none, written by a teacher model.

    python -m training.teacher PAIRS.csv --out EXPLAINED.jsonl --yes

RESPOSTA_TEACHER_URL and RESPOSTA_TEACHER_MODEL name any OpenAI-compatible endpoint. Without --yes only the cost is
shown. The same command again goes on where it was, and asks nothing twice.
"""

from __future__ import annotations

import argparse
import json
import os
from collections.abc import Sequence
from pathlib import Path

from assistant.command_line.arguments import count
from assistant.command_line.runner import Command
from assistant.errors import InputError
from assistant.records import LANGUAGES, Language
from assistant.settings import load_settings
from assistant.whole_file import whole_file
from training.data.rows import PairRow
from training.data.sources import SourceReport, load
from training.recipe import Data, Source
from training.teaching.teacher import cost, explain, teacher_from
from training.teaching.teacher_report import TeacherReport


def _arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("pairs", type=Path, help="CSV or JSONL with two questions and a label")
    parser.add_argument("--out", type=Path, required=True, help="JSONL to write, a source with explanations: given")
    parser.add_argument("--language", choices=LANGUAGES, default="en", help="of the pairs (default: %(default)s)")
    parser.add_argument("--limit", type=count, help="only the first so many pairs")
    parser.add_argument("--yes", action="store_true", help="send the requests whose cost is shown")


def _work(options: argparse.Namespace) -> None:
    report = TeacherReport()
    teacher = teacher_from(load_settings())
    _check(options.out, options.pairs)
    rows = _read(options.pairs, options.language, options.limit)
    if options.yes:
        print(*cost(rows, teacher).lines(), sep="\n")
    _write(explain(rows, teacher, confirm=options.yes, report=report), options.out)
    print(*report.lines(teacher.prices), f"wrote {options.out}", sep="\n")


def _check(out: Path, pairs: Path) -> None:
    """Refuse, before anything is paid, files that could not be read or written."""
    if not pairs.is_file():
        raise InputError(f"{pairs} is not there. Correct the path.")
    if out.suffix != ".jsonl" or out.resolve() == pairs.resolve():
        raise InputError(f"--out {out}: name another file than the pairs', ending in .jsonl.")
    if not os.access(out.absolute().parent, os.W_OK):
        raise InputError(f"--out {out}: its folder is not there or cannot be written. Create it or name another.")


def _read(path: Path, language: Language, limit: int | None) -> list[PairRow]:
    """The pairs of a file without faulty ones, which are told."""
    source = Source(kind="pairs", file=path.name, language=language, limit=limit)
    report = SourceReport()
    rows = load([source], Data(root=path.parent, sources=(source,)), report)
    print(*report.lines(), sep="\n")
    if not rows:
        raise InputError(f"{path} holds no pairs to explain. It needs question1, question2 and label (0 or 1).")
    return [row for row in rows if isinstance(row, PairRow)]


def _write(rows: Sequence[PairRow], path: Path) -> None:
    """All or nothing: an unfinished file would be taken for a whole one."""
    with whole_file(path, errors="replace") as stream:
        for row in rows:
            line = {
                "question1": row.question1,
                "question2": row.question2,
                "label": int(row.same),
                "explanation": row.explanation,
            }
            stream.write(json.dumps(line, ensure_ascii=False) + "\n")


main = Command(
    "training.teacher",
    __doc__,
    arguments=_arguments,
    work=_work,
    next_step="The same command goes on where it was.",
)

if __name__ == "__main__":
    main.run()
