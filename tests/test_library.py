"""Files in and out of the library: what is taken, what is refused and why, and that nothing is half-done."""

from __future__ import annotations

import datetime as dt
import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

from assistant import library, library_files
from assistant.errors import InputError
from assistant.library import export_file, import_file, import_sample
from assistant.records import Answer, ImportReport, Rejected
from assistant.settings import Settings, load_settings
from assistant.store.connection import Store
from tests.conftest import ToyEmbedder

ROOT = Path(__file__).parent.parent
FULL = {
    "id": "a1",
    "question": "Where is my parcel?",
    "answer": "On its way.\n- soon",
    "language": "en",
    "tags": ["delivery", "parcel"],
    "author": "Ann",
    "date": "2025-03-01",
    "phrasings": ["Parcel not here", "Lost?"],
}
RECORD = Answer(
    "a1",
    FULL["question"],
    FULL["answer"],
    "en",
    ("delivery", "parcel"),
    "Ann",
    dt.date(2025, 3, 1),
    ("Parcel not here", "Lost?"),
)


@pytest.fixture
def brought(store: Store, settings: Settings, toy_embedder: ToyEmbedder, tmp_path: Path):
    """Import this content under this name; its report."""

    def bring(name: str, content: str | bytes | list, **options) -> ImportReport:
        if isinstance(content, list):
            content = "".join(json.dumps(row, ensure_ascii=False) + "\n" for row in content)
        path = tmp_path / name
        path.write_bytes(content if isinstance(content, bytes) else content.encode())
        chosen = settings.model_copy(update=options.pop("settings", {}))
        return import_file(path, store, toy_embedder, chosen, progress=False, **options)

    return bring


def test_jsonl_and_csv_say_the_same(brought, store: Store) -> None:
    assert brought("a.jsonl", [FULL]) == ImportReport(1, 0, 0, ())
    assert list(store.answers) == [RECORD]
    csv = (
        "id,question,answer,language,tags,author,date,phrasings\r\n"
        'a1,Where is my parcel?,"On its way.\n- soon",en,delivery; parcel,Ann,2025-03-01,"Parcel not here\nLost?"\r\n'
    )
    assert brought("a.csv", csv) == ImportReport(0, 0, 1, ())


def test_the_same_file_twice_changes_nothing_with_or_without_ids(brought, store: Store) -> None:
    rows = [{"question": "Can I pay by card?", "answer": "Yes, you can."}, FULL]
    assert brought("a.jsonl", rows) == ImportReport(2, 0, 0, ())
    before = list(store.answers)
    assert brought("a.jsonl", rows) == ImportReport(0, 0, 2, ())
    assert brought("a.jsonl", [FULL | {"answer": "Lost."}]) == ImportReport(0, 1, 0, ())
    assert len(before) == len(list(store.answers)) == 2


@pytest.mark.parametrize(
    ("row", "reason"),
    [
        ({"question": None}, "question is missing"),
        ({"answer": "  "}, "answer is missing"),
        ({"question": "?! 🙂"}, "question holds no word"),
        ({"question": ["a"]}, "question is not text"),
        ({"question": "q" * 4001}, "question has 4,001 characters; the limit is 4,000"),
        ({"answer": "a" * 20001}, "answer has 20,001 characters; the limit is 20,000"),
        ({"phrasings": ["ok", "p" * 4001]}, "phrasings has 4,001 characters; the limit is 4,000"),
        ({"phrasings": 7}, "phrasings is not a list of texts"),
        ({"tags": [f"t{n}" for n in range(51)]}, "tags holds 51 items; the limit is 50"),
        ({"answer": "bell \u0007"}, "answer holds control characters"),
        ({"question": "half \ud800 pair"}, "question holds control characters"),
        ({"author": "two\nlines"}, "author holds control characters"),
        ({"language": "fr"}, "the language 'fr' is unknown; use en or pt"),
        ({"date": "01/03/2025"}, "the date '01/03/2025' is not like 2026-03-31"),
        ({"id": "same"}, "the id 'same' stands in the file already"),
    ],
)
def test_a_bad_row_is_named_by_line_and_reason_and_the_others_come_in(brought, row: dict, reason: str) -> None:
    good = FULL | {"id": "same"}
    lines = [json.dumps(good), "", json.dumps(FULL | {"id": "b"} | row)]
    report = brought("a.jsonl", "\n".join(lines))
    assert report == ImportReport(1, 0, 0, (Rejected(3, reason),))


