"""An adapter's file holds the weights that its base needs, all of them and no others."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pytest
import torch
from peft import LoraConfig, get_peft_model, get_peft_model_state_dict
from safetensors.numpy import load_file, save_file
from transformers import (
    AutoModelForCausalLM,
    Gemma3TextConfig,
    GPT2Config,
    LlamaConfig,
    OPTConfig,
    PreTrainedConfig,
)

from assistant.bases.adapter import CONFIG, WEIGHTS, base_of, check_adapter
from assistant.bases.adapter_keys import expected_keys
from assistant.bases.catalogue import CATALOGUE
from assistant.bases.weights import locate_configuration
from assistant.errors import ModelError
from assistant.settings import load_settings
from assistant.versions.registry import SHIPPED_FOLDER
from tests.support.adapters import make_config, make_version
from tests.support.unfit_adapters import WAYS

JUDGE = SHIPPED_FOLDER / "question-similarity"
GEMMA, SMOLLM = CATALOGUE["gemma-3-270m"], CATALOGUE["smollm2-135m"]


def architecture(name: str) -> PreTrainedConfig:
    """The base's kind of model, with its number of layers in a small width."""
    layers = CATALOGUE[name].layers.count
    small = {"hidden_size": 16, "intermediate_size": 16, "num_attention_heads": 2, "num_hidden_layers": layers}
    if name.startswith("gpt2"):
        return GPT2Config(vocab_size=8, n_embd=16, n_head=2, n_layer=layers)
    if name.startswith("opt"):
        return OPTConfig(vocab_size=8, hidden_size=16, ffn_dim=16, num_attention_heads=2, num_hidden_layers=layers)
    if name.startswith("gemma"):
        return Gemma3TextConfig(vocab_size=8, head_dim=8, num_key_value_heads=1, **small)
    return LlamaConfig(vocab_size=8, **small)


OPTIONS = (
    {"target_modules": "all-linear"},
    {"layers_to_transform": [0, 7]},
    {"layers_to_transform": 3},
    {"target_modules": r".*\.[2-5]\..*_proj"},
    {"exclude_modules": ["v_proj", "fc1"], "target_modules": "all-linear"},
    {"use_dora": True},
    {"lora_bias": True},
)


@pytest.mark.parametrize(
    ("name", "options"), [*((name, {}) for name in CATALOGUE), *(("opt-125m", options) for options in OPTIONS)], ids=str
)
def test_the_expected_weights_are_those_that_peft_writes(name: str, options: dict, tmp_path: Path) -> None:
    base = CATALOGUE[name]
    with torch.device("meta"):
        model = AutoModelForCausalLM.from_config(architecture(name))
        config = LoraConfig(r=2, **{"target_modules": list(base.lora_modules)} | options)
        adapted = get_peft_model(model, config)
    config.save_pretrained(str(tmp_path))
    written = get_peft_model_state_dict(adapted, save_embedding_layers=False).keys()
    assert expected_keys(json.loads((tmp_path / CONFIG).read_text()), base) == set(written)


@pytest.mark.parametrize("name", [name for name, base in CATALOGUE.items() if base.package])
def test_the_catalogue_counts_the_layers_of_the_weights_at_hand(name: str) -> None:
    folder = locate_configuration(CATALOGUE[name], load_settings().cache_dir)
    assert json.loads((folder / "config.json").read_text())["num_hidden_layers"] == CATALOGUE[name].layers.count


@pytest.mark.parametrize("way", WAYS)
def test_weights_that_peft_would_skip_are_named(way: str, tmp_path: Path) -> None:
    change, told = WAYS[way]
    save_file(change(load_file(JUDGE / WEIGHTS)), tmp_path / WEIGHTS)
    (tmp_path / CONFIG).write_bytes((JUDGE / CONFIG).read_bytes())
    with pytest.raises(ModelError, match=told) as error:
        check_adapter(tmp_path, GEMMA)
    assert str(tmp_path) in str(error.value) and len(str(error.value)) < 1500


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    make_version(tmp_path / "made")
    return tmp_path / "made"


def configured(folder: Path, **changes) -> None:
    (folder / CONFIG).write_text(json.dumps(make_config(SMOLLM) | changes))


@pytest.mark.parametrize(
    ("changes", "told"),
    [
        ({"r": 8}, r"have the shapes \[4, 64\] and \[64, 4\], and the configuration gives them the rank 8"),
        ({"rank_pattern": {"layers.0.self_attn.q_proj": 2}}, "gives them the rank 2"),
        ({"layers_to_transform": [0, 1]}, "2 weights are missing"),
        ({"layers_to_transform": None}, "58 weights are missing"),
        ({"target_modules": ["lm_head"]}, r"\['lm_head'\], which names no linear layer of smollm2-135m"),
        ({"target_modules": None}, "which names no linear layer"),
        ({"target_modules": "(q_proj"}, "is no regular expression"),
        ({"base_model_name_or_path": GEMMA.hub}, "was trained on gemma-3-270m, as adapter_config.json says"),
    ],
)
def test_a_configuration_of_other_weights_is_refused(folder: Path, changes: dict, told: str) -> None:
    check_adapter(folder, SMOLLM)
    configured(folder, **changes)
    with pytest.raises(ModelError, match=told):
        check_adapter(folder, SMOLLM)


def test_a_rank_of_its_own_is_followed(folder: Path) -> None:
    configured(folder, r=16, rank_pattern={"q_proj": 4})
    check_adapter(folder, SMOLLM)


def test_half_a_pair_is_refused_on_any_base(folder: Path) -> None:
    check_adapter(folder, None)
    weights = load_file(folder / WEIGHTS)
    save_file({name: value for name, value in weights.items() if "lora_A" in name}, folder / WEIGHTS)
    with pytest.raises(ModelError, match="without the other half of its pair"):
        check_adapter(folder, None)


def test_weights_of_a_strange_shape_are_refused(folder: Path) -> None:
    weights = {name: np.zeros(4, np.float32) for name in load_file(folder / WEIGHTS)}
    save_file(weights, folder / WEIGHTS)
    with pytest.raises(ModelError, match=r"shapes \[4\] and \[4\]"):
        check_adapter(folder, SMOLLM)


@pytest.mark.parametrize(
    "named",
    [
        "google/gemma-3-270m",
        "gemma-3-270m",
        "/home/ana/.cache/resposta/models/gemma-3-270m-a5fd3b62230a",
        "/data/hub/models--google--gemma-3-270m/snapshots/0123/",
    ],
)
def test_the_base_that_a_configuration_names(folder: Path, named: str) -> None:
    configured(folder, base_model_name_or_path=named)
    assert base_of(folder) is GEMMA


@pytest.mark.parametrize("named", ["acme/other-1b", "gemma-3-270m-it", "", None, 7, ["gemma-3-270m"]])
def test_a_base_that_the_catalogue_lacks_is_named_with_the_choice(folder: Path, named: object) -> None:
    configured(folder, base_model_name_or_path=named)
    with pytest.raises(ModelError, match="as base_model_name_or_path: gemma-3-270m, gpt2, ") as error:
        base_of(folder)
    assert repr(str(named)) in str(error.value)
