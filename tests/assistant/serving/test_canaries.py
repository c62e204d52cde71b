"""What a version said at its registration, held against what it says now."""

from __future__ import annotations

from dataclasses import dataclass, field, replace

import pytest

from assistant.bases.catalogue import CATALOGUE
from assistant.errors import ModelError, NoEffectError
from assistant.generator import LabelScore, TreePrompt
from assistant.judge.calibration import JudgeModel
from assistant.serving.canaries import PAIRS, SET, UNCHANGED, Canaries, check, check_effect
from assistant.serving.load import LoadedModel

DIGEST = "a" * 64


@dataclass
class Scorer:
    """Gives every prompt the same logit, moved by the adapter from the `first` asked prompt on."""

    moved: float
    first: int = 0
    asked: list[str | None] = field(default_factory=list)

    def score(self, prompt: TreePrompt, adapter: str | None = None) -> list[LabelScore]:
        self.asked.append(adapter)
        moved = adapter is not None and self.asked.count(adapter) > self.first
        return [LabelScore(1.5 + moved * self.moved, 1.0)]


def judging(scorer: Scorer, adapter: str | None = DIGEST) -> LoadedModel:
    return LoadedModel(scorer, CATALOGUE["smollm2-135m"], JudgeModel("b" * 64, adapter, "v1", "cpu"), None)


def test_an_adapter_that_answers_like_its_bare_base_is_refused() -> None:
    with pytest.raises(NoEffectError, match="Version aaaaaaaaaaaa changes nothing: to every canary question smollm2"):
        check_effect(judging(Scorer(UNCHANGED / 2)))


def test_one_pair_that_an_adapter_moves_is_enough_and_ends_the_asking() -> None:
    at_once, late = Scorer(-0.01), Scorer(0.01, first=len(PAIRS) - 1)
    check_effect(judging(at_once))
    check_effect(judging(late))
    assert at_once.asked == [DIGEST, None] and len(late.asked) == 2 * len(PAIRS)


def test_a_bare_base_has_no_adapter_to_be_without_effect() -> None:
    alone = Scorer(0)
    check_effect(judging(alone, adapter=None))
    assert alone.asked == []


def test_canaries_that_are_fewer_say_nothing() -> None:
    whole = Canaries(SET, "cpu float32", (), ("1932", "", "quatro euros"))
    check(whole, whole)
    with pytest.raises(ModelError, match="for other questions"):
        check(replace(whole, answers=()), whole)
