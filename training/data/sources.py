"""Training rows from the Hub or from local files, with a report of what was wrong in them."""

from __future__ import annotations

import json
import re
from collections import Counter
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, TypeGuard

from assistant.errors import InputError
from assistant.records import LANGUAGES
from assistant.versions.fingerprints import normalized
from evals.data.hub_rows import hub_rows
from evals.data.pair_columns import label_of, pair_columns
from evals.data.squad import composed
from training.data.faq_rewordings import faq_pairs
from training.data.intent_pairs import intent_pairs
from training.data.rows import PairRow, ReadingRow, TrainingRow
from training.data.source_files import read_rows
from training.data.translation import translated
from training.recipe import Data, Source

LOCAL_FILES = "use local files: --set data.root=FOLDER"

# Sets that are no pairs yet.
PAIRS_OF = {"faqs": faq_pairs, "intents": intent_pairs}
_SURROGATE = re.compile("[\ud800-\udfff]")


@dataclass(slots=True)
class SourceReport:
    """What was read and what was left out, and why. `examples` hold the first row of every kind of fault."""

    read: int = 0
    left_out: Counter[str] = field(default_factory=Counter)
    examples: dict[str, str] = field(default_factory=dict)
    notes: list[str] = field(default_factory=list)

    def note(self, line: str) -> None:
        """Something to know that changed no row."""
        self.notes.append(line)

    def leave_out(self, why: str, row: object) -> None:
        self.left_out[why] += 1
        if why not in self.examples:
            shown = row if isinstance(row, str) else json.dumps(row, ensure_ascii=False, default=str)
            # It is printed: a row may hold what no terminal can show, or what one obeys.
            self.examples[why] = "".join(c if c.isprintable() else "?" for c in shown[:160])

    def lines(self) -> list[str]:
        return [
            f"{self.read:,} rows read, {sum(self.left_out.values()):,} left out",
            *(f"  {count:,} {why}, for example: {self.examples[why]}" for why, count in self.left_out.most_common()),
            *self.notes,
        ]


def load(sources: Iterable[Source], data: Data, report: SourceReport) -> list[TrainingRow]:
    """The rows of all sources, without faulty, repeated and contradictory ones."""
    rows: list[TrainingRow] = []
    for source in sources:
        found = list(_parsed(source, data, report))
        if source.limit is not None:
            found = found[: source.limit]
        if source.translate:
            found = list(translated(found))
        rows += found
    return _consistent(rows, report)


def _parsed(source: Source, data: Data, report: SourceReport) -> Iterator[TrainingRow]:
    file = local_file(source, data)
    name = (source.file if file else source.hub or source.file) or ""
    if make := PAIRS_OF.get(source.kind):
        if not file:
            raise InputError(f"{name}: {source.kind} are read from files; give data.root=FOLDER with --set.")
        for row in make(file, source.language, name):
            report.read += 1
            yield row
        return
    parse = _reading if source.kind == "squad" else _pair
    for raw in _raw(source, data):
        report.read += 1
        if not isinstance(raw, dict):
            report.leave_out("that are no objects", raw)
        elif _is_broken(raw):
            report.leave_out("with half characters (lone surrogates)", raw)
        elif parsed := parse(raw, source, name, report):
            yield parsed


def _is_broken(value: Any) -> bool:
    """Whether a text in `value` cannot be written as UTF-8: JSON may escape half of a character."""
    if isinstance(value, dict):
        return any(map(_is_broken, value.values()))
    if isinstance(value, list | tuple):
        return any(map(_is_broken, value))
    return isinstance(value, str) and _SURROGATE.search(value) is not None


def local_file(source: Source, data: Data) -> Path | None:
    """Where the source lies on this machine: below the recipe's root, or where a whole path says."""
    if source.file and (data.root or Path(source.file).is_absolute()):
        return (data.root or Path()) / source.file
    return None


def _raw(source: Source, data: Data) -> Iterator[Any]:
    if file := local_file(source, data):
        yield from read_rows(file)
    elif source.hub:
        yield from hub_rows(source.hub, source.subset, source.split, source.revision, LOCAL_FILES)
    else:
        raise InputError(f"{source.file} is a file: say where with --set data.root=FOLDER.")


def _pair(raw: dict[str, Any], source: Source, name: str, report: SourceReport) -> PairRow | None:
    found = pair_columns(raw)
    missing = [key for key in ("question1", "question2") if not _is_text(found[key])]
    missing += ["label"] if found["label"] is None else []
    if missing:
        report.leave_out(f"without {' and '.join(missing)}", raw)
        return None
    label = label_of(found["label"])
    if label is None:
        report.leave_out("with a label that is neither 0 nor 1", raw)
        return None
    explanation, said = raw.get("explanation"), raw.get("provenance")
    return PairRow(
        found["question1"],
        found["question2"],
        label,
        # What agents said comes in both languages in one file.
        found["language"] if found["language"] in LANGUAGES else source.language,
        explanation if _is_text(explanation) else "",
        source.both_orders,
        provenance=f"{name}: {said}" if _is_text(said) else name,
    )


def _reading(raw: dict[str, Any], source: Source, name: str, report: SourceReport) -> ReadingRow | None:
    question, context, title = raw.get("question"), raw.get("context"), raw.get("title")
    given_answers = raw.get("answers")
    texts = given_answers.get("text") if isinstance(given_answers, dict) else None
    listed = texts if isinstance(texts, list | tuple) else ()
    given = dict.fromkeys(composed(text.strip()) for text in listed if _is_text(text))
    if not (_is_text(question) and _is_text(context) and given):
        report.leave_out("without question, context or answer", raw)
        return None
    question, context = composed(question), composed(context)
    # The first one is what the model learns to write.
    answers = tuple(sorted(given, key=lambda answer: answer not in context))
    if answers[0] not in context:
        report.leave_out("whose answer does not stand in the text", f"{question} {answers[0]}")
        return None
    return ReadingRow(question, context, answers, title if _is_text(title) else context[:60], name)


def _is_text(value: object) -> TypeGuard[str]:
    return isinstance(value, str) and bool(value.strip())


def _consistent(rows: list[TrainingRow], report: SourceReport) -> list[TrainingRow]:
    """`rows` without repetitions; of pairs that stand there with both labels, none."""
    labels: dict[tuple[str, ...], set[object]] = {}
    for row in rows:
        labels.setdefault(_key(row), set()).add(row.same if isinstance(row, PairRow) else None)
    kept: dict[tuple[str, ...], TrainingRow] = {}
    for row in rows:
        key = _key(row)
        if len(labels[key]) > 1:
            report.leave_out("labelled both ways", " / ".join(key))
        elif key in kept:
            report.leave_out("twice", " / ".join(key))
        else:
            kept[key] = row
    return list(kept.values())


def _key(row: TrainingRow) -> tuple[str, ...]:
    if isinstance(row, PairRow):
        return tuple(sorted((normalized(row.question1), normalized(row.question2))))
    return (normalized(row.question), row.context)
