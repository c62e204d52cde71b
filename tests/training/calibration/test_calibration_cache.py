"""Label scores kept between runs."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

from assistant.generator import LabelScore
from assistant.judge.calibration import JudgeModel
from training.calibration.cache import GroupScores, key, label_cache

MODEL = JudgeModel("base", None, "v1", "cpu float32")
SCORES = [LabelScore(-0.25, 0.5), LabelScore(1.75, 0.125)]


def test_scores_outlive_the_run_that_made_them(tmp_path: Path) -> None:
    with label_cache(tmp_path, MODEL) as cache:
        assert cache.get(key("en", "a?", ["b?", "c?"])) is None
        cache.put(key("en", "a?", ["b?", "c?"]), GroupScores.of(SCORES))
    with label_cache(tmp_path, MODEL) as cache:
        assert cache.get(key("en", "a?", ["b?", "c?"])).scores == SCORES
        # Scores belong to these candidates in this order, and to this language's prompt.
        assert cache.get(key("en", "a?", ["c?", "b?"])) is None
        assert cache.get(key("pt", "a?", ["b?", "c?"])) is None


def test_another_model_prompt_or_machine_starts_anew(tmp_path: Path) -> None:
    with label_cache(tmp_path, MODEL) as cache:
        cache.put(key("en", "a?", ["b?"]), GroupScores.of(SCORES[:1]))
    for change in (
        {"prompt_version": "v2"},
        {"adapter": "adapter"},
        {"base_sha256": "b"},
        {"hardware": "cuda float16"},
    ):
        other = replace(MODEL, **change)
        with label_cache(tmp_path, other) as cache:
            assert cache.get(key("en", "a?", ["b?"])) is None


def test_a_line_cut_by_a_kill_is_dropped_and_the_next_run_goes_on(tmp_path: Path) -> None:
    with label_cache(tmp_path, MODEL) as cache:
        cache.put(key("en", "a?", ["b?"]), GroupScores.of(SCORES[:1]))
        cache.put(key("en", "c?", ["d?"]), GroupScores.of(SCORES[1:]))
    (file,) = tmp_path.glob("*.jsonl")
    file.write_bytes(file.read_bytes()[:-20])
    with label_cache(tmp_path, MODEL) as cache:
        assert cache.get(key("en", "a?", ["b?"])).scores == SCORES[:1]
        assert cache.get(key("en", "c?", ["d?"])) is None
        cache.put(key("en", "c?", ["d?"]), GroupScores.of(SCORES[1:]))
    with label_cache(tmp_path, MODEL) as cache:
        assert cache.get(key("en", "a?", ["b?"])).scores == SCORES[:1]
        assert cache.get(key("en", "c?", ["d?"])).scores == SCORES[1:]
