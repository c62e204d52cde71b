"""What a finished run measures of its adapter, by the template that it was trained on."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import pytest

from assistant import prompts
from assistant.bases.catalogue import CATALOGUE
from assistant.generator import TreePrompt
from assistant.judge.calibration import JudgeModel
from assistant.serving.load import LoadedModel
from assistant.tasks import TASKS
from evals.data.published import QuestionPair
from evals.systems.written_labels import TOGETHER, written_labels
from tests.support.paths import ROOT
from training.recipe import load_recipe
from training.release.validate import pair_figures

SMOKE = ROOT / "training" / "recipes" / "smoke.yaml"


@dataclass
class Writer:
    """Says the same to every pair, in the given order; a real model takes minutes for whole explanations."""

    replies: Sequence[str]
    asked: int = 0

    def stream(self, prompt: TreePrompt, limit: int, adapter: str | None):
        for index, leaf in enumerate(prompt.leaves):
            assert "explanation:" in leaf[-1].text
            reply = self.replies[self.asked % len(self.replies)]
            self.asked += 1
            yield index, reply[: len(reply) // 2], False
            yield index, reply, True


def model(*replies: str) -> LoadedModel:
    identity = JudgeModel("b" * 64, "a" * 64, prompts.VERSIONS["explanation-first"], "cpu float32")
    return LoadedModel(Writer(replies), CATALOGUE["smollm2-135m"], identity, None)


PAIRS = [QuestionPair(f"Where is order {number}?", "Where is it?", number % 2 == 0) for number in range(TOGETHER + 2)]


def test_labels_are_cut_out_of_what_is_written() -> None:
    writing = model("They ask alike.\nlabel: 1", "They do not.\nlabel: 0", "No idea")
    assert written_labels(writing, PAIRS[:4]) == [1.0, 0.0, None, 1.0]
    assert len(written_labels(writing, PAIRS)) == len(PAIRS)


@pytest.mark.parametrize("reply", ["Both.\nlabel: 1", "Both ask"])
def test_the_published_template_is_measured_by_what_it_writes(reply: str) -> None:
    recipe = load_recipe(SMOKE, ["template=explanation-first"])
    figures = pair_figures(recipe, model(reply), PAIRS)
    if "label" in reply:
        assert figures["accuracy"] == 0.5 and figures["unreadable"] == 0
        assert figures["confusion"] == [[0, 5], [0, 5]]
    else:
        # A run whose replies cannot be read is recorded, and says so.
        assert figures == {"rows": len(PAIRS), "unreadable": len(PAIRS)}


def test_the_published_template_is_not_served() -> None:
    assert prompts.VERSIONS["explanation-first"] not in {prompts.served_version(task) for task in TASKS}
