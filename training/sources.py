"""Training rows from the Hub or from local files, with a report of what was wrong in them."""

from __future__ import annotations

import csv
import json
from collections import Counter
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from assistant.errors import InputError
from training.faq_pairs import faq_pairs
from training.recipe import Data, Source
from training.rows import PairRow, ReadingRow, TrainingRow
from training.translation import translated

# A question and a label by any of the names under which published sets have them.
COLUMNS = {
    "question1": ("question1", "sentence1", "text1"),
    "question2": ("question2", "sentence2", "text2"),
    "label": ("is_duplicate", "label"),
}
LABELS = {"1": True, "0": False, "true": True, "false": False, "same": True, "different": False}


@dataclass(slots=True)
class Report:
    """What was read and what was left out, and why. `examples` hold the first row of every kind of fault."""

    read: int = 0
    left_out: Counter[str] = field(default_factory=Counter)
    examples: dict[str, str] = field(default_factory=dict)

    def leave_out(self, why: str, row: str) -> None:
        self.left_out[why] += 1
        self.examples.setdefault(why, row[:160])

    def lines(self) -> list[str]:
        return [
            f"{self.read:,} rows read, {sum(self.left_out.values()):,} left out",
            *(f"  {count:,} {why}, for example: {self.examples[why]}" for why, count in self.left_out.most_common()),
        ]


def load(sources: Iterable[Source], data: Data, report: Report) -> list[TrainingRow]:
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


def _parsed(source: Source, data: Data, report: Report) -> Iterator[TrainingRow]:
    name = source.file if data.root and source.file else source.hub or source.file or ""
    if source.kind == "faqs":
        if not (data.root and source.file):
            raise InputError(f"{name}: FAQ folders are read from files; give data.root=FOLDER with --set.")
        yield from faq_pairs(data.root / source.file, source.language, name)
        return
    parse = _reading if source.kind == "squad" else _pair
    for raw in _raw(source, data):
        report.read += 1
        row = parse(raw, source, name, report)
        if row is not None:
            yield row


def _raw(source: Source, data: Data) -> Iterator[dict[str, Any]]:
    if data.root and source.file:
        yield from _from_file(data.root / source.file)
    elif source.hub:
        yield from _from_hub(source)
    else:
        raise InputError(f"{source.file} is a file: say where with --set data.root=FOLDER.")


def _from_file(path: Path) -> Iterator[dict[str, Any]]:
    try:
        with path.open(encoding="utf-8-sig", newline="") as stream:
            if path.suffix == ".csv":
                yield from csv.DictReader(stream)
            elif path.suffix == ".jsonl":
                yield from (json.loads(line) for line in stream if line.strip())
            elif path.suffix == ".json":
                yield from _squad(json.load(stream))
            else:
                raise InputError(f"{path.name}: training rows come as .csv, .jsonl or SQuAD's .json. Convert it first.")
    except FileNotFoundError:
        raise InputError(f"{path} is not there: correct data.root or the recipe's file.") from None
    except (json.JSONDecodeError, UnicodeDecodeError) as error:
        raise InputError(f"{path} cannot be read: {error}. Save it again as UTF-8 text.") from None


def _squad(content: dict[str, Any]) -> Iterator[dict[str, Any]]:
    for document in content.get("data", ()):
        for paragraph in document["paragraphs"]:
            for question in paragraph["qas"]:
                yield {
                    "context": paragraph["context"],
                    "question": question["question"],
                    "answers": {"text": [answer["text"] for answer in question.get("answers", ())]},
                    "title": document.get("title", ""),
                }


def _from_hub(source: Source) -> Iterator[dict[str, Any]]:
    from datasets import load_dataset

    try:
        rows = load_dataset(source.hub, source.subset, split=source.split, revision=source.revision)
    except (OSError, ValueError) as error:
        raise InputError(
            f"{source.hub} could not be read from the Hub ({type(error).__name__}: {error}). Check the network and "
            "HF_TOKEN, or use local files: --set data.root=FOLDER."
        ) from None
    yield from rows


def _pair(raw: dict[str, Any], source: Source, name: str, report: Report) -> PairRow | None:
    found = {key: next((raw[c] for c in names if raw.get(c) not in (None, "")), None) for key, names in COLUMNS.items()}
    missing = [key for key, value in found.items() if value is None]
    if missing:
        report.leave_out(f"without {' and '.join(missing)}", json.dumps(raw, ensure_ascii=False, default=str))
        return None
    label = LABELS.get(str(found["label"]).lower())
    if label is None:
        report.leave_out("with a label that is neither 0 nor 1", json.dumps(raw, ensure_ascii=False, default=str))
        return None
    explanation = str(raw.get("explanation") or "")
    return PairRow(
        str(found["question1"]),
        str(found["question2"]),
        label,
        source.language,
        explanation,
        source.both_orders,
        provenance=name,
    )


def _reading(raw: dict[str, Any], source: Source, name: str, report: Report) -> ReadingRow | None:
    answers = tuple(dict.fromkeys(text.strip() for text in (raw.get("answers") or {}).get("text", ()) if text.strip()))
    if not (raw.get("question") and raw.get("context") and answers):
        report.leave_out("without question, context or answer", json.dumps(raw, ensure_ascii=False)[:160])
        return None
    if not any(answer in raw["context"] for answer in answers):
        report.leave_out("whose answer does not stand in the text", f"{raw['question']} {answers[0]}")
        return None
    return ReadingRow(raw["question"], raw["context"], answers, str(raw.get("title") or raw["context"][:60]), name)


def _consistent(rows: list[TrainingRow], report: Report) -> list[TrainingRow]:
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


def normalized(text: str) -> str:
    """A question without case and superfluous space and its final punctuation, to find equal ones."""
    return " ".join(text.lower().split()).rstrip("?!. ")


def _key(row: TrainingRow) -> tuple[str, ...]:
    if isinstance(row, PairRow):
        return tuple(sorted((normalized(row.question1), normalized(row.question2))))
    return (normalized(row.question), row.context)
