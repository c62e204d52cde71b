"""What agents said becomes training pairs: the last word, once, and never what measures."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path

import pytest

from assistant.errors import InputError
from assistant.records import (
    Language,
    Part,
)
from assistant.store.connection import Store
from evals.data.named_sets import shop_pairs
from tests.support.interactions import recorded, shown_answer
from training.data.sources import SourceReport, load
from training.feedback import main
from training.recipe import Data, Source
from training.retraining.feedback import PAIRS, evaluation_pairs, export, read_export

NOBODY_MEASURES: list = []


Says = Callable[..., str]


@pytest.fixture
def says(store: Store) -> Says:
    """Record a question with what was shown for it, and feedback on some of it; the interaction's id."""

    def said(asked: str, shown: dict[str, str], feedback: list[tuple[str, str]], language: Language = "en") -> str:
        parts = [Part(asked, language, tuple(shown_answer(one, past, language) for one, past in shown.items()), ())]
        return recorded(store, parts, feedback)

    return said


def lines(folder: Path) -> list[dict]:
    return [json.loads(line) for line in (folder / PAIRS).read_text(encoding="utf-8").splitlines()]


def test_chosen_is_the_same_and_rejected_is_not(store: Store, says: Says, tmp_path: Path) -> None:
    shown = {"a1": "How is a kite returned?", "a2": "How is a kite repaired?", "a3": "Who makes kites?"}
    interaction = says("Can the kite go back to you?", shown, [("a1", "used"), ("a2", "rejected")])
    says("Posso devolver o papagaio?", {"a4": "Como devolvo um papagaio?"}, [("a4", "edited")], "pt")
    folder, told = export(store, tmp_path, NOBODY_MEASURES)
    assert [(row["question2"], row["is_duplicate"], row["language"]) for row in lines(folder)] == [
        ("How is a kite returned?", 1, "en"),
        ("How is a kite repaired?", 0, "en"),
        ("Como devolvo um papagaio?", 1, "pt"),
    ]
    assert "used at 20" in lines(folder)[0]["provenance"] and interaction in lines(folder)[0]["provenance"]
    assert (told.pairs, told.same, told.repeated, told.measuring) == (3, 2, 0, 0) and folder.name == told.sha256[:12]


def test_the_last_word_counts(store: Store, says: Says, tmp_path: Path) -> None:
    shown = {"a1": "How is a kite returned?"}
    says("Can the kite go back?", shown, [("a1", "used"), ("a1", "down")])
    says("can the kite go back", shown, [("a1", "rejected"), ("a1", "up")])
    folder, told = export(store, tmp_path, NOBODY_MEASURES)
    assert [row["is_duplicate"] for row in lines(folder)] == [1]
    assert told.repeated == 1
    # Whichever of the two was asked.
    says("How is a kite returned?", {"a1": "Can the kite go back?"}, [("a1", "rejected")])
    folder, told = export(store, tmp_path, NOBODY_MEASURES)
    assert [row["is_duplicate"] for row in lines(folder)] == [0] and told.repeated == 2


def test_an_answer_below_two_questions_labels_neither(store: Store, tmp_path: Path) -> None:
    same = shown_answer("a1", "How is a kite returned?")
    other = shown_answer("a2", "Who makes kites?")
    parts = [Part("Kite back?", "en", (same, other), ()), Part("And the money?", "en", (same,), ())]
    recorded(store, parts, [("a1", "used"), ("a2", "rejected")])
    folder, _ = export(store, tmp_path, NOBODY_MEASURES)
    assert [row["question2"] for row in lines(folder)] == ["Who makes kites?"]


def test_an_answer_in_another_language_labels_nothing(store: Store, tmp_path: Path) -> None:
    parts = [Part("Kite back?", "en", (shown_answer("a1", "Como devolvo um papagaio?", "pt"),), ())]
    recorded(store, parts, [("a1", "used")])
    with pytest.raises(InputError, match="There is nothing to learn from agents yet"):
        export(store, tmp_path, NOBODY_MEASURES)


def test_what_measures_never_trains(store: Store, says: Says, tmp_path: Path, settings) -> None:
    measuring = next(shop_pairs("en"))
    # Another order and an ending: nearly equal.
    swapped = " ".join(reversed(measuring.question1.rstrip("?.").split()))
    says(measuring.question1, {"a1": measuring.question2}, [("a1", "used")])
    says(swapped, {"a1": "Who makes kites?"}, [("a1", "rejected")])
    own = tmp_path / "own.csv"
    own.write_text("question1,question2,is_duplicate\nDo you sell paper lanterns?,Any lanterns?,1\n")
    says("Do you sell paper lanterns", {"a2": "Where are the shops?"}, [("a2", "rejected")])
    says("Can the kite go back?", {"a3": "How is a kite returned?"}, [("a3", "used")])
    folder, told = export(store, tmp_path / "out", evaluation_pairs([str(own)], settings))
    assert [row["question1"] for row in lines(folder)] == ["Can the kite go back?"]
    assert told.measuring == 3


def test_the_same_feedback_is_one_export_and_more_is_another(store: Store, says: Says, tmp_path: Path) -> None:
    says("Can the kite go back?", {"a1": "How is a kite returned?"}, [("a1", "used")])
    first = export(store, tmp_path, NOBODY_MEASURES)
    assert export(store, tmp_path, NOBODY_MEASURES) == first
    says("Who built it?", {"a2": "Who makes kites?"}, [("a2", "used")])
    second = export(store, tmp_path, NOBODY_MEASURES)
    assert second[0] != first[0] and second[1].until > first[1].until
    assert sorted(path.name for path in tmp_path.iterdir()) == sorted([first[0].name, second[0].name])
    (first[0] / PAIRS).write_text("")
    with pytest.raises(InputError, match="remove it and export again"):
        read_export(first[0])


def test_a_recipe_reads_an_export(store: Store, says: Says, tmp_path: Path) -> None:
    says("Can the kite go back?", {"a1": "How is a kite returned?"}, [("a1", "used")])
    says("Posso devolver?", {"a4": "Como devolvo um papagaio?"}, [("a4", "rejected")], "pt")
    folder, _ = export(store, tmp_path, NOBODY_MEASURES)
    source = Source(kind="pairs", file=PAIRS)
    rows = load([source], Data(root=folder, sources=(source,)), SourceReport())
    assert [(row.language, row.same) for row in rows] == [("en", True), ("pt", False)]
    assert rows[1].provenance.startswith(f"{PAIRS}: feedback ") and ", rejected at " in rows[1].provenance


def test_the_command(
    says: Says, settings, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv("DATABASE_URL", settings.database_url)
    monkeypatch.setenv("DATA_DIR", str(tmp_path))
    assert main(["export"]) == 2
    assert "use, edit or reject answers on the Desk" in capsys.readouterr().err
    says("Can the kite go back?", {"a1": "How is a kite returned?"}, [("a1", "used")])
    assert main(["export"]) == 0
    assert "1 pairs, 1 of them the same, up to feedback 1: " in capsys.readouterr().out
    assert len(list((tmp_path / "feedback").glob(f"*/{PAIRS}"))) == 1
