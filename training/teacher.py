"""Explanations for labelled pairs that have none, written by a teacher model.

    python -m training.teacher PAIRS.csv --out EXPLAINED.jsonl --yes

RESPOSTA_TEACHER_URL and RESPOSTA_TEACHER_MODEL name any OpenAI-compatible endpoint. Without --yes only the cost is
shown. The same command again goes on where it was, and asks nothing twice.
"""

from __future__ import annotations

import argparse
import json
import os
import sys
from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path

from assistant.command_line.arguments import count
from assistant.errors import InputError, RespostaError
from assistant.records import LANGUAGES, Language
from assistant.settings import Settings, load_settings
from assistant.whole_file import whole_file
from evals.chat.asking import never_asked, open_chat
from evals.chat.client import Endpoint, endpoint_from
from evals.chat.cost import Cost, Prices, prices_from
from training.data.contrast import contrast
from training.data.rows import PairRow
from training.data.sources import SourceReport, load
from training.recipe import Data, Source
from training.teaching.cache import TeacherAnswer, TeacherCache, key
from training.teaching.prompt import TeacherPair, identity, problem
from training.teaching.rounds import ask, batches
from training.teaching.teacher_report import TeacherReport, estimate


@dataclass(frozen=True, slots=True)
class Teacher:
    """An endpoint, the folder that keeps what it wrote, and its prices where they are known."""

    endpoint: Endpoint
    cache: Path
    prices: Prices | None = None

    def open_cache(self) -> TeacherCache:
        return TeacherCache(self.cache, self.endpoint.model, identity(), TeacherAnswer)


def teacher_from(settings: Settings) -> Teacher:
    """Raises `SettingsError` when the settings name no teacher."""
    return Teacher(endpoint_from(settings), settings.cache_dir / "teacher", prices_from(settings))


def cost(rows: Sequence[PairRow], teacher: Teacher) -> Cost:
    """What the rows will cost that have no explanation and that the teacher was not asked about before."""
    with teacher.open_cache() as cache:
        return _cost(_unknown(rows, cache), teacher)


def explain(
    rows: Sequence[PairRow], teacher: Teacher, *, confirm: bool = False, report: TeacherReport | None = None
) -> list[PairRow]:
    """The rows, each with an explanation: its own, the teacher's, or `contrast`'s where the teacher's cannot be used.

    Raises `InputError` with the cost when something would be sent without `confirm`, and `ChatError`
    when the teacher cannot be asked; what it wrote until then is kept.
    """
    report = report if report is not None else TeacherReport()
    with teacher.open_cache() as cache:
        unknown = _unknown(rows, cache)
        if unknown:
            with open_chat(teacher.endpoint, _cost(unknown, teacher), confirm) as chat:
                ask(unknown, chat, cache, report)
        now = {key(asked.row) for asked in unknown}
        return [_explained(row, cache, key(row) in now, report) for row in rows]


def stand_in(row: PairRow) -> PairRow:
    """The row with the explanation that needs no teacher, unless it has one."""
    return (
        row
        if row.explanation
        else replace(row, explanation=contrast(row.question1, row.question2, row.same, row.language))
    )


def _unknown(rows: Sequence[PairRow], cache: TeacherCache) -> list[TeacherPair]:
    """The rows to ask about, equal ones once."""
    return [TeacherPair(row) for row in never_asked((row for row in rows if not row.explanation), key, cache)]


def _cost(unknown: Sequence[TeacherPair], teacher: Teacher) -> Cost:
    return estimate(batches(unknown), teacher.endpoint.requests_per_minute, teacher.prices)


def _explained(row: PairRow, cache: TeacherCache, is_new: bool, report: TeacherReport) -> PairRow:
    if row.explanation:
        report.given += 1
        return row
    kept = cache[key(row)]
    # What was kept is judged again: the rules may have become stricter since.
    why = kept.refused or problem(row, kept.sentence)
    if why:
        report.refused[why] += 1
        return stand_in(row)
    if is_new:
        report.written += 1
    else:
        report.cached += 1
    return replace(row, explanation=kept.sentence)


def main(arguments: list[str] | None = None) -> int:
    """Exit code 0 when the file was written, 2 when it was not, 130 after Ctrl-C."""
    options = _parser().parse_args(arguments)
    report = TeacherReport()
    try:
        teacher = teacher_from(load_settings())
        _check(options.out, options.pairs)
        rows = _read(options.pairs, options.language, options.limit)
        if options.yes:
            print(*cost(rows, teacher).lines(), sep="\n")
        _write(explain(rows, teacher, confirm=options.yes, report=report), options.out)
    except RespostaError as error:
        print(error, file=sys.stderr)
        return 2
    except OSError as error:
        print(f"{error}. Check the path and the free space.", file=sys.stderr)
        return 2
    except KeyboardInterrupt:
        print("Stopped. The same command goes on where it was.", file=sys.stderr)
        return 130
    print(*report.lines(teacher.prices), f"wrote {options.out}", sep="\n")
    return 0


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("pairs", type=Path, help="CSV or JSONL with two questions and a label")
    parser.add_argument("--out", type=Path, required=True, help="JSONL to write, a source with explanations: given")
    parser.add_argument("--language", choices=LANGUAGES, default="en", help="of the pairs (default: %(default)s)")
    parser.add_argument("--limit", type=count, help="only the first so many pairs")
    parser.add_argument("--yes", action="store_true", help="send the requests whose cost is shown")
    return parser


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


if __name__ == "__main__":
    sys.exit(main())
