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
    from assistant.basemodels import BaseModel

log = logging.getLogger(__name__)


def convert(gguf: Path, folder: Path, base: BaseModel) -> None:
    """Write `gguf` as float32 safetensors with its tokenizer into `folder`.

    The folder appears complete or not at all; of two processes one converts and the other waits.
    """
    import torch
    from transformers import AutoModelForCausalLM, AutoTokenizer

    folder.parent.mkdir(parents=True, exist_ok=True)
    with FileLock(f"{folder}.lock"):
        if (folder / "config.json").exists():
            return
        log.info("converting the weights of %s, once", base.name)
        work = Path(tempfile.mkdtemp(dir=folder.parent, prefix=f"{folder.name}.part-"))
        try:
            tokenizer = AutoTokenizer.from_pretrained(gguf.parent, gguf_file=gguf.name)
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