@pytest.mark.parametrize("line", ["{", "[1]", "null", '"text"', "[" * 5000])
def test_lines_that_are_no_json_objects(brought, line: str) -> None:
    report = brought("a.jsonl", f"{line}\n{json.dumps(FULL)}")
    assert (report.added, [row.line for row in report.rejected]) == (1, [1])


def test_csv_lines_are_counted_as_an_editor_counts_them(brought) -> None:
    report = brought("a.csv", 'question,answer,date\nq1,"two\nlines",\n\nq2,x\nq3,y,never\nq4,z,\n')
    assert report.added == 2
    assert report.rejected == (
        Rejected(5, "2 cells where the first line names 3 columns"),
        Rejected(6, "the date 'never' is not like 2026-03-31"),
    )


def test_spreadsheets_of_brazil_and_byte_order_marks(brought, store: Store) -> None:
    text = "\ufeffQuestion;Answer;Tags\nOnde está meu pedido?;A caminho, já;entrega; \n"
    report = brought("a.csv", text.replace("entrega; ", '"entrega; pedido"').encode())
    assert report == ImportReport(1, 0, 0, ())
    (answer,) = store.answers
    assert (answer.language, answer.tags, answer.answer) == ("pt", ("entrega", "pedido"), "A caminho, já")


def test_the_language_is_the_rows_then_the_callers_then_detected(brought, store: Store) -> None:
    rows = [
        {"id": "1", "question": "Where is it?", "answer": "Here.", "language": "EN"},
        {"id": "2", "question": "Where is it?", "answer": "Here."},
    ]
    brought("a.jsonl", rows, language="pt")
    assert [answer.language for answer in store.answers] == ["en", "pt"]
    brought("a.jsonl", [{"id": "3", "question": "Onde está o meu pedido de ontem?", "answer": "Não sabemos."}])
    assert store.answers.get(["3"])["3"].language == "pt"


@pytest.mark.parametrize(
    ("name", "content", "message"),
    [
        (
            "a.csv",
            "question,answer\ncafé,x\n".encode("latin-1"),
            "Line 2 of a.csv is not UTF-8; save the file as UTF-8",
        ),
        ("a.csv", "question,answer\nq,a\n".encode("utf-16"), "is UTF-16; save it as UTF-8"),
        ("a.jsonl", b"PK\x03\x04\0\0\0", "is binary, not text"),
        ("a.csv", "", "is empty"),
        ("a.csv", "frage,antwort\n1,2\n", "must name the columns, at least question and answer"),
        ("a.csv", 'question,answer\n"never closed,x\ny,z\n', "is not valid CSV"),
        ("a.jsonl", '{"question": "' + "x" * 1_000_001, "Line 1 of a.jsonl has over 1,000,000 bytes"),
        ("a.xlsx", "x", "say which it is with --format"),
    ],
)
def test_files_that_cannot_be_used_at_all(brought, store: Store, name: str, content: str | bytes, message: str) -> None:
    with pytest.raises(InputError, match=message):
        brought(name, content)
    assert store.answers.is_empty()


@pytest.mark.parametrize(
    ("limits", "message"),
    [({"max_import_rows": 2}, "more than 2 rows"), ({"max_import_bytes": 50}, "the limit is 50")],
)
def test_limits_are_told_and_nothing_comes_in(brought, store: Store, limits: dict, message: str) -> None:
    with pytest.raises(InputError, match=message):
        brought("a.jsonl", [FULL | {"id": str(n)} for n in range(3)], settings=limits)
    assert store.answers.is_empty()


