"""Rows from files: what is wrong in them is left out, counted and shown."""

from __future__ import annotations

import csv
import json
from pathlib import Path
from unicodedata import normalize

import pytest

from assistant.errors import InputError
from training.data.rows import PairRow, ReadingRow, TrainingRow
from training.data.sources import SourceReport, load
from training.recipe import Data, Source

GOOD = {"question1": "Where is my parcel?", "question2": "Track my order", "is_duplicate": 1}
CONTEXT = "A sede fica em Recife desde 2011. A filial fica em Olinda."


@pytest.fixture
def read(tmp_path: Path):
    """Write a file and read it as a source: the rows, and the report."""

    def run(name: str, content: str | bytes | list, **source) -> tuple[list[TrainingRow], SourceReport]:
        path = tmp_path / name
        if isinstance(content, list):
            with path.open("w", encoding="utf-8", newline="") as stream:
                if path.suffix == ".csv":
                    writer = csv.DictWriter(stream, list(content[0]))
                    writer.writeheader()
                    writer.writerows(content)
                else:
                    stream.write("".join(json.dumps(row) + "\n" for row in content))
        else:
            path.write_bytes(content if isinstance(content, bytes) else content.encode())
        found = Source(**{"kind": "pairs", "file": name} | source)
        report = SourceReport()
        return load([found], Data(root=tmp_path, sources=[found]), report), report

    return run


def squad(*paragraphs: tuple[str, list[dict]], title: str = "Sede") -> str:
    entries = [{"context": context, "qas": questions} for context, questions in paragraphs]
    return json.dumps({"version": "1", "data": [{"title": title, "paragraphs": entries}]})


def asked(question: object, *answers: object) -> dict:
    return {"question": question, "answers": [{"text": text, "answer_start": 0} for text in answers]}


@pytest.mark.parametrize("name", ["pairs.csv", "pairs.jsonl"])
def test_pairs_are_read_under_every_name_of_their_columns(read, name: str) -> None:
    rows = [
        GOOD,
        {"question1": "Posso cancelar?", "question2": "Dá para desistir?", "is_duplicate": 0},
    ]
    for first, second, label in (("sentence1", "sentence2", "label"), ("text1", "text2", "label")):
        renamed = [dict(zip((first, second, label), row.values(), strict=True)) for row in rows]
        found, report = read(name, renamed, language="pt", both_orders=True)
        assert found == [
            PairRow("Where is my parcel?", "Track my order", True, "pt", both_orders=True, provenance=name),
            PairRow("Posso cancelar?", "Dá para desistir?", False, "pt", both_orders=True, provenance=name),
        ]
        assert report.lines() == ["2 rows read, 0 left out"]


@pytest.mark.parametrize(
    ("label", "same"),
    [
        *[(label, True) for label in ("1", " True ", "same", True, 1.0, "1.0", "yes", "Duplicate", "Sim", "igual")],
        *[(label, False) for label in ("0", "different", False, 0.0, "0,00", "No", "not_duplicate", "not duplicate")],
        ("NÃO", False),
    ],
)
def test_labels_have_several_names(read, label: object, same: bool) -> None:
    (row,), _ = read("pairs.jsonl", [GOOD | {"is_duplicate": label, "explanation": "Both track."}])
    assert (row.same, row.explanation) == (same, "Both track.")


@pytest.mark.parametrize(
    "head", ["questao1;questao2;duplicada", "Questão 1\tQuestão 2\tÉ duplicada", "Pergunta_1,pergunta_2,Rótulo"]
)
def test_portuguese_spreadsheets_are_read(read, head: str) -> None:
    separator = max(",;\t", key=head.count)
    cells = separator.join(("Como devolvo?", "Como devolver?", "1.0"))
    (row,), report = read("pairs.csv", f"{head}\n{cells}\n")
    assert (row.question1, row.question2, row.same) == ("Como devolvo?", "Como devolver?", True)
    assert report.lines() == ["1 rows read, 0 left out"]


def test_faulty_pairs_are_left_out_counted_and_shown(read) -> None:
    rows = [
        GOOD,
        {"question1": "  ", "question2": "b", "is_duplicate": 1},
        {"question1": "no second", "is_duplicate": 0},
        {"question1": ["a"], "question2": 7, "is_duplicate": 0},
        {"question1": "maybe", "question2": "perhaps", "is_duplicate": 2},
        {"question1": "hidden", "question2": "test set", "is_duplicate": -1},
        {"question1": "half", "question2": "the same", "is_duplicate": 0.5},
        {"question1": "a word", "question2": "of another kind", "is_duplicate": "!duplicate"},
        {"question1": "unlabelled", "question2": "pair"},
        {"question1": "half \ud83d", "question2": "a character", "is_duplicate": 1},
        {"question1": "a\x1b[31m", "question2": None, "is_duplicate": 1},
        ["no", "object"],
    ]
    found, report = read("pairs.jsonl", rows)
    assert [row.question1 for row in found] == [GOOD["question1"]]
    assert (report.read, sum(report.left_out.values())) == (12, 11)
    assert report.left_out == {
        "without question1": 1,
        "without question2": 2,
        "without question1 and question2": 1,
        "with a label that is neither 0 nor 1": 4,
        "without label": 1,
        "with half characters (lone surrogates)": 1,
        "that are no objects": 1,
    }
    heading, *lines = report.lines()
    assert heading == "12 rows read, 11 left out"
    assert '  2 without question2, for example: {"question1": "no second", "is_duplicate": 0}' in lines
    assert all(line.isprintable() for line in lines)
    # The report itself goes to a terminal or a log.
    assert "half ?" in "\n".join(lines).encode().decode()


