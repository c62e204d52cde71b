"""Ends of a training that are none: Ctrl-C in the middle of an epoch, and early stopping that was cut off."""

from __future__ import annotations

import os
import signal
import time
from pathlib import Path
from typing import Any

import pytest
import torch
from transformers import LlamaConfig, LlamaForCausalLM, Trainer, TrainerCallback, TrainingArguments

from training.backend import loop
from training.backend.interruption import Interruption
from training.backend.loaded import Trainable
from training.backend.resume import EarlyStopping
from training.recipe import load_recipe

RECIPES = Path(loop.__file__).parents[1] / "recipes"
STEPS = 6


class AskAt(TrainerCallback):
    """Presses Ctrl-C while the step before `step` is computed."""

    def __init__(self, interruption: Interruption, step: int) -> None:
        self._interruption = interruption
        self._step = step

    def on_step_begin(self, args: Any, state: Any, control: Any, **kwargs: Any) -> None:
        self._interruption.asked = state.global_step == self._step - 1


class WorseAndWorse(Trainer):
    """Each evaluation is worse than the one before."""

    loss = 0.0

    def evaluate(self, *args: Any, **kwargs: Any) -> dict[str, float]:
        self.loss += 1
        metrics = super().evaluate(*args, **kwargs) | {"eval_loss": self.loss}
        return metrics


def test_one_stop_that_arrives_twice_is_one_and_the_next_ends_at_once(monkeypatch: pytest.MonkeyPatch) -> None:
    interruption = Interruption()
    with interruption.listening():
        for number in (signal.SIGTERM, signal.SIGTERM, signal.SIGINT):
            os.kill(os.getpid(), number)
        assert interruption.asked and interruption.signal == signal.SIGTERM
        monkeypatch.setattr("training.backend.interruption.SAME_SECONDS", 0.0)
        with pytest.raises(KeyboardInterrupt):
            os.kill(os.getpid(), signal.SIGINT)
            time.sleep(1)


def make_trainer(folder: Path, *callbacks: TrainerCallback, kind: type[Trainer] = Trainer, epochs: int = 2, **changes):
    """Six steps an epoch, evaluated and saved at the end of each."""
    torch.manual_seed(1)
    sizes = {"hidden_size": 16, "intermediate_size": 32, "num_attention_heads": 2, "num_key_value_heads": 2}
    model = LlamaForCausalLM(LlamaConfig(vocab_size=32, num_hidden_layers=1, **sizes))
    rows = [{"input_ids": row, "labels": row} for row in torch.randint(0, 32, (12, 8))]
    settings = {"eval_strategy": "epoch", "save_strategy": "epoch"} | changes
    arguments = TrainingArguments(
        output_dir=str(folder),
        num_train_epochs=epochs,
        per_device_train_batch_size=2,
        logging_steps=1,
        use_cpu=True,
        report_to=[],
        disable_tqdm=True,
        **settings,
    )
    return kind(model, arguments, train_dataset=rows, eval_dataset=rows[:4], callbacks=list(callbacks))


def evaluated(trainer: Trainer) -> list[int]:
    return [entry["step"] for entry in trainer.state.log_history if "eval_loss" in entry]


@pytest.mark.parametrize(("step", "evaluations"), [(4, []), (STEPS, [STEPS])])
def test_ctrl_c_within_an_epoch_does_not_wait_for_an_evaluation(tmp_path: Path, step: int, evaluations: list) -> None:
    interruption = Interruption()
    trainer = make_trainer(tmp_path, AskAt(interruption, step), interruption)
    trainer.train()
    assert trainer.state.global_step == step
    assert (tmp_path / f"checkpoint-{step}").is_dir()
    assert evaluated(trainer) == evaluations
    rest = make_trainer(tmp_path)
    rest.train(resume_from_checkpoint=str(tmp_path / f"checkpoint-{step}"))
    assert evaluated(rest) == [STEPS, 2 * STEPS]


def test_a_run_that_had_stopped_early_does_not_train_on(tmp_path: Path) -> None:
    best = {"load_best_model_at_end": True, "metric_for_best_model": "eval_loss", "greater_is_better": False}
    first = make_trainer(tmp_path, EarlyStopping(2), kind=WorseAndWorse, epochs=9, **best)
    first.train()
    assert evaluated(first) == [STEPS, 2 * STEPS, 3 * STEPS]
    # Killed while it was measured: the same command goes on from the last checkpoint.
    second = make_trainer(tmp_path, EarlyStopping(2), kind=WorseAndWorse, epochs=9, **best)
    second.train(resume_from_checkpoint=str(tmp_path / f"checkpoint-{3 * STEPS}"))
    assert second.state.global_step <= 3 * STEPS + 1
    assert second.state.best_model_checkpoint == first.state.best_model_checkpoint
    for before, after in zip(first.model.parameters(), second.model.parameters(), strict=True):
        assert torch.equal(before, after)


@pytest.mark.parametrize("validated", [True, False])
def test_without_held_out_rows_nothing_stops_early(tmp_path: Path, validated: bool) -> None:
    recipe = load_recipe(RECIPES / "smoke.yaml", ["training.early_stopping=2", "training.save_steps=null"])
    trainable = Trainable(None, None, None, {"device": "cpu", "dtype": "float32"})
    given = loop.arguments(recipe, trainable, tmp_path, validated)
    assert TrainingArguments(**given).load_best_model_at_end is validated
