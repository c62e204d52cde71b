"""Data sets by name, and files of the same formats by path."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import cached_property
from itertools import islice
from pathlib import Path
from typing import Any

from assistant.errors import InputError
from assistant.library.sample import sample_rows
from assistant.records import Language
from assistant.search.embedder import open_embedder
from assistant.settings import Settings
from assistant.tasks import RowKind
from evals.data.faq_pairs import faq_pairs
from evals.data.hub_rows import hub_rows
from evals.data.published import QuestionPair, Wording, load_pairs, load_wordings
from evals.data.squad import ReadingQuestion, composed, load_squad


@dataclass(frozen=True, slots=True)
class NamedSet:
    """What a named set holds, in words, and the kind of its rows."""

    about: str
    kind: RowKind


# Those of the shop come with Resposta, the others from the Hub.
NAMES: dict[str, NamedSet] = {
    "shop-en": NamedSet("customers' wordings with their answer's question, and with its near twin, English", "pairs"),
    "shop-pt": NamedSet("the same in Portuguese", "pairs"),
    "qqp-dev": NamedSet("Quora's question pairs, validation part (40,430; nyu-mll/glue)", "pairs"),
    "faquad-dev": NamedSet("FaQuAD's validation part, Portuguese questions on texts (eraldoluis/faquad)", "readings"),
}
# The kind of a file's rows, by how its name ends.
SUFFIXES: dict[str, RowKind] = {".csv": "pairs", ".json": "readings"}
DATA = Path(__file__).parent
_INSTEAD = "give a file of the same format with --data PATH"


@dataclass(frozen=True)
class RowSet:
    """Rows of one kind. `sha256` names their content, whatever file or order of bytes they came from."""

    name: str
    kind: RowKind
    rows: Sequence[QuestionPair] | Sequence[ReadingQuestion]

    @cached_property
    def sha256(self) -> str:
        digest = hashlib.sha256()
        for row in self.rows:
            content = [getattr(row, name) for name in row.__slots__]
            digest.update(json.dumps(content, ensure_ascii=False).encode() + b"\n")
        return digest.hexdigest()

    @property
    def pairs(self) -> list[QuestionPair]:
        """The rows of a set of pairs; of another, none."""
        return [row for row in self.rows if isinstance(row, QuestionPair)]

    @property
    def questions(self) -> list[ReadingQuestion]:
        """The rows of a set of readings; of another, none."""
        return [row for row in self.rows if isinstance(row, ReadingQuestion)]


def open_rows(named: str, settings: Settings, language: Language = "en", limit: int | None = None) -> RowSet:
    """The rows of a name in `NAMES`, of a CSV file of pairs (in `language` where it has no such column), of a SQuAD
    JSON file, or of a folder with AIA-BDE's files; the first `limit`.

    Raises `InputError` when there are none.
    """
    if named in NAMES:
        rows: list[Any] = list(islice(_named(named), limit))
        found = RowSet(named, NAMES[named].kind, rows)
    else:
        found = _from_path(Path(named).expanduser(), settings, language, limit)
    if not found.rows:
        raise InputError(f"{named} holds no rows: give a file with at least one.")
    return found


def _from_path(path: Path, settings: Settings, language: Language, limit: int | None) -> RowSet:
    # The folder tells one dev.csv from another.
    name = "/".join(path.resolve().parts[-2:])
    kind = SUFFIXES.get(path.suffix)
    if kind == "pairs":
        return RowSet(name, kind, load_pairs(path, language)[:limit])
    if kind == "readings":
        return RowSet(name, kind, load_squad(path)[:limit])
    if path.is_dir():
        return RowSet(path.resolve().name, "pairs", faq_pairs(path, open_embedder(settings))[:limit])
    raise InputError(
        f"{str(path)!r} is no data set: give a .csv file (question1, question2, is_duplicate), a SQuAD .json file, a "
        f"folder with faqs.jsonl and queries_dev.jsonl, or one of {', '.join(NAMES)}."
    )


def _named(name: str) -> Iterator[QuestionPair] | Iterator[ReadingQuestion]:
    if name == "qqp-dev":
        for row in hub_rows("nyu-mll/glue", "qqp", "validation", None, _INSTEAD):
            yield QuestionPair(row["question1"], row["question2"], row["label"] == 1, "en")
    elif name == "faquad-dev":
        documents: dict[str, int] = {}
        for row in hub_rows("eraldoluis/faquad", None, "validation", "refs/convert/parquet", _INSTEAD):
            document = documents.setdefault(row["title"], len(documents))
            answers = tuple(map(composed, row["answers"]["text"]))
            yield ReadingQuestion(document, composed(row["question"]), composed(row["context"]), answers)
    else:
        yield from shop_pairs("en" if name == "shop-en" else "pt")


def shop_pairs(language: Language) -> Iterator[QuestionPair]:
    """Every answerable wording with its answer's question, then with each that it must not be taken for; where there
    is no such twin, with the next question of the same theme."""
    library = {row["id"]: row for row in sample_rows(language)}
    order = list(library)
    twins = near_twins(language)
    for wording in shop_wordings(language):
        if wording.answer_id is None:
            continue
        right = library[wording.answer_id]
        yield QuestionPair(wording.query, right["question"], True, language, right["answer"])
        next_one = order[(order.index(wording.answer_id) + 1) % len(order)]
        for other in sorted(twins.get(wording.answer_id) or {next_one}):
            wrong = library[other]
            yield QuestionPair(wording.query, wrong["question"], False, language, wrong["answer"])


def shop_wordings(language: Language) -> list[Wording]:
    """Customers' own wordings of what the sample library answers, and some that it has no answer for."""
    return load_wordings(DATA / f"shop_queries_{language}.jsonl")


def near_twins(language: Language) -> dict[str, set[str]]:
    """For each answer of a decisive pair, those it must not be taken for."""
    others: dict[str, set[str]] = {}
    with (DATA / f"shop_decisive_pairs_{language}.jsonl").open(encoding="utf-8") as stream:
        for row in map(json.loads, stream):
            others.setdefault(row["a"], set()).add(row["b"])
            others.setdefault(row["b"], set()).add(row["a"])
    return others
