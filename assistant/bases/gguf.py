"""GGUF weights to a safetensors folder, once."""

from __future__ import annotations

import importlib
import logging
import os
import shutil
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any

from filelock import FileLock

if TYPE_CHECKING:
    from gguf import GGUFReader
    from transformers import PreTrainedTokenizerFast

    from assistant.bases.catalogue import BaseModel

log = logging.getLogger(__name__)


def convert(gguf: Path, folder: Path, base: BaseModel) -> None:
    """Write `gguf` as float32 safetensors with its tokenizer into `folder`.

    The folder appears complete or not at all; of two processes one converts and the other waits.
    """
    import torch
    from transformers import AutoModelForCausalLM

    folder.parent.mkdir(parents=True, exist_ok=True)
    with FileLock(f"{folder}.lock"):
        if (folder / "config.json").exists():
            return
        log.info("converting the weights of %s, once", base.name)
        work = Path(tempfile.mkdtemp(dir=folder.parent, prefix=f"{folder.name}.part-"))
        try:
            with _parsed_once(gguf) as reader:
                tokenizer = _tokenizer(gguf, reader)
                model = AutoModelForCausalLM.from_pretrained(gguf.parent, gguf_file=gguf.name, dtype=torch.float32)
            # The file names the turn's opening token as its end; a reply ends where the chat format says.
            tokenizer.eos_token = base.chat.stop
            # transformers would write the GGUF's quantization record beside weights that no longer have it.
            del model.config.quantization_config
            model.hf_quantizer = None
            model.save_pretrained(work)
            tokenizer.save_pretrained(work)
            os.replace(work, folder)
        except BaseException:
            shutil.rmtree(work, ignore_errors=True)
            raise


@contextmanager
def _parsed_once(file: Path) -> Iterator[GGUFReader]:
    """What the file says, which transformers gets as well inside the block: it would parse the whole vocabulary for the
    tokenizer, for the configuration and for the weights."""
    # Any: a name of theirs is exchanged for the moment.
    gguf: Any = importlib.import_module("gguf")
    import numpy as np

    class Reader(gguf.GGUFReader):
        """Of numpy's memmap, each of a vocabulary's million pieces would be an object of that slow class."""

        @property
        def data(self) -> np.ndarray:
            return self._data

        @data.setter
        def data(self, mapped: np.ndarray) -> None:
            self._data = np.asarray(mapped)

    original, reader = gguf.GGUFReader, Reader(file)
    gguf.GGUFReader = lambda path: reader if Path(path) == file else original(path)
    try:
        yield reader
    finally:
        gguf.GGUFReader = original


def _tokenizer(gguf: Path, reader: GGUFReader) -> PreTrainedTokenizerFast:
    """The tokenizer of a GGUF file.

    A file without merges holds a SentencePiece vocabulary, which transformers would read as single
    characters: its merges follow from the tokens and their scores.
    """
    from transformers import AutoTokenizer, GemmaTokenizer
    from transformers.convert_slow_tokenizer import generate_merges

    fields = reader.fields
    if "tokenizer.ggml.merges" in fields:
        return AutoTokenizer.from_pretrained(gguf.parent, gguf_file=gguf.name)
    tokens = fields["tokenizer.ggml.tokens"].contents()
    scores = fields["tokenizer.ggml.scores"].contents()
    vocabulary = {token: index for index, token in enumerate(tokens)}
    merges = generate_merges(vocabulary, dict(zip(tokens, scores, strict=True)))
    return GemmaTokenizer(vocab=vocabulary, merges=merges)
