"""Files of question pairs as people save them: every usual separator, name and label, and a clear no to the rest."""

from __future__ import annotations

import csv
from pathlib import Path

import pytest

from assistant.errors import InputError
from evals.data.published import QuestionPair, load_pairs, load_requests

PAIRS = [
    QuestionPair("Como devolvo?", "Como devolver?", True, "pt"),
    QuestionPair("Onde está?", "Há loja?", False, "pt"),
]


@pytest.mark.parametrize(
    "content",
    [
        "question1,question2,is_duplicate\nComo devolvo?,Como devolver?,1\nOnde está?,Há loja?,0\n",
        "question1,question2,is_duplicate\nComo devolvo?,Como devolver?,1.0\nOnde está?,Há loja?,0.0\n",
        "question1;question2;is_duplicate\r\nComo devolvo?;Como devolver?;1\r\nOnde está?;Há loja?;0\r\n",
        "sentence1\tsentence2\tlabel\nComo devolvo?\tComo devolver?\tduplicate\nOnde está?\tHá loja?\tnot_duplicate\n",
        ",questao1,questao2,duplicada\n0,Como devolvo?,Como devolver?,sim\n1,Onde está?,Há loja?,não\n",
        "Pergunta 1;Pergunta 2;É duplicada;Idioma\nComo devolvo?;Como devolver?;1,0;pt\nOnde está?;Há loja?;0,0;\n",
    ],
    ids=["as published", "floats", "semicolons", "tabs and words", "pandas with its index", "a Portuguese spreadsheet"],
)
@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig"])
def test_pairs_are_read_however_they_were_saved(tmp_path: Path, content: str, encoding: str) -> None:
    file = tmp_path / "pairs.csv"
    file.write_bytes(content.encode(encoding))
    assert load_pairs(file, "pt") == PAIRS


@pytest.mark.parametrize(
    ("content", "said"),
    [
        (b"question1,question2,is_duplicate\na,b,1\nc,d,-1\n", "Line 3 of {file}: the label is '-1'; write 0 or 1."),
        (b"question1,question2,is_duplicate\na,b\n", "Line 2 of {file}: the label is ''; write 0 or 1."),
        (b"question1,question2,same,language\na,b,1,fr\n", "Line 2 of {file}: language is 'fr'; write en or pt."),
        (b"question1,question2\na,b\n", "{file} has no column is_duplicate; it needs question1, question2 and"),
        ("question1,question2,same\né,b,1\n".encode("latin-1"), "{file} cannot be read: it is not UTF-8 (it holds the"),
        (b"question1,question2,same\n" + b"a" * 200_000 + b",b,1\n", "{file} cannot be read: field larger than"),
    ],
    ids=["hidden label", "short row", "language", "column", "latin-1", "long field"],
)
def test_what_cannot_be_used_is_named(tmp_path: Path, field_limit: None, content: bytes, said: str) -> None:
    file = tmp_path / "pairs.csv"
    file.write_bytes(content)
    with pytest.raises(InputError) as error:
        load_pairs(file)
    assert str(error.value).startswith(said.format(file=file))


@pytest.fixture
def field_limit() -> None:
    # Other packages raise this limit of the whole process.
    csv.field_size_limit(131_072)


def test_requests_come_with_semicolons_too(tmp_path: Path) -> None:
    file = tmp_path / "requests.csv"
    file.write_text("text;category\nWhere is my card?;card_arrival\n")
    assert [(request.text, request.intent) for request in load_requests(file)] == [
        ("Where is my card?", "card_arrival")
    ]
    file.write_text("text,kind\nWhere is my card?,card_arrival\n")
    with pytest.raises(InputError, match="no column category; it needs text and category"):
        load_requests(file)
