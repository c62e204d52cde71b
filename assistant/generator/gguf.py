"""GGUF weights to a safetensors folder, once."""

from __future__ import annotations

import logging
import os
import shutil
import tempfile
from pathlib import Path
from typing import TYPE_CHECKING

from filelock import FileLock

if TYPE_CHECKING:
    from transformers import PreTrainedTokenizerFast

    from assistant.basemodels import BaseModel

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
            tokenizer = _tokenizer(gguf)
            # The file names the turn's opening token as its end; a reply ends where the chat format says.
            tokenizer.eos_token = base.chat.stop
            model = AutoModelForCausalLM.from_pretrained(gguf.parent, gguf_file=gguf.name, dtype=torch.float32)
            # transformers would write the GGUF's quantization record beside weights that no longer have it.
            del model.config.quantization_config
            model.hf_quantizer = None
            model.save_pretrained(work)
            tokenizer.save_pretrained(work)
            os.replace(work, folder)
        except BaseException:
            shutil.rmtree(work, ignore_errors=True)
            raise


def _tokenizer(gguf: Path) -> PreTrainedTokenizerFast:
    """The tokenizer of a GGUF file.

    A file without merges holds a SentencePiece vocabulary, which transformers would read as single
    characters: its merges follow from the tokens and their scores.
    """
    from gguf import GGUFReader
    from transformers import AutoTokenizer, GemmaTokenizer
    from transformers.convert_slow_tokenizer import generate_merges

    fields = GGUFReader(gguf).fields
    if "tokenizer.ggml.merges" in fields:
        return AutoTokenizer.from_pretrained(gguf.parent, gguf_file=gguf.name)
    tokens = fields["tokenizer.ggml.tokens"].contents()
    scores = fields["tokenizer.ggml.scores"].contents()
    vocabulary = {token: index for index, token in enumerate(tokens)}
    merges = generate_merges(vocabulary, dict(zip(tokens, scores, strict=True)))
    return GemmaTokenizer(vocab=vocabulary, merges=merges)
