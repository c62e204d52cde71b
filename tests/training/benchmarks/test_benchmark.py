"""The training benchmarks on tiny random models: that what they compare is alike, and what they make of figures."""

from __future__ import annotations

import csv
import os
import subprocess
import sys
from dataclasses import replace
from pathlib import Path

import pytest
import torch
from transformers import AutoTokenizer, LlamaConfig, LlamaForCausalLM

from assistant.bases.catalogue import CATALOGUE
from assistant.bases.weights import locate
from assistant.errors import InputError, ModelError
from assistant.settings import load_settings
from tests.support.paths import ROOT
from training.backend.fresh_process import in_fresh_process
from training.benchmarks import gpu
from training.benchmarks.baseline import loss_on_cpu
from training.benchmarks.cpu import benchmark_recipe, benchmark_rows, check_alike, final_loss, table
from training.benchmarks.gpu import BACKENDS, BASE, GIB, Line, Speed, lines
from training.benchmarks.profile import ADAPTER, ATTENTION, OPTIMIZER, OUTPUT, profiled
from training.benchmarks.profile import BASE as BASE_PRODUCTS
from training.benchmarks.random_weights import write_base
from training.benchmarks.sides import BASELINES, OURS, Measures, Rows, measure
from training.recipe import Recipe

SHAPE = {"hidden_size": 64, "intermediate_size": 128, "num_attention_heads": 4, "num_key_value_heads": 2}
STEPS = 4
FLOAT32 = "SFTTrainer, float32"
MEASURES = Measures(100, 50.0, (9.0,) * 5 + (1.0,) * 10, 2.0, 1.5, "order", "start")


