"""Files in and out of the library: what is taken, what is refused and why, and that nothing is half-done."""

from __future__ import annotations

import datetime as dt
import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

from assistant.library import transfer
from assistant.library.__main__ import main
from assistant.library.transfer import export_file, import_file, import_sample
from assistant.records import Answer, ImportReport
from assistant.settings import Settings, load_settings
from assistant.store.connection import Store
from tests.conftest import FULL, ToyEmbedder
from tests.support.paths import ROOT

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


@pytest.mark.parametrize("ending", ["csv", "jsonl"])
def test_export_and_import_again(brought, store: Store, settings, toy_embedder, tmp_path: Path, ending: str) -> None:
    odd = FULL | {"id": "a2", "question": 'Say "hi", ok?', "answer": "=1+1;,\n\n# é 🙂", "tags": [], "date": None}
    brought("a.jsonl", [FULL, odd])
    before = list(store.answers)
    path = tmp_path / f"out.{ending}"
    assert export_file(path, store) == 2
    assert import_file(path, store, toy_embedder, settings) == ImportReport(0, 0, 2, ())
    store.answers.delete(["a1", "a2"])
    assert import_file(path, store, toy_embedder, settings).added == 2
    assert list(store.answers) == before


def test_nothing_is_visible_before_all_is(store: Store, settings: Settings, tmp_path: Path) -> None:
    counts = []

    class Watching(ToyEmbedder):
        def embed(self, texts):
            counts.append(sum(store.answers.stats().answers.values()))
            return super().embed(texts)

    path = tmp_path / "a.jsonl"
    path.write_text("".join(json.dumps(FULL | {"id": str(n), "question": f"Question {n}"}) + "\n" for n in range(200)))
    import_file(path, store, Watching(), settings)
    assert len(counts) > 2
    assert set(counts) == {0}
    assert sum(store.answers.stats().answers.values()) == 200


KILLED = """
import os, signal, sys
from pathlib import Path
from assistant.library.transfer import import_file
from assistant.settings import load_settings
from assistant.store.connection import open_store
from tests.conftest import FULL, ToyEmbedder

class Dying(ToyEmbedder):
    def embed(self, texts):
        if len(self.embedded) > 100:
            os.kill(os.getpid(), signal.SIGKILL)
        return super().embed(texts)

settings = load_settings()
with open_store(settings) as store:
    import_file(Path(sys.argv[1]), store, Dying(), settings)
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
    assert import_file(path, store, toy_embedder, settings) == ImportReport(300, 0, 0, ())
    assert len(toy_embedder.embedded) + kept == 302, "300 questions and 2 phrasings, each embedded once"
    assert len(list(store.answers)) == 300
    assert import_file(path, store, toy_embedder, settings) == ImportReport(0, 0, 300, ())


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
        import_file(path, store, toy_embedder, settings)
        (answer,) = store.answers
    assert answer.answer == "Write to help@shop.example, not to [email]; tel. 020 7946 0958"


def test_the_command_line(settings: Settings, store: Store, tmp_path: Path, monkeypatch, capsys, toy_embedder) -> None:
    monkeypatch.setenv("DATABASE_URL", settings.database_url)
    monkeypatch.setenv("DATA_DIR", str(tmp_path))
    monkeypatch.setattr("assistant.library.__main__.open_embedder", lambda settings: toy_embedder)
    good, bad = tmp_path / "good.jsonl", tmp_path / "bad.jsonl"
    good.write_text(json.dumps(FULL) + "\n{}\n")
    bad.write_text("{}\n")
    assert main(["import", str(good)]) == 0
    out, err = capsys.readouterr()
    assert out == "1 added, 0 changed, 0 unchanged, 1 rejected\n"
    assert "line 2: question is missing" in err
    assert main(["import", str(bad)]) == 2
    assert "Nothing could be imported" in capsys.readouterr().err
    assert main(["import", str(tmp_path / "absent.csv")]) == 2
    assert "absent.csv" in capsys.readouterr().err
    assert main(["export", str(tmp_path / "out.csv")]) == 0
    assert main(["stats"]) == 0
    assert "answers en: 1\nanswers pt: 0\nphrasings: 3\nvectors of toy: 3\n" in capsys.readouterr().out
    assert main(["delete", "a1", "a2"]) == 2
    assert "no answer a2, so none was removed" in capsys.readouterr().err
    assert main(["delete", "a1"]) == 0
    assert capsys.readouterr().out == "1 answers removed\n" and not list(store.answers)


def test_memory_does_not_grow_with_the_file(store: Store, settings: Settings, tmp_path: Path, monkeypatch) -> None:
    """The rows in memory at once are counted, not guessed from the process's size."""
    alive = []
    original = transfer._from_json
    monkeypatch.setattr(transfer, "_from_json", lambda line: alive.append(1) or original(line))
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

    assert import_file(path, store, Watching(), settings).added == 3000
    assert max(most) <= 64
    # Read twice from the spool, once to embed and once to store, never kept as a list.
    assert len(alive) == 6000


def test_an_id_in_another_library_row_is_replaced_not_doubled(store: Store, brought) -> None:
    brought("a.jsonl", [FULL])
    brought("b.jsonl", [FULL | {"question": "Where did it go?", "phrasings": []}])
    with store.answers._pool.connection() as connection:
        assert connection.execute("SELECT text FROM phrasing").fetchall() == [("Where did it go?",)]