def test_a_csv_without_the_columns_is_reported_row_by_row(read) -> None:
    found, report = read("pairs.csv", "a,b\n1,2\n3,4,5\n")
    assert found == []
    assert report.left_out == {"without question1 and question2 and label": 2}


def test_repeated_pairs_count_once_in_either_order(read) -> None:
    rows = [
        GOOD,
        GOOD,
        {"question1": "track my  ORDER?", "question2": "where is my parcel", "is_duplicate": 1},
        {"question1": "Where is my parcel?", "question2": "Where is it?", "is_duplicate": 0},
    ]
    found, report = read("pairs.jsonl", rows)
    assert [row.question2 for row in found] == ["Track my order", "Where is it?"]
    assert report.left_out == {"twice": 2}
    assert report.examples["twice"] == "track my order / where is my parcel"


def test_pairs_with_both_labels_are_left_out_altogether(read) -> None:
    turned = {"question1": "Track my order", "question2": "Where is my parcel?", "is_duplicate": 0}
    found, report = read("pairs.jsonl", [GOOD, turned, GOOD, GOOD | {"question1": "Other?"}])
    assert [row.question1 for row in found] == ["Other?"]
    assert report.left_out == {"labelled both ways": 3}


def test_contradictions_are_found_across_sources(read, tmp_path: Path) -> None:
    read("one.jsonl", [GOOD, GOOD | {"question1": "Kept?"}])
    read("two.jsonl", [GOOD | {"is_duplicate": 0}])
    sources = [Source(kind="pairs", file=name) for name in ("one.jsonl", "two.jsonl")]
    report = SourceReport()
    rows = load(sources, Data(root=tmp_path, sources=sources), report)
    assert [(row.question1, row.provenance) for row in rows] == [("Kept?", "one.jsonl")]
    assert report.lines()[0] == "3 rows read, 2 left out"


def test_a_limit_counts_usable_rows(read) -> None:
    rows = [{"question1": "", "question2": "x", "is_duplicate": 1}, *(GOOD | {"question1": str(n)} for n in range(5))]
    assert [row.question1 for row in read("pairs.jsonl", rows, limit=2)[0]] == ["0", "1"]


def test_squad_rows_hold_every_answer_and_their_document(read) -> None:
    content = squad(
        (CONTEXT, [asked("Onde fica a sede?", " Recife ", "em Recife", "Recife"), asked("Desde quando?", "2011")]),
        ("Outro texto.", [asked("Qual texto?", "Outro")]),
    )
    rows, report = read("faquad.json", content, kind="squad", language="pt")
    assert rows == [
        ReadingRow("Onde fica a sede?", CONTEXT, ("Recife", "em Recife"), "Sede", "faquad.json"),
        ReadingRow("Desde quando?", CONTEXT, ("2011",), "Sede", "faquad.json"),
        ReadingRow("Qual texto?", "Outro texto.", ("Outro",), "Sede", "faquad.json"),
    ]
    assert report.lines() == ["3 rows read, 0 left out"]
    (row,), _ = read("untitled.json", squad((CONTEXT, [asked("Onde?", "Recife")]), title=""), kind="squad")
    assert row.document == CONTEXT[:60]


@pytest.mark.parametrize(("text_form", "answer_form"), [("NFD", "NFC"), ("NFC", "NFD"), ("NFD", "NFD")])
def test_an_answer_is_found_in_the_text_however_accents_are_written(read, text_form: str, answer_form: str) -> None:
    context, answer = "A sede fica em São João.", "São João"
    question = asked(normalize(text_form, "Em que município?"), normalize(answer_form, answer))
    rows, report = read("a.json", squad((normalize(text_form, context), [question])), kind="squad")
    assert rows == [ReadingRow("Em que município?", context, (answer,), "Sede", "a.json")]
    assert report.lines() == ["1 rows read, 0 left out"]


def test_what_is_learned_stands_in_the_text(read) -> None:
    """An annotator's own wording may stay among the accepted answers; it is not what the model copies."""
    (row,), _ = read("a.json", squad((CONTEXT, [asked("Onde?", "no Recife antigo", "Recife")])), kind="squad")
    assert row.answers == ("Recife", "no Recife antigo")