def test_unknown_columns_are_named(brought, caplog: pytest.LogCaptureFixture) -> None:
    brought("a.csv", "question,answer,colour\nq,a,red\n")
    brought("b.jsonl", [FULL | {"colour": 1, "size": 2}])
    assert [record.getMessage().split(" (")[0] for record in caplog.records] == [
        "columns that are not used: colour",
        "columns that are not used: colour, size",
    ]


@pytest.mark.parametrize("ending", ["csv", "jsonl"])
def test_export_and_import_again(brought, store: Store, settings, toy_embedder, tmp_path: Path, ending: str) -> None:
    odd = FULL | {"id": "a2", "question": 'Say "hi", ok?', "answer": "=1+1;,\n\n# é 🙂", "tags": [], "date": None}
    brought("a.jsonl", [FULL, odd])
    before = list(store.answers)
    path = tmp_path / f"out.{ending}"
    assert export_file(path, store) == 2
    assert import_file(path, store, toy_embedder, settings, progress=False) == ImportReport(0, 0, 2, ())
    store.answers.delete(["a1", "a2"])
    assert import_file(path, store, toy_embedder, settings, progress=False).added == 2
    assert list(store.answers) == before


def test_nothing_is_visible_before_all_is(store: Store, settings: Settings, tmp_path: Path) -> None:
    counts = []

    class Watching(ToyEmbedder):
        def embed(self, texts):
            counts.append(sum(store.answers.stats().answers.values()))
            return super().embed(texts)

    path = tmp_path / "a.jsonl"
    path.write_text("".join(json.dumps(FULL | {"id": str(n), "question": f"Question {n}"}) + "\n" for n in range(200)))
    import_file(path, store, Watching(), settings, progress=False)
    assert len(counts) > 2
    assert set(counts) == {0}
    assert sum(store.answers.stats().answers.values()) == 200


KILLED = """
import os, signal, sys
from pathlib import Path
from assistant.library import import_file
from assistant.settings import load_settings
from assistant.store.connection import open_store
from tests.conftest import ToyEmbedder

class Dying(ToyEmbedder):
    def embed(self, texts):
        if len(self.embedded) > 100:
            os.kill(os.getpid(), signal.SIGKILL)
        return super().embed(texts)

settings = load_settings()
with open_store(settings) as store:
    import_file(Path(sys.argv[1]), store, Dying(), settings, progress=False)
"""


def test_a_killed_import_goes_on_and_nothing_is_lost_or_doubled(
    store: Store, settings: Settings, toy_embedder: ToyEmbedder, tmp_path: Path
) -> None:
    path = tmp_path / "a.jsonl"
    path.write_text("".join(json.dumps(FULL | {"id": str(n), "question": f"Question {n}"}) + "\n" for n in range(300)))
    environment = os.environ | {"DATABASE_URL": settings.database_url, "DATA_DIR": str(tmp_path)}
    killed = subprocess.run([sys.executable, "-c", KILLED, str(path)], cwd=ROOT, env=environment, check=False)
    assert killed.returncode == -9
    assert store.answers.is_empty()
    kept = store.answers.stats().vectors["toy"]
    assert kept > 100
    assert import_file(path, store, toy_embedder, settings, progress=False) == ImportReport(300, 0, 0, ())
    assert len(toy_embedder.embedded) + kept == 302, "300 questions and 2 phrasings, each embedded once"
    assert len(list(store.answers)) == 300
    assert import_file(path, store, toy_embedder, settings, progress=False) == ImportReport(0, 0, 300, ())


