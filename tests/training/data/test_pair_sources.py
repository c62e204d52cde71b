"""Sets that are no pairs yet become pairs: FAQs with rewordings, requests sorted by intent."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from assistant.errors import InputError
from evals.data.published import intent_is_for_training
from training.data.sources import SourceReport, load
from training.recipe import Data, Source


def test_pairs_of_an_faq_are_rows_as_well(tmp_path: Path) -> None:
    """Each rewording with its FAQ, and with the nearest ones that have another answer."""
    faqs = [(0, "Como cancelo?", "No site."), (2, "Onde fica a sede?", "Em Recife."), (4, "Quanto custa?", "Nada.")]
    lines = [{"faq_id": number, "question": question, "answer": answer} for number, question, answer in faqs]
    (tmp_path / "faqs.jsonl").write_text("".join(json.dumps(line) + "\n" for line in lines), encoding="utf-8")
    query = {"query": "Quero cancelar", "faq_id": 0}
    (tmp_path / "queries_dev.jsonl").write_text(json.dumps(query) + "\n", encoding="utf-8")
    source = Source(kind="faqs", file=".", language="pt")
    report = SourceReport()
    rows = load([source], Data(root=tmp_path, sources=[source]), report)
    assert {(row.question1, row.question2, row.same) for row in rows} == {
        ("Quero cancelar", "Como cancelo?", True),
        ("Quero cancelar", "Onde fica a sede?", False),
        ("Quero cancelar", "Quanto custa?", False),
    }
    assert report.lines() == ["3 rows read, 0 left out"]


def test_requests_sorted_by_intent_are_rows_as_well(tmp_path: Path) -> None:
    """Each with the next one of its intent, and with the nearest one of each of the nearest other intents."""
    requests = {
        "lost_card": ["I lost my card", "My card is lost"],
        "cash": ["Where can I get cash?", "I need cash", "Cash machine nearby"],
        "refund": ["I want my money back"],
        # Kept for measuring.
        "fees": ["What does a transfer cost?", "Why was I charged?"],
    }
    assert [name for name in requests if not intent_is_for_training(name)] == ["fees"]
    lines = [f"{text},{intent}\n" for intent, texts in requests.items() for text in texts]
    (tmp_path / "requests.csv").write_text("text,category\n" + "".join(lines), encoding="utf-8")
    source = Source(kind="intents", file="requests.csv")
    rows = load([source], Data(root=tmp_path, sources=[source]), SourceReport())
    same = {(row.question1, row.question2) for row in rows if row.same}
    lost, cash = requests["lost_card"], requests["cash"]
    # Two with each other stand there once; one alone has no other.
    assert same == {(lost[0], lost[1]), (cash[0], cash[1]), (cash[1], cash[2]), (cash[2], cash[0])}
    intents = {text: intent for intent, texts in requests.items() for text in texts}
    different = [(intents[row.question1], intents[row.question2]) for row in rows if not row.same]
    assert all(first != second for first, second in different)
    assert {intent for pair in different for intent in pair} == {"lost_card", "cash", "refund"}


def test_requests_with_one_intent_have_no_near_misses(tmp_path: Path) -> None:
    (tmp_path / "requests.csv").write_text("text,category\nI lost my card,cash\nMy card,cash\n", encoding="utf-8")
    source = Source(kind="intents", file="requests.csv")
    (row,) = load([source], Data(root=tmp_path, sources=[source]), SourceReport())
    assert (row.question1, row.question2, row.same) == ("I lost my card", "My card", True)


def test_requests_without_a_column_are_refused(tmp_path: Path) -> None:
    (tmp_path / "requests.csv").write_text("text,label\na,b\n", encoding="utf-8")
    source = Source(kind="intents", file="requests.csv")
    with pytest.raises(InputError, match="has no column category; it needs text and category"):
        load([source], Data(root=tmp_path, sources=[source]), SourceReport())
