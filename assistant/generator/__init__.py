"""The language model in memory: label scoring and streamed text, batched across callers."""

from assistant.generator.jobs import LabelScore, Stream, TreePrompt
from assistant.generator.service import Generator

__all__ = ["Generator", "LabelScore", "Stream", "TreePrompt"]