def test_the_sample_comes_once(store: Store, toy_embedder: ToyEmbedder, settings: Settings) -> None:
    report = import_sample(store, toy_embedder, settings)
    assert report.added > 0
    assert report.rejected == ()
    assert import_sample(store, toy_embedder, settings) is None
    store.answers.delete([answer.id for answer in store.answers])
    assert import_sample(store, toy_embedder, settings) is None
    assert store.answers.is_empty()


def test_the_sample_stays_out_of_a_library_in_use(store: Store, toy_embedder: ToyEmbedder, settings: Settings) -> None:
    store.answers.add(RECORD)
    assert import_sample(store, toy_embedder, settings) is None
    assert list(store.answers) == [RECORD]


def test_scrubbing_leaves_our_own_contacts(database_url: str, tmp_path: Path, toy_embedder: ToyEmbedder) -> None:
    from assistant.store.connection import open_store

    settings = load_settings(
        database_url=database_url, data_dir=tmp_path, own_contacts="help@shop.example, 020 7946 0958"
    )
    path = tmp_path / "a.jsonl"
    path.write_text(json.dumps(FULL | {"answer": "Write to help@shop.example, not to ana@x.com; tel. 020 7946 0958"}))
    with open_store(settings) as store:
        import_file(path, store, toy_embedder, settings, progress=False)
        (answer,) = store.answers
    assert answer.answer == "Write to help@shop.example, not to [email]; tel. 020 7946 0958"


def test_the_command_line(settings: Settings, tmp_path: Path, monkeypatch, capsys, toy_embedder) -> None:
    monkeypatch.setenv("DATABASE_URL", settings.database_url)
    monkeypatch.setenv("DATA_DIR", str(tmp_path))
    monkeypatch.setattr(library, "load_embedder", lambda name, threads: toy_embedder)
    good, bad = tmp_path / "good.jsonl", tmp_path / "bad.jsonl"
    good.write_text(json.dumps(FULL) + "\n{}\n")
    bad.write_text("{}\n")
    assert library.main(["import", str(good)]) == 0
    out, err = capsys.readouterr()
    assert out == "1 added, 0 changed, 0 unchanged, 1 rejected\n"
    assert "line 2: question is missing" in err
    assert library.main(["import", str(bad)]) == 2
    assert "Nothing could be imported" in capsys.readouterr().err
    assert library.main(["import", str(tmp_path / "absent.csv")]) == 2
    assert "absent.csv" in capsys.readouterr().err
    assert library.main(["export", str(tmp_path / "out.csv")]) == 0
    assert library.main(["stats"]) == 0
    assert "answers en: 1\nanswers pt: 0\nphrasings: 3\nvectors of toy: 3\n" in capsys.readouterr().out


def test_memory_does_not_grow_with_the_file(store: Store, settings: Settings, tmp_path: Path, monkeypatch) -> None:
    """The rows in memory at once are counted, not guessed from the process's size."""
    alive = []
    original = library_files._from_json
    monkeypatch.setattr(library_files, "_from_json", lambda line: alive.append(1) or original(line))
    path = tmp_path / "a.jsonl"
    path.write_text(
        "".join(
            json.dumps({"id": str(n), "question": f"Q {n}", "answer": "A.", "language": "en"}) + "\n"
            for n in range(3000)
        )
    )
    most = []

    class Watching(ToyEmbedder):
        def embed(self, texts):
            most.append(len(texts))
            return super().embed(texts)

    assert import_file(path, store, Watching(), settings, progress=False).added == 3000
    assert max(most) <= 64
    # Read twice from the spool, once to embed and once to store, never kept as a list.
    assert len(alive) == 6000


def test_an_id_in_another_library_row_is_replaced_not_doubled(store: Store, brought) -> None:
    brought("a.jsonl", [FULL])
    brought("b.jsonl", [FULL | {"question": "Where did it go?", "phrasings": []}])
    with store.answers._pool.connection() as connection:
        assert connection.execute("SELECT text FROM phrasing").fetchall() == [("Where did it go?",)]
