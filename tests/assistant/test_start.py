"""Training that begins with a finished version's adapter."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest
import torch
from peft import get_peft_model
from transformers import LlamaConfig, LlamaForCausalLM

from assistant.bases.catalogue import CATALOGUE
from assistant.bases.weights import Weights
from assistant.errors import ModelError
from assistant.version_records import AdapterVersion
from assistant.versions.fingerprints import read_fingerprints, write_fingerprints
from assistant.versions.version import read_version, write_version
from tests.support.adapters import FACTS
from training.backend import load
from training.backend.loaded import Trainable
from training.backend.plain import lora_config
from training.backend.start import begin_with
from training.data.rows import PairRow
from training.data.splits import fingerprint
from training.recipe import FOLDER, Recipe, load_recipe
from training.release.record import write_record

SHA = "b" * 64
TINY = LlamaConfig(vocab_size=32, hidden_size=16, intermediate_size=32, num_hidden_layers=30, num_attention_heads=2)


def smoke(**start) -> Recipe:
    return load_recipe(FOLDER / "smoke.yaml", [f"{key}={value}" for key, value in start.items()])


def trainable(recipe: Recipe, seed: int) -> Trainable:
    """A tiny base whose adapter already differs from zero, in its own way for each seed."""
    torch.manual_seed(seed)
    model = get_peft_model(LlamaForCausalLM(TINY), lora_config(recipe))
    with torch.no_grad():
        for weights in adapter(model).values():
            weights.normal_()
    return Trainable(model, None, Weights(CATALOGUE["smollm2-135m"], Path("base"), "package:tiny", SHA), {})


def adapter(model: torch.nn.Module) -> dict[str, torch.nn.Parameter]:
    return {name: weights for name, weights in model.named_parameters() if weights.requires_grad}


@pytest.fixture
def finished(tmp_path: Path) -> tuple[Trainable, Path, AdapterVersion]:
    """A trained model, and the version that was made of it."""
    trained, folder = trainable(smoke(), seed=1), tmp_path / "version"
    trained.model.save_pretrained(folder)
    write_fingerprints(folder, ["1" * 16], ["2" * 16])
    return trained, folder, write_version(folder, replace(FACTS, base_sha256=SHA))


def test_the_finished_adapter_takes_the_fresh_ones_place(finished) -> None:
    trained, folder, _ = finished
    fresh = trainable(smoke(), seed=2)
    before = adapter(trained.model)
    assert not any(torch.equal(weights, before[name]) for name, weights in adapter(fresh.model).items())
    begin_with(fresh, folder, smoke(start=folder))
    assert adapter(fresh.model).keys() == before.keys()
    assert all(torch.equal(weights, before[name]) for name, weights in adapter(fresh.model).items())


@pytest.mark.parametrize(
    ("changes", "told"),
    [
        ({"lora.r": 4}, "r is 8 there and 4 here"),
        ({"lora.alpha": 16}, "lora_alpha is 8 there and 16 here"),
        ({"lora.modules": "[q_proj, v_proj]"}, "target_modules is ['down_proj', "),
    ],
)
def test_an_adapter_of_another_shape_is_refused(finished, changes: dict, told: str) -> None:
    _, folder, _ = finished
    recipe = smoke(**changes)
    with pytest.raises(ModelError) as error:
        begin_with(trainable(recipe, seed=2), folder, recipe)
    assert told in str(error.value) and str(error.value).endswith("Correct the recipe.")


def test_an_adapter_of_another_task_is_refused(finished) -> None:
    _, folder, _ = finished
    write_version(folder, replace(FACTS, base_sha256=SHA, task="portuguese-qa"))
    with pytest.raises(ModelError, match="was trained for portuguese-qa, not question-similarity"):
        begin_with(trainable(smoke(), seed=2), folder, smoke())


def test_a_recipe_with_a_start_is_loaded_with_its_adapter(finished, monkeypatch: pytest.MonkeyPatch) -> None:
    trained, folder, _ = finished
    monkeypatch.setattr("training.backend.plain.load", lambda recipe, cache: trainable(recipe, seed=2))
    fresh, begun = (load(recipe, folder, torch.get_num_threads()) for recipe in (smoke(), smoke(start=folder)))
    (name, weights), *_ = adapter(trained.model).items()
    assert torch.equal(adapter(begun.model)[name], weights)
    assert not torch.equal(adapter(fresh.model)[name], weights)


def test_an_adapter_of_another_base_is_refused(finished) -> None:
    _, folder, version = finished
    write_version(folder, replace(FACTS, base_sha256="c" * 64))
    with pytest.raises(ModelError, match="loaded base is bbbb"):
        begin_with(trainable(smoke(), seed=2), folder, smoke())
    assert read_version(folder).digest == version.digest


def test_the_new_version_names_its_start_and_keeps_the_fingerprints(finished, tmp_path: Path) -> None:
    trained, folder, version = finished
    recipe, rows = smoke(start=folder), [PairRow("Where is it?", "Where was it?", False, "en")]
    trained.model.save_pretrained(tmp_path / "next")
    made = write_record(tmp_path / "next", recipe, trained.weights, rows, {"quantization": "none"}, {}, [])
    assert made.recipe["start"] == version.digest
    assert str(tmp_path) not in (tmp_path / "next" / "version.json").read_text(encoding="utf-8")
    assert set(read_fingerprints(tmp_path / "next").rows) == {"1" * 16, fingerprint(rows[0])}
    assert "2" * 16 in read_fingerprints(tmp_path / "next").questions
