"""What a run is said to need, against real models and against counting by hand."""

from __future__ import annotations

import pytest
import torch
from peft import LoraConfig, PeftModel, get_peft_model
from transformers import (
    AutoModelForCausalLM,
    Gemma3TextConfig,
    GPT2Config,
    LlamaConfig,
    OPTConfig,
    PretrainedConfig,
)

from assistant.errors import ModelError
from training.backend.estimate import (
    GIB,
    Estimate,
    estimate,
    layer_activations,
    lora_parameters,
    parameters,
    peak_memory,
    step_tokens,
)
from training.benchmarks.random_weights import llama_3_8b
from training.data.prepare import Prepared
from training.data.rows import TokenRow
from training.data.sources import SourceReport
from training.recipe import FOLDER, Recipe, load_recipe

LLAMA = {"hidden_size": 64, "intermediate_size": 224, "num_attention_heads": 8, "num_key_value_heads": 2}
CONFIGS: dict[str, PretrainedConfig] = {
    "llama-3-8b": LlamaConfig(**LLAMA, num_hidden_layers=2, vocab_size=100, tie_word_embeddings=False),
    "smollm2-135m": LlamaConfig(**LLAMA, num_hidden_layers=2, vocab_size=100, tie_word_embeddings=True),
    "gemma-3-270m": Gemma3TextConfig(
        hidden_size=64,
        intermediate_size=200,
        num_attention_heads=4,
        num_key_value_heads=1,
        head_dim=26,
        num_hidden_layers=2,
        vocab_size=100,
    ),
    # With dropout inside the attention a CPU has no kernel that does without the whole matrix.
    "gpt2": GPT2Config(n_embd=64, n_layer=2, n_head=8, vocab_size=100, bos_token_id=1, eos_token_id=1, attn_pdrop=0.0),
    "opt-125m": OPTConfig(
        hidden_size=64, ffn_dim=256, num_hidden_layers=2, num_attention_heads=8, vocab_size=100, word_embed_proj_dim=64
    ),
}
LLAMA_3_8B = llama_3_8b()
T4 = 15 * GIB


def recipe(name: str, *changes: str) -> Recipe:
    return load_recipe(FOLDER / f"{name}.yaml", changes)


def tiny(base: str, layers: int = 2) -> tuple[PretrainedConfig, PeftModel]:
    """A configuration of this base's architecture, and a model made from it with the adapter of its recipes."""
    config = type(CONFIGS[base]).from_dict(CONFIGS[base].to_dict() | {"num_hidden_layers": layers, "layer_types": None})
    modules = list(recipe("smoke", f"base={base}").lora_modules)
    model = AutoModelForCausalLM.from_config(config)
    adapter = LoraConfig(r=8, target_modules=modules, fan_in_fan_out=base == "gpt2")
    return config, get_peft_model(model, adapter, autocast_adapter_dtype=False)


@pytest.mark.parametrize("base", CONFIGS)
def test_parameters_are_those_of_a_real_model_with_its_adapter(base: str) -> None:
    config, model = tiny(base)
    trainable, everything = model.get_nb_trainable_parameters()
    chosen = recipe("smoke", f"base={base}", "lora.r=8")
    blocks, embeddings = parameters(config)
    assert lora_parameters(chosen, config) == trainable > 0
    assert blocks + embeddings + trainable == everything
    # What stays as it is when the blocks are quantized, a tied output matrix once.
    tables = [module.weight for module in model.modules() if isinstance(module, torch.nn.Embedding)]
    assert embeddings == sum(weight.numel() for weight in {*tables, model.get_output_embeddings().weight})


def kept_for_backward(model: PeftModel, tokens: torch.Tensor) -> int:
    """Bytes that a forward pass to the last layer keeps for the backward pass, parameters aside."""
    parameters = {value.untyped_storage().data_ptr() for value in model.parameters()}
    kept: dict[int, torch.Tensor] = {}

    def note(tensor: torch.Tensor) -> torch.Tensor:
        if (place := tensor.untyped_storage().data_ptr()) not in parameters:
            kept[place] = tensor
        return tensor

    with torch.autograd.graph.saved_tensors_hooks(note, lambda tensor: tensor):
        model.get_base_model().base_model(input_ids=tokens, use_cache=False)
    return sum(tensor.untyped_storage().nbytes() for tensor in kept.values())


@pytest.mark.parametrize("base", [base for base in CONFIGS if base != "opt-125m"])
def test_what_a_layer_keeps_is_counted_as_models_really_keep_it(base: str) -> None:
    """OPT, without gates and with plain norms, keeps less than half."""
    tokens = torch.randint(0, 100, (2, 64), generator=torch.Generator().manual_seed(0))
    sizes = {}
    for layers in (1, 3):
        config, model = tiny(base, layers)
        sizes[layers] = kept_for_backward(model.to(torch.bfloat16).train(), tokens)
    counted = (sizes[3] - sizes[1]) / 2 / tokens.numel() / torch.bfloat16.itemsize
    assert 0.8 * counted < layer_activations(config) < 1.5 * counted


