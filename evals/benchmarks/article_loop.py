"""Article A's loop, which benchmarks are compared with: one pair at a time, explanation first, the label cut out."""

from __future__ import annotations

import statistics
import time
from collections.abc import Sequence

import torch

from assistant import prompts
from assistant.command_line.progress_bars import progress_bar
from assistant.generator.engine import Engine
from evals.systems.written_labels import WRITTEN_TOKENS


def article_loop(engine: Engine, asked: Sequence[tuple[str, str]], adapter: str) -> tuple[float, float, int]:
    """Seconds and generated tokens per pair of the published loop, and how many replies held a label."""
    tokens, readable = [], 0
    started = time.perf_counter()
    with torch.inference_mode(), engine.use(adapter):
        for first, second in progress_bar(asked, unit="pair", desc="article's loop"):
            ids = engine.encode(prompts.explanation_first(first, second, engine.weights.base.chat))
            output = engine.model.generate(
                torch.tensor([ids], device=engine.device),
                attention_mask=torch.ones(1, len(ids), dtype=torch.long, device=engine.device),
                max_new_tokens=WRITTEN_TOKENS,
                do_sample=False,
                eos_token_id=engine.stop_id,
                pad_token_id=engine.stop_id,
            )
            reply = output[0, len(ids) :].tolist()
            tokens.append(len(reply))
            readable += prompts.parse_explanation_first(engine.text(reply)) is not None
    return (time.perf_counter() - started) / len(asked), statistics.mean(tokens), readable
