"""What the calibration is fitted on."""

from __future__ import annotations

from pathlib import Path

import pytest

from assistant.errors import InputError
from assistant.search.embedder import Embedder
from evals.data.published import intent_is_for_training
from training.calibration.data import english_groups, request_groups
from training.data.rows import PairRow
from training.data.splits import fingerprint


def test_pairs_that_trained_the_adapter_are_left_out(tmp_path: Path, embedder: Embedder) -> None:
    rows = [("Where is my parcel?", "Where's my parcel", 1), ("Can I pay by card?", "Can I pay twice?", 0)]
    file = tmp_path / "pairs.csv"
    lines = [f"{first},{second},{same}" for first, second, same in rows]
    file.write_text("\n".join(["question1,question2,is_duplicate", *lines]), encoding="utf-8")
    # Turned round it is the same pair.
    trained = [fingerprint(PairRow(second, first, bool(same), "en")) for first, second, same in rows]

    (left,) = english_groups(file, embedder, 10, {trained[0]})
    assert (left.asked, left.pasts, left.same) == ("Can I pay by card?", ("Can I pay twice?",), (False,))
    assert len(english_groups(file, embedder, 10, set())) == 2
    with pytest.raises(InputError, match="trained on every pair"):
        english_groups(file, embedder, 10, set(trained))


def test_requests_meet_the_first_one_of_every_intent_near_them(tmp_path: Path, embedder: Embedder) -> None:
    requests = {
        "fees": ["What does a transfer cost?", "Why was I charged for my transfer?"],
        "pin": ["How do I change my PIN?", "I want another PIN", "PIN change"],
        # Trained on; its requests are past questions only.
        "cash": ["Where can I get cash?", "I need cash"],
    }
    assert [name for name in requests if intent_is_for_training(name)] == ["cash"]
    lines = [f"{text},{intent}" for intent, texts in requests.items() for text in texts]
    file = tmp_path / "requests.csv"
    file.write_text("\n".join(["text,category", *lines]), encoding="utf-8")

    groups = request_groups(file, embedder, 100)
    assert {group.asked for group in groups} == {*requests["fees"][1:], *requests["pin"][1:]}
    for group in groups:
        assert set(group.pasts) == {texts[0] for texts in requests.values()}
        (own,) = (past for past, same in zip(group.pasts, group.same, strict=True) if same)
        assert own == next(texts[0] for texts in requests.values() if group.asked in texts)
        assert list(group.cosines) == sorted(group.cosines, reverse=True)
        assert {*group.answers, *group.answer_cosines} == {None}
    assert len(request_groups(file, embedder, 10)) == 1