def test_faulty_readings_are_left_out_counted_and_shown(read) -> None:
    good = asked("Onde fica a sede?", "Recife")
    questions = [
        good,
        good,
        asked("Onde fica a loja?", "Natal"),
        asked("", "Recife"),
        asked(None, "Recife"),
        asked("Sem resposta?"),
        asked("Resposta nula?", None, "  "),
        asked("Quebrada \udc00?", "Recife"),
        {"question": "Nada?"},
        {"question": "Lista?", "answers": "Recife"},
    ]
    rows, report = read("faquad.json", squad((CONTEXT, questions), (None, [good])), kind="squad")
    assert [row.question for row in rows] == ["Onde fica a sede?"]
    assert report.read == 11
    assert report.left_out == {
        "twice": 1,
        "whose answer does not stand in the text": 1,
        "without question, context or answer": 7,
        "with half characters (lone surrogates)": 1,
    }
    assert report.examples["whose answer does not stand in the text"] == "Onde fica a loja? Natal"


def test_readings_as_lines(read) -> None:
    """The Hub's form of SQuAD. An answer that is a text and no list is not taken apart into letters."""
    rows = [
        {"context": CONTEXT, "question": "Onde?", "answers": {"text": ["Olinda"]}, "title": "Filial"},
        {"context": CONTEXT, "question": "Quando?", "answers": {"text": "2011"}},
        {"context": CONTEXT, "question": "Quem?", "answers": [{"text": "Recife"}]},
    ]
    found, report = read("faquad.jsonl", rows, kind="squad")
    assert found == [ReadingRow("Onde?", CONTEXT, ("Olinda",), "Filial", "faquad.jsonl")]
    assert report.left_out == {"without question, context or answer": 2}


@pytest.mark.parametrize(
    ("name", "content", "message"),
    [
        ("pairs.csv", "question1,question2,is_duplicate\nÉ?,Ê?,1\n".encode("latin-1"), "not UTF-8"),
        ("pairs.csv", "question1,question2,is_duplicate\na,b,1\n".encode("utf-16"), "not UTF-8"),
        ("pairs.csv", "question1,question2,is_duplicate\n" + "a" * 200_000 + ",b,1\n", "field larger than"),
        ("pairs.jsonl", '{"question1": "a"}\n\n{"question1": ', "line 3 is not JSON"),
        ("faquad.json", "[1]", '"data" is no list of objects'),
        ("faquad.json", '{"data": [{"paragraphs": [{"context": "a", "qas": ["b"]}]}]}', '"qas" is no list of objects'),
        ("faquad.json", '{"data": ', "Expecting value"),
        ("faquad.json", '{"data": "São"}'.encode("latin-1"), "not UTF-8"),
    ],
    ids=["latin-1", "utf-16", "long field", "broken line", "no object", "no questions", "cut off", "latin-1 JSON"],
)
def test_a_file_that_cannot_be_read_is_one_line_with_the_fix(read, tmp_path, name, content, message: str) -> None:
    # Other packages raise this limit of the whole process.
    csv.field_size_limit(131_072)
    with pytest.raises(InputError) as error:
        read(name, content, kind="squad" if name.endswith(".json") else "pairs")
    said = str(error.value)
    assert said.startswith(f"{tmp_path / name} cannot be read: ") and message in said and "\n" not in said
    assert said.endswith("Save it again as UTF-8 text.")


def test_a_byte_order_mark_is_no_part_of_a_name(read) -> None:
    rows, _ = read("pairs.csv", "question1,question2,is_duplicate\nÉ?,Ê?,1\n".encode("utf-8-sig"))
    assert rows[0].question1 == "É?"


def test_files_that_are_not_there_or_of_another_kind(read, tmp_path: Path) -> None:
    def refused(source: Source, root: Path | None) -> str:
        with pytest.raises(InputError) as error:
            load([source], Data(root=root, sources=[source]), SourceReport())
        return str(error.value)

    missing = Source(kind="pairs", file="nowhere.csv")
    assert refused(missing, tmp_path) == (
        f"{tmp_path / 'nowhere.csv'} is not there: correct data.root or the recipe's file."
    )
    assert refused(missing, None) == "nowhere.csv is a file: say where with --set data.root=FOLDER."
    (tmp_path / "folder.csv").mkdir()
    assert "cannot be read: Is a directory" in refused(Source(kind="pairs", file="folder.csv"), tmp_path)
    (tmp_path / "pairs.xlsx").write_bytes(b"PK")
    assert refused(Source(kind="pairs", file="pairs.xlsx"), tmp_path).endswith("Convert it first.")
    assert "faqs are read from files" in refused(Source(kind="faqs", hub="a/b"), None)
