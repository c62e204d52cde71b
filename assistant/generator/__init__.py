"""The language model in memory: label scoring and streamed text, batched across callers."""

from assistant.generator.service import Generator, LabelScore, Stream, TreePrompt

__all__ = ["Generator", "LabelScore", "Stream", "TreePrompt"]
