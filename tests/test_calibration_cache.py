"""Label scores kept between runs."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

from assistant.calibration import JudgeModel
from assistant.generator import LabelScore
from training.calibration_cache import LabelCache

MODEL = JudgeModel("base", None, "v1", "cpu float32")
SCORES = [LabelScore(-0.25, 0.5), LabelScore(1.75, 0.125)]


def test_scores_outlive_the_run_that_made_them(tmp_path: Path) -> None:
    with LabelCache(tmp_path, MODEL) as cache:
        assert cache.get("en", "a?", ["b?", "c?"]) is None
        cache.put("en", "a?", ["b?", "c?"], SCORES)
    with LabelCache(tmp_path, MODEL) as cache:
        assert cache.get("en", "a?", ["b?", "c?"]) == SCORES
        # Scores belong to these candidates in this order, and to this language's prompt.
        assert cache.get("en", "a?", ["c?", "b?"]) is None
        assert cache.get("pt", "a?", ["b?", "c?"]) is None


def test_another_model_prompt_or_machine_starts_anew(tmp_path: Path) -> None:
    with LabelCache(tmp_path, MODEL) as cache:
        cache.put("en", "a?", ["b?"], SCORES[:1])
    for change in (
        {"prompt_version": "v2"},
        {"adapter": "adapter"},
        {"base_sha256": "b"},
        {"hardware": "cuda float16"},
    ):
        other = replace(MODEL, **change)
        with LabelCache(tmp_path, other) as cache:
            assert cache.get("en", "a?", ["b?"]) is None


def test_a_line_cut_by_a_kill_is_dropped_and_the_next_run_goes_on(tmp_path: Path) -> None:
    with LabelCache(tmp_path, MODEL) as cache:
        cache.put("en", "a?", ["b?"], SCORES[:1])
        cache.put("en", "c?", ["d?"], SCORES[1:])
    (file,) = tmp_path.iterdir()
    file.write_bytes(file.read_bytes()[:-20])
    with LabelCache(tmp_path, MODEL) as cache:
        assert cache.get("en", "a?", ["b?"]) == SCORES[:1]
        assert cache.get("en", "c?", ["d?"]) is None
        cache.put("en", "c?", ["d?"], SCORES[1:])
    with LabelCache(tmp_path, MODEL) as cache:
        assert cache.get("en", "a?", ["b?"]) == SCORES[:1]
        assert cache.get("en", "c?", ["d?"]) == SCORES[1:]
