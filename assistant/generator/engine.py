"""A base model and its adapters. Not thread-safe: the service's one thread owns it."""

from __future__ import annotations

import logging
import threading
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Literal

import torch
from peft import PeftConfig, PeftModel
from transformers import AutoModelForCausalLM, AutoTokenizer

from assistant.bases.adapter import adapter_digest, check_adapter
from assistant.bases.adapter_keys import mismatch
from assistant.bases.weights import Weights
from assistant.errors import ModelError
from assistant.generator.encoding import encode
from assistant.prompts import DIFFERENT, SAME, Segment

log = logging.getLogger(__name__)

Device = Literal["cpu", "cuda"]
DTYPES = {"float32": torch.float32, "bfloat16": torch.bfloat16, "float16": torch.float16}


def has_cuda() -> bool:
    """Whether torch can use a GPU here."""
    return torch.cuda.is_available()


def compute_dtype(device: str, wanted: str = "auto") -> torch.dtype:
    """The type of that name; for "auto" the fastest exact-enough one this hardware multiplies in.

    A CPU without bfloat16 instructions emulates them at a fifth of float32's speed.
    """
    if wanted != "auto":
        return DTYPES[wanted]
    if device == "cuda":
        return torch.bfloat16 if torch.cuda.is_bf16_supported() else torch.float16
    native = torch.cpu._is_avx512_bf16_supported() or torch.cpu._is_amx_tile_supported()
    return torch.bfloat16 if native else torch.float32


class Engine:
    """The loaded model. `adapters` holds the names that `use` accepts; without a `device` it is on the GPU if there
    is one."""

    def __init__(self, weights: Weights, threads: int, dtype: str = "auto", device: Device | None = None) -> None:
        self.weights = weights
        self.device: Device = device or ("cuda" if has_cuda() else "cpu")
        self.dtype = compute_dtype(self.device, dtype)
        if self.device == "cpu":
            torch.set_num_threads(threads)
        self._tokenizing = threading.Lock()
        self.tokenizer = AutoTokenizer.from_pretrained(weights.path)
        self.model = AutoModelForCausalLM.from_pretrained(
            weights.path,
            dtype=self.dtype,
            device_map=self.device if self.device == "cuda" else None,
            use_safetensors=True,
            trust_remote_code=False,
        ).eval()
        self.adapters: set[str] = set()
        self._peft: PeftModel | None = None
        self._active: str | None = None
        self.stop_id = self._single_token(weights.base.chat.stop)
        self.label_ids = (self._single_token(SAME), self._single_token(DIFFERENT))

    @property
    def hardware(self) -> str:
        """What logits depend on beside the weights: device, type, and in how many bits the base is kept, if fewer."""
        bits = [bits for bits in ("8bit", "4bit") if getattr(self.model, f"is_loaded_in_{bits}", False)]
        return " ".join([self.device, str(self.dtype).removeprefix("torch."), *bits])

    def _single_token(self, text: str) -> int:
        ids = self.tokenizer(text, add_special_tokens=False).input_ids
        if len(ids) != 1:
            raise ModelError(
                f"{self.weights.base.name}'s tokenizer splits {text!r} into {len(ids)} tokens, so this catalogue entry "
                "and these weights do not belong together: delete the cache folder's models and start again."
            )
        return ids[0]

    def encode(self, segments: Sequence[Segment]) -> list[int]:
        """Token ids of the segments; safe to call from any thread."""
        with self._tokenizing:
            return encode(self.tokenizer, segments)

    def token_ends(self, text: str) -> tuple[tuple[int, ...], tuple[int, ...]]:
        """The tokens of quoted `text`, and the character offset behind each."""
        with self._tokenizing:
            found = self.tokenizer(
                text, add_special_tokens=False, split_special_tokens=True, return_offsets_mapping=True
            )
        return tuple(found.input_ids), tuple(end for _, end in found.offset_mapping)

    def load_adapter(self, folder: Path) -> str:
        """Load a PEFT adapter and return its name, the digest of its files.

        Raises `ModelError` when it is no plain LoRA adapter, or PEFT cannot put every weight in its place; the base
        and the other adapters stay as they were.
        """
        name = adapter_digest(folder)
        if name in self.adapters:
            return name
        check_adapter(folder, None)
        try:
            peft = self._with_adapter(folder, name)
        except torch.OutOfMemoryError:
            raise
        except (RuntimeError, ValueError, KeyError) as error:
            raise ModelError(
                f"The adapter in {folder} does not fit {self.weights.base.name}: {error}. "
                "Use an adapter trained on this base, or set RESPOSTA_BASE_MODEL to its base."
            ) from error
        # Saved adapters are float32; the base's own type spares a conversion in every layer.
        for key, value in peft.named_parameters():
            if name in key:
                value.data = value.data.to(self.dtype)
        peft.eval()
        self._peft = peft
        self.adapters.add(name)
        return name

    def _with_adapter(self, folder: Path, name: str) -> PeftModel:
        """The base with one more adapter on it, whose every weight is in its place.

        Raises what PEFT raises, and `ValueError` for what PEFT only warns of; the adapter is off the base then.
        """
        peft = self._peft
        if peft is None:
            config = PeftConfig.from_pretrained(str(folder))
            config.inference_mode = True
            peft = PeftModel(self.model, config, adapter_name=name, autocast_adapter_dtype=False)
            self._active = name
        try:
            # From main memory they go to where the base is. Wherever torch says that there is a GPU, PEFT would read
            # them straight to it, through pinned memory, which is not to be had where `spaces` plays CUDA.
            found = peft.load_adapter(
                str(folder), name, is_trainable=False, autocast_adapter_dtype=False, torch_device="cpu"
            )
            if found.missing_keys or found.unexpected_keys:
                missing = [key.replace(f".{name}", "") for key in found.missing_keys]
                raise ValueError(mismatch(missing, found.unexpected_keys))
        except BaseException:
            if self._peft is None:
                peft.unload()
                self._active = None
            elif name in peft.peft_config:
                peft.delete_adapter(name)
                self._active = None
            raise
        return peft

    def unload_adapter(self, name: str) -> None:
        """Give an adapter's memory back. Nothing may compute with it any more."""
        if name not in self.adapters or self._peft is None:
            return
        if self.adapters == {name}:
            # PEFT cannot be without one: it stays until the base goes.
            return
        self._peft.delete_adapter(name)
        self.adapters.remove(name)
        self._active = None

    @contextmanager
    def use(self, adapter: str | None) -> Iterator[None]:
        """Compute with `adapter` inside the block; None is the bare base."""
        if adapter is None:
            if self._peft is None:
                yield
            else:
                with self._peft.disable_adapter():
                    yield
            return
        if adapter not in self.adapters or self._peft is None:
            raise ModelError(f"Adapter {adapter[:12]} is not loaded. Load it before asking for it.")
        if self._active != adapter:
            self._peft.set_adapter(adapter)
            self._active = adapter
        yield

    def label_logits(self, last: torch.Tensor) -> torch.Tensor:
        """The logits of `label_ids`, shape (rows, 2), from the last hidden states, shape (rows, width).

        In float32 whatever the model computes in: of logits near 20, bfloat16 keeps steps of 0.125 only.
        """
        return last.float() @ self.model.lm_head.weight[list(self.label_ids)].float().T

    def text(self, ids: Sequence[int]) -> str:
        return self.tokenizer.decode(ids, skip_special_tokens=True)
