"""Which pairs may tell what two models together are worth, and the figures of both."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from assistant.errors import InputError
from assistant.versions.fingerprints import of_pair, write_fingerprints
from evals.data.published import QuestionPair
from training.benchmarks.cross_encoder_gain import LEAST, compare, unseen

PAIRS = [QuestionPair(f"Where is order {n}?", f"Who took parcel {n}?", n % 2 == 0) for n in range(LEAST + 20)]


def version(folder: Path, seen: list[QuestionPair]) -> Path:
    folder.mkdir()
    write_fingerprints(folder, [of_pair(pair.question2, pair.question1, "en")[0] for pair in seen], [])
    return folder


def test_only_pairs_new_to_both_may_be_fitted_on(tmp_path: Path) -> None:
    adapter, encoder = version(tmp_path / "a", PAIRS[:10]), version(tmp_path / "b", PAIRS[5:20])
    assert unseen(PAIRS, [adapter, encoder]) == PAIRS[20:]


def test_too_few_new_pairs_are_told_with_the_fix(tmp_path: Path) -> None:
    with pytest.raises(InputError, match=r"Only 49 pairs are new.*--seen-by"):
        unseen(PAIRS, [version(tmp_path / "a", PAIRS[:21])])


def test_a_signal_that_decides_shows_in_every_line() -> None:
    same = [True, False] * 50
    chance = np.random.default_rng(0)
    known = chance.normal(size=(100, 2))
    known[0, 1] = np.nan
    own = np.where(same, 3.0, -3.0)[:, None]
    label, alone, both, all_three, test = compare(same, same, [known, known], [own, own])
    assert "accuracy 1.000" in alone and "accuracy 1.000" in all_three and "roc_auc 1.000" in alone
    assert "accuracy 1.000" not in label and "accuracy 1.000" not in both
    # A reply that could not be read counts where the label is a signal.
    assert label.endswith("unreadable 1") and alone.endswith("unreadable 0") and all_three.endswith("unreadable 1")
    assert "only without it 0," in test and "p = 0.000" in test
