"""A recipe becomes rows of tokens, with the right ones held out."""

from __future__ import annotations

import json
from functools import partial
from pathlib import Path

import pytest

from assistant.generator.encoding import encode
from assistant.versions.fingerprints import write_fingerprints
from tests.support.vocabularies import tokenizer
from training.data.examples import Encode
from training.data.prepare import Prepared, prepare
from training.data.splits import question_fingerprints, row_fingerprints
from training.recipe import FOLDER, load_recipe

DOCUMENTS = 10


@pytest.fixture
def data(tmp_path: Path) -> Path:
    """A SQuAD file of ten documents, two questions on each."""
    documents = [
        {"title": f"Document {n}", "paragraphs": [{"context": f"O campus {n} abre às {n} horas.", "qas": questions(n)}]}
        for n in range(DOCUMENTS)
    ]
    folder = tmp_path / "faquad"
    folder.mkdir()
    (folder / "train.json").write_text(json.dumps({"data": documents}), encoding="utf-8")
    return tmp_path


def questions(number: int) -> list[dict]:
    hours, place = f"{number} horas", f"O campus {number}"
    return [
        {"id": f"{number}a", "question": "Quando abre?", "answers": [{"text": hours, "answer_start": 18}]},
        {"id": f"{number}b", "question": "O que abre?", "answers": [{"text": place, "answer_start": 0}]},
    ]


@pytest.fixture(scope="module")
def ids() -> Encode:
    return partial(encode, tokenizer("gemma-3-270m"))


def prepared(ids: Encode, data: Path, *changes: str) -> Prepared:
    return prepare(load_recipe(FOLDER / "portuguese-qa-small.yaml", [f"data.root={data}", *changes]), ids)


def test_each_fold_holds_out_other_documents_and_trains_on_the_rest(ids: Encode, data: Path) -> None:
    held: list[str] = []
    for fold in range(1, 6):
        found = prepared(ids, data, "data.folds=5", f"data.fold={fold}")
        documents = {row.document for row in found.held_out}
        assert len(found.held_out) == 4 and len(documents) == 2
        assert not documents & {row.document for row in found.rows}
        # Both questions on a text are one tree.
        assert [len(group) for group in found.training] == [2] * 8
        assert [len(group) for group in found.validation] == [2] * 2
        held += documents
    assert len(held) == len(set(held)) == DOCUMENTS


def test_without_folds_a_share_is_held_out_and_without_a_share_nothing(ids: Encode, data: Path) -> None:
    assert [len(prepared(ids, data).rows), len(prepared(ids, data).held_out)] == [18, 2]
    found = prepared(ids, data, "data.validation_share=0")
    assert [len(found.rows), len(found.held_out), found.validation] == [20, 0, ()]


def test_what_the_start_has_learned_is_not_held_out(ids: Encode, data: Path, tmp_path: Path) -> None:
    first, second = prepared(ids, data).held_out
    start = tmp_path / "version"
    start.mkdir()
    write_fingerprints(start, row_fingerprints(first), [])
    found = prepared(ids, data, f"start={start}")
    assert found.held_out == (second,) and len(found.rows) == 18
    assert "the version that it starts from has learned it" in " ".join(found.report.lines())
    write_fingerprints(start, [], question_fingerprints(second))
    assert prepared(ids, data, f"start={start}").held_out == (first,)