@pytest.fixture(scope="module")
def cache(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A cache in which smollm2-135m is a tiny random model with the real tokenizer."""
    real = locate(CATALOGUE["smollm2-135m"], load_settings().cache_dir).path
    folder = tmp_path_factory.mktemp("cache") / "models" / real.name
    tokenizer = AutoTokenizer.from_pretrained(real)
    tokenizer.save_pretrained(folder)
    torch.manual_seed(0)
    config = LlamaConfig(vocab_size=len(tokenizer), num_hidden_layers=2, tie_word_embeddings=True, **SHAPE)
    LlamaForCausalLM(config).save_pretrained(folder)
    return folder.parents[1]


@pytest.fixture(scope="module")
def pairs(tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("pairs") / "pairs: 1.csv"
    with path.open("w", encoding="utf-8", newline="") as stream:
        writer = csv.writer(stream)
        writer.writerow(("question1", "question2", "is_duplicate"))
        for number in range(80):
            place = f"order {number}" + " of last week" * (number % 5)
            writer.writerow((f"How do I cancel {place}?", f"Can {place} be stopped or changed?", number % 2))
    return path


@pytest.fixture(scope="module")
def recipe(pairs: Path) -> Recipe:
    """The benchmark's, with a learning rate at which a few steps tell, in the baseline's type."""
    return changed(benchmark_recipe(pairs, "smollm2-135m", 80, STEPS), "training", learning_rate=0.02, precision="fp32")


def changed(recipe: Recipe, section: str, **values) -> Recipe:
    return recipe.model_copy(update={section: getattr(recipe, section).model_copy(update=values)})


@pytest.fixture(scope="module")
def rows(recipe: Recipe, cache: Path) -> Rows:
    return benchmark_rows(recipe, cache, STEPS)


@pytest.fixture(scope="module")
def measures(recipe: Recipe, rows: Rows, cache: Path) -> dict[str, Measures]:
    return {side: measure(side, recipe, rows, cache, 2) for side in (OURS, FLOAT32)}


def test_both_sides_see_the_same_rows_in_the_same_order(measures, rows: Rows) -> None:
    check_alike(measures)
    assert measures[OURS].order == measures[FLOAT32].order
    tokens = sum(len(row.tokens) for row in rows.training)
    assert measures[OURS].tokens == measures[FLOAT32].tokens == tokens


def test_both_sides_learn_the_same(measures) -> None:
    ours, theirs = measures[OURS], measures[FLOAT32]
    assert len(ours.losses) == STEPS
    # Processors round differently, and each step builds on the one before.
    assert ours.losses == pytest.approx(theirs.losses, rel=2e-4)
    assert ours.held_out_loss == pytest.approx(theirs.held_out_loss, rel=2e-4)
    assert ours.held_out_loss < ours.losses[0] - 0.2


def test_another_order_and_other_weights_are_noticed(measures, recipe: Recipe, rows: Rows, cache: Path) -> None:
    other_order = measure(OURS, changed(recipe, "training", seed=1), rows, cache, 2)
    with pytest.raises(InputError, match="another order"):
        check_alike({**measures, OURS: other_order})
    other_start = measure(OURS, changed(recipe, "lora", seed=1), rows, cache, 2).start
    with pytest.raises(InputError, match="other LoRA weights"):
        check_alike({**measures, OURS: replace(measures[OURS], start=other_start)})


def test_the_formula_in_torch_is_the_one_of_the_loss() -> None:
    torch.manual_seed(0)
    hidden, weight = torch.randn(5, 8, requires_grad=True), torch.randn(11, 8)
    targets = torch.tensor([1, 10, 0, 3, 3])
    with loss_on_cpu():
        from trl.trainer import utils as trl_code

        found = trl_code._ChunkedLogProbFunction.apply(hidden, weight, None, targets, 2.0, 4, 3.0, 0.5, ())
    logits = 3.0 * torch.tanh(hidden @ weight.T * 0.5 / 3.0) / 2.0
    expected = torch.distributions.Categorical(logits=logits)
    torch.testing.assert_close(found[0], expected.log_prob(targets))
    torch.testing.assert_close(found[1], expected.entropy())
    assert found[4].tolist() == (logits.argmax(-1) == targets).tolist()


def test_too_few_rows_say_what_to_change(recipe: Recipe, cache: Path) -> None:
    with pytest.raises(InputError, match=r"5 steps need 80 training rows .*: lower --steps or raise --rows"):
        benchmark_rows(recipe, cache, 5)


def test_the_table_compares_with_every_baseline() -> None:
    slower = replace(MEASURES, tokens_per_second=20.0, losses=(0.0,) * 5 + (1.25,) * 10, held_out_loss=1.6)
    assert final_loss(MEASURES) == 1.0
    shown = table({OURS: MEASURES, **dict.fromkeys(BASELINES, slower)})
    assert [line.split()[-5:] for line in shown[1:4]] == [
        ["50.0", "1.0000", "2.0000", "1.50", "GiB"],
        *[["20.0", "1.2500", "1.6000", "1.50", "GiB"]] * 2,
    ]
    for line in shown[4:]:
        assert "2.50 times the tokens/s (aim: 2), final loss -20.00%, held-out loss +25.00%" in line


def test_the_time_is_shared_out(recipe: Recipe, rows: Rows, cache: Path) -> None:
    found = profiled(recipe, rows, cache, 2)
    assert sum(found.shares.values()) == pytest.approx(1)
    for kind in (BASE_PRODUCTS, ADAPTER, ATTENTION, OUTPUT, OPTIMIZER):
        assert 0 < found.shares[kind] < 1, kind
    assert 0 < found.rate < found.peak


def test_work_in_a_fresh_process_comes_back_or_says_that_it_was_killed() -> None:
    assert in_fresh_process(os.getpid) != os.getpid()
    with pytest.raises(ZeroDivisionError):
        in_fresh_process(divmod, 1, 0)
    with pytest.raises(ModelError, match="killed"):
        in_fresh_process(os._exit, 9)


@pytest.mark.parametrize("backend", BACKENDS)
def test_a_random_base_in_four_bits_trains(backend: str, tmp_path: Path, monkeypatch) -> None:
    config = LlamaConfig(vocab_size=512, num_hidden_layers=2, tie_word_embeddings=False, **SHAPE)
    write_base(CATALOGUE[BASE], config, tmp_path, torch.float32, "cpu")
    monkeypatch.setenv("HF_HUB_OFFLINE", "1")
    monkeypatch.setenv("CUDA_VISIBLE_DEVICES", "")
    found = in_fresh_process(gpu.measure, backend, 32, 2, tmp_path, 2)
    assert found.tokens_per_second > 0


def test_a_batch_that_does_not_fit_is_halved_for_both() -> None:
    def measured(backend: str, length: int, batch: int) -> Speed | None:
        room = 4_000 if backend == "unsloth" else 1_000
        return Speed(length * 10.0, length * batch * GIB) if length * batch <= room else None

    found = list(lines([500, 1_000, 2_000], 2, measured))
    assert [(line.length, line.batch, line.unsloth is None, line.peft is None) for line in found] == [
        (500, 2, False, False),
        (1_000, 2, False, True),
        (1_000, 1, False, False),
        (2_000, 2, False, True),
        (2_000, 1, False, True),
    ]


def test_the_gpu_table_leaves_out_what_was_not_measured() -> None:
    measured = [Line(512, 2, Speed(3000.4, 6 * GIB), Speed(1500.2, 12 * GIB)), Line(4096, 1, Speed(900.0, GIB), None)]
    assert gpu.table(measured).splitlines()[2:] == [
        "| 512 | 2 | 3,000 | 1,500 | 2.00 | 6.0 | 12.0 | 0.50 |",
        "| 4,096 | 1 | 900 | does not fit | – | 1.0 | – | – |",
    ]


def test_without_a_gpu_one_line_says_so() -> None:
    environment = {**os.environ, "CUDA_VISIBLE_DEVICES": ""}
    command = [sys.executable, "-m", "training.benchmarks.gpu"]
    ended = subprocess.run(command, cwd=ROOT, env=environment, capture_output=True, text=True)
    assert ended.returncode == 2
    assert ended.stdout == ""
    assert ended.stderr.splitlines() == [
        "No CUDA GPU was found: run this on a machine that has one, with a CUDA build of torch."
    ]
