"""A Llama of any shape with random weights in 4 bits, where the catalogue's loader looks for a base from the Hub."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import torch
from bitsandbytes.nn import Linear4bit
from safetensors.torch import save_file
from tokenizers import Tokenizer, models, pre_tokenizers
from transformers import BitsAndBytesConfig, LlamaConfig, PreTrainedTokenizerFast

from assistant.bases.catalogue import BaseModel

COMMIT = "0" * 40
INDEX = "model.safetensors.index.json"


def llama_3_8b() -> LlamaConfig:
    """The published shape."""
    return LlamaConfig(
        vocab_size=128_256,
        hidden_size=4096,
        intermediate_size=14_336,
        num_hidden_layers=32,
        num_attention_heads=32,
        num_key_value_heads=8,
        max_position_embeddings=8192,
        rope_parameters={"rope_type": "default", "rope_theta": 500_000.0},
        rms_norm_eps=1e-5,
        tie_word_embeddings=False,
    )


def write_base(base: BaseModel, config: LlamaConfig, cache: Path, dtype: torch.dtype, device: str) -> None:
    """Put random weights of `config` into `cache` as if they were a snapshot of `base`'s repository.

    Linear layers of the blocks are quantized to NF4 on `device`, one block at a time; the rest has `dtype`.
    """
    repository = cache / "hub" / f"models--{base.hub.replace('/', '--')}"
    folder = repository / "snapshots" / COMMIT
    folder.mkdir(parents=True)
    (repository / "refs").mkdir()
    (repository / "refs" / "main").write_text(COMMIT)
    torch.manual_seed(0)
    where: dict[str, str] = {}
    for layer in range(config.num_hidden_layers):
        _save(_block(config, f"model.layers.{layer}.", dtype, device), f"block-{layer:03}.safetensors", folder, where)
    table = (config.vocab_size, config.hidden_size)
    outer = {"model.embed_tokens.weight": _random(table, dtype), "lm_head.weight": _random(table, dtype)}
    outer["model.norm.weight"] = torch.ones(config.hidden_size, dtype=dtype)
    _save(outer, "outer.safetensors", folder, where)
    (folder / INDEX).write_text(json.dumps({"metadata": {}, "weight_map": where}))
    _write_tokenizer(config, folder)
    config.architectures = ["LlamaForCausalLM"]
    config.dtype = dtype
    config.quantization_config = BitsAndBytesConfig(
        load_in_4bit=True,
        bnb_4bit_quant_type="nf4",
        bnb_4bit_use_double_quant=True,
        bnb_4bit_compute_dtype=dtype,
    ).to_dict()
    config.save_pretrained(folder)


def _block(config: LlamaConfig, prefix: str, dtype: torch.dtype, device: str) -> dict[str, torch.Tensor]:
    """All tensors of one block by name, the quantization's own among them."""
    hidden, inner = config.hidden_size, config.intermediate_size
    keys = config.num_key_value_heads * hidden // config.num_attention_heads
    shapes = {
        "self_attn.q_proj": (hidden, hidden),
        "self_attn.k_proj": (keys, hidden),
        "self_attn.v_proj": (keys, hidden),
        "self_attn.o_proj": (hidden, hidden),
        "mlp.gate_proj": (inner, hidden),
        "mlp.up_proj": (inner, hidden),
        "mlp.down_proj": (hidden, inner),
    }
    tensors = {
        f"{prefix}{norm}_layernorm.weight": torch.ones(hidden, dtype=dtype) for norm in ("input", "post_attention")
    }
    for name, (outputs, inputs) in shapes.items():
        layer = Linear4bit(inputs, outputs, bias=False, compute_dtype=dtype, quant_type="nf4", device="meta")
        kind: Any = type(layer.weight)
        layer.weight = kind(
            _random((outputs, inputs), dtype, device), requires_grad=False, quant_type="nf4", module=layer
        )
        # Moving it quantizes it.
        layer.to(device)
        tensors |= {f"{prefix}{name}.{key}": value.cpu() for key, value in layer.state_dict().items()}
    return tensors


def _random(shape: tuple[int, int], dtype: torch.dtype, device: str = "cpu") -> torch.Tensor:
    """In the spread of an untrained Llama."""
    return torch.randn(shape, dtype=dtype, device=device) * 0.02


def _save(tensors: dict[str, torch.Tensor], file: str, folder: Path, where: dict[str, str]) -> None:
    save_file({name: tensor.contiguous() for name, tensor in tensors.items()}, folder / file, {"format": "pt"})
    where |= dict.fromkeys(tensors, file)


def _write_tokenizer(config: LlamaConfig, folder: Path) -> None:
    """Bytes alone, and the special tokens a loader asks for: the benchmark makes its tokens itself."""
    special = {"bos_token": "<|begin_of_text|>", "eos_token": "<|end_of_text|>", "pad_token": "<|pad|>"}
    known = [*sorted(pre_tokenizers.ByteLevel.alphabet()), *special.values()]
    of = Tokenizer(models.BPE(vocab={token: place for place, token in enumerate(known)}, merges=[]))
    of.pre_tokenizer = pre_tokenizers.ByteLevel(add_prefix_space=False)
    tokenizer = PreTrainedTokenizerFast(tokenizer_object=of, **special)
    tokenizer.save_pretrained(folder)
    config.bos_token_id, config.eos_token_id = tokenizer.bos_token_id, tokenizer.eos_token_id
    config.pad_token_id = tokenizer.pad_token_id
