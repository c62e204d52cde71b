"""What the calibration is fitted on."""

from __future__ import annotations

from pathlib import Path

import pytest

from assistant.embedder import Embedder
from assistant.errors import InputError
from training.calibration_data import english_groups
from training.rows import PairRow
from training.splits import fingerprint


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