def test_tokens_are_counted_as_they_are_computed() -> None:
    beginning = tuple(range(10))
    rows = [TokenRow((*beginning, *range(50, 50 + length)), (0.0,) * 10 + (1.0,) * length) for length in (2, 4, 6)]
    alone = [[row] for row in rows]
    padded = recipe(
        "smoke", "training.packing=none", "training.reason_weight=1", "training.per_device_batch=2", "training.seed=1"
    )
    # 12, 14 and 16 tokens, two of them in a batch and filled up to the longer one.
    assert sorted(step_tokens(padded, alone, "cpu")) in ([12, 32], [14, 32], [16, 28])
    whole = recipe("smoke", "training.packing=none", "training.reason_weight=1", "training.per_device_batch=3")
    assert step_tokens(whole, alone, "cpu") == [48]
    # The beginning once, replies without their last tokens, of which each is the next one's beginning.
    assert step_tokens(recipe("smoke", "training.per_device_batch=1"), [rows], "cpu") == [10 + 5]
    packed = recipe(
        "question-similarity-llama3",
        "training.packing=sequences",
        "training.reason_weight=1",
        "training.max_length=20",
        "training.per_device_batch=2",
    )
    assert step_tokens(packed, alone, "cuda") == [40, 20]
    assert sum(step_tokens(packed, alone, "cpu")) in (12 + 32, 14 + 32, 16 + 28)


def test_an_estimate_of_a_whole_run() -> None:
    row = TokenRow((1, 2, 3, 4), (0.0, 0.0, 1.0, 1.0))
    prepared = Prepared(("row",) * 7, ("row",) * 2, ((row,),) * 7, ((row,),) * 2, SourceReport())
    config, model = tiny("smollm2-135m")
    chosen = recipe(
        "smoke",
        "training.packing=none",
        "training.reason_weight=1",
        "training.per_device_batch=2",
        "training.accumulation=2",
        "training.epochs=1.5",
    )
    found = estimate(chosen, prepared, config)
    # 4 batches make 2 steps an epoch.
    assert (found.rows, found.validation_rows, found.tokens, found.computed_tokens, found.steps) == (7, 2, 28, 28, 3)
    assert (found.trainable, found.parameters) == model.get_nb_trainable_parameters()
    assert found.seconds > 0
    assert found.lines()[:3] == [
        "7 training rows, 2 held out; 28 tokens an epoch, 28 of them computed",
        "3 optimizer steps",
        f"{found.trainable:,} of {found.parameters:,} parameters trained ({found.trainable / found.parameters:.2%})",
    ]
    assert found.memory < found.available
    found.refuse_if_too_large()


def llama_estimate(*changes: str) -> Estimate:
    """What Llama 3 8B needs for batches of the greatest length on a GPU with 15 GiB."""
    chosen = recipe("question-similarity-llama3", *changes)
    tokens = chosen.training.per_device_batch * chosen.training.max_length
    return Estimate(
        1,
        0,
        1,
        1,
        1,
        1,
        1,
        peak_memory(chosen, LLAMA_3_8B, tokens, "cuda"),
        T4,
        1.0,
        chosen.training.gradient_checkpointing,
    )


def test_the_published_settings_for_llama_3_fit_into_15_gib() -> None:
    found = llama_estimate()
    assert 9 * GIB < found.memory < T4
    found.refuse_if_too_large()


def test_what_does_not_fit_is_refused_with_the_fix() -> None:
    found = llama_estimate(
        "training.max_length=4096", "training.per_device_batch=16", "training.gradient_checkpointing=false"
    )
    with pytest.raises(ModelError) as error:
        found.refuse_if_too_large()
    assert str(error.value) == (
        f"The run needs about {found.memory / GIB:.1f} GB and the machine has 15.0: lower training.max_length or "
        "training.per_device_batch, or set training.gradient_checkpointing=true."
    )


@pytest.mark.parametrize(
    "change",
    ["quantization=none", "training.gradient_checkpointing=false", "training.per_device_batch=8"],
)
def test_each_saving_counts(change: str) -> None:
    """Without any one of them the published settings do not fit."""
    assert llama_estimate(change).memory > T4


def test_weights_in_4_bits_are_nearly_all_of_a_small_step() -> None:
    chosen = recipe("question-similarity-llama3", "training.max_length=16", "training.per_device_batch=1")
    # The published 4-bit weights are a file of 5.7 GB: blocks in 4 bits, embeddings and output matrix in 16.
    assert 5.7e9 < peak_memory(chosen, LLAMA_3_8B, 16, "cuda") - 1.2 * GIB < 6.5e9
    # PEFT's own preparation keeps those two in 32 bits.
    plain = recipe("question-similarity-llama3", "backend=peft", "training.max_length=16")
    assert peak_memory(plain, LLAMA_3_8B, 16, "cuda") - peak_memory(chosen, LLAMA_3_8B, 16, "cuda") == pytest.approx(
        2 * 2 * 128256 * 4096
    )
