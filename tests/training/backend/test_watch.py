"""What a real, tiny training reports, also when it goes on from a checkpoint."""

from __future__ import annotations

import json
import time
from collections import defaultdict
from pathlib import Path
from typing import Any

import pytest
import torch
from transformers import LlamaConfig, LlamaForCausalLM, Trainer, TrainerCallback, TrainingArguments

from training.backend.watch import Watch
from training.tracking import open_tracker

TOKENS = 12 * 8  # 12 rows; 6 steps an epoch
PAUSE = 0.2


class SlowToEvaluate(Trainer):
    def evaluate(self, *args: Any, **kwargs: Any) -> dict[str, float]:
        time.sleep(PAUSE)
        return super().evaluate(*args, **kwargs)


class StopAt(TrainerCallback):
    def __init__(self, step: int) -> None:
        self._step = step

    def on_step_end(self, args: Any, state: Any, control: Any, **kwargs: Any) -> None:
        control.should_training_stop = state.global_step == self._step


def make_trainer(folder: Path, *callbacks: TrainerCallback) -> Trainer:
    """Two epochs of 6 steps, logged every 2, evaluated and saved every 3."""
    torch.manual_seed(1)
    sizes = {"hidden_size": 16, "intermediate_size": 32, "num_attention_heads": 2, "num_key_value_heads": 2}
    model = LlamaForCausalLM(LlamaConfig(vocab_size=32, num_hidden_layers=2, **sizes))
    rows = [{"input_ids": row, "labels": row} for row in torch.randint(0, 32, (12, 8))]
    arguments = TrainingArguments(
        output_dir=str(folder),
        num_train_epochs=2,
        per_device_train_batch_size=2,
        logging_steps=2,
        eval_strategy="steps",
        eval_steps=3,
        save_steps=3,
        use_cpu=True,
        report_to=[],
        disable_tqdm=True,
    )
    return SlowToEvaluate(model, arguments, train_dataset=rows, eval_dataset=rows[:4], callbacks=list(callbacks))


def series(folder: Path) -> dict[str, dict[int, float]]:
    """Every series that Neptune's client wrote offline: its values by step."""
    (log,) = folder.glob("offline/*/data-1.log")
    found: dict[str, dict[int, float]] = defaultdict(dict)
    for line in log.read_text().splitlines():
        operation = json.loads(line)["obj"]
        if operation["type"] == "LogFloats":
            found["/".join(operation["path"])] |= {point["step"]: point["value"] for point in operation["values"]}
    return found


def test_a_run_reports_its_curves_its_speed_and_the_machine(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("NEPTUNE_API_TOKEN", raising=False)
    monkeypatch.setenv("NEPTUNE_DATA_DIRECTORY", "restored after the test")
    tracker = open_tracker("neptune", "shop", "run-1", tmp_path / "tracking", False)
    tracker.start({})
    watch = Watch(tracker, TOKENS, tmp_path)
    trainer = make_trainer(tmp_path / "run", watch)
    began = time.perf_counter()
    trainer.train()
    lasted = time.perf_counter() - began
    tracker.finish({})

    found = series(tmp_path / "tracking")
    history = trainer.state.log_history
    for sent, key in {
        "training/loss": "loss",
        "training/grad_norm": "grad_norm",
        "validation/loss": "eval_loss",
    }.items():
        assert found[sent] == {entry["step"]: entry[key] for entry in history if key in entry}
    assert list(found["training/learning_rate"]) == [2, 4, 6, 8, 10, 12]
    assert list(found["validation/loss"]) == [3, 6, 9, 12]
    assert found["training/epoch_seconds"] == {6: watch.epochs[0], 12: watch.epochs[1]}
    assert found["machine/memory_gib"].keys() == found["training/loss"].keys()
    assert found["machine/disk_used_gib"][12] > found["machine/disk_used_gib"][2] > 0

    assert sum(watch.epochs) < lasted - 4 * PAUSE
    assert watch.tokens_per_second == pytest.approx(2 * TOKENS / sum(watch.epochs))
    # Two steps of 16 tokens lie between two reports.
    seconds = sum(32 / speed for speed in found["training/tokens_per_second"].values())
    assert seconds == pytest.approx(sum(watch.epochs))


@pytest.mark.parametrize("step", [6, 9])
def test_a_run_that_goes_on_keeps_its_durations(tmp_path: Path, step: int) -> None:
    """From the last step of an epoch, and from the middle of one."""
    tracker = open_tracker("none", "shop", "run-1", tmp_path, False)
    first = Watch(tracker, TOKENS, tmp_path)
    make_trainer(tmp_path / "run", first, StopAt(step)).train()
    assert len(first.epochs) == 1
    checkpoint = tmp_path / "run" / f"checkpoint-{step}"
    kept = json.loads((checkpoint / "trainer_state.json").read_text())["stateful_callbacks"]["watch"]
    assert (kept["epoch_seconds"] > 0) == (step == 9)

    second = Watch(tracker, TOKENS, tmp_path)
    make_trainer(tmp_path / "run", second).train(resume_from_checkpoint=str(checkpoint))
    assert second.epochs[0] == first.epochs[0]
    assert len(second.epochs) == 2
    assert second.epochs[1] > kept["epoch_seconds"]
    assert second.tokens_per_second == pytest.approx(2 * TOKENS / sum(second.epochs))
