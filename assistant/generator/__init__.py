"""The language model in memory: label scoring and streamed text, batched across callers."""

import logging

# peft imports bitsandbytes, which warns on some processors that a package is missing which would fetch code.
logging.getLogger("bitsandbytes.backends.cpu.ops").setLevel(logging.ERROR)

from assistant.generator.generator import Generator  # noqa: E402
from assistant.generator.jobs import LabelScore, TreePrompt  # noqa: E402

__all__ = ["Generator", "LabelScore", "TreePrompt"]
