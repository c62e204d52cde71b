"""How fast labels, scoring and suggestions are, each as a ratio against a named baseline in the same run.

    python -m evals.benchmarks.speed [--pairs 100] [--loop 10] [--suggestions 60]

100 real pairs (customers' wordings against the sample answers retrieval finds for them), judged with the shipped
adapter or that of the settings.

- The loop: article A's, on the same model and adapter: one pair at a time, the whole prompt, up to
  400 tokens generated with explanation first, label cut out of the text.
- The bare pass: the base without adapter, one forward pass over the same unique tokens.
"""

from __future__ import annotations

import argparse
import tempfile
import time
from collections.abc import Callable, Sequence
from pathlib import Path

import numpy as np
import torch

from assistant import prompts
from assistant.bases.weights import locate
from assistant.command_line.arguments import count
from assistant.command_line.progress_bars import progress_bar
from assistant.command_line.runner import Command
from assistant.errors import ModelError
from assistant.generator.engine import Engine
from assistant.generator.packing import Packer, Tree
from assistant.prompts import PairPrompt
from assistant.records import LANGUAGES
from assistant.serving.choose import open_model
from assistant.settings import Settings, load_settings
from assistant.store.connection import open_store
from assistant.wiring import open_desk
from evals.benchmarks.article_loop import article_loop
from evals.data.named_sets import shop_wordings
from evals.data.published import Wording

CANDIDATES = 10
REPEATS = 3


def real_pairs(settings: Settings, wordings: Sequence[Wording], chat: prompts.ChatFormat) -> list[list[PairPrompt]]:
    """For each wording, its comparison with every candidate that retrieval finds."""
    with open_store(settings) as store, open_desk(settings, store, sample=True) as desk:
        return [
            [prompts.label_first(w.query, c.phrasing, w.language, chat) for c in desk.search(w.query, CANDIDATES)]
            for w in wordings
        ]


def fastest(work: Callable[[], object]) -> float:
    """Seconds of the fastest of several runs: the one other processes disturbed least."""
    work()
    seconds = []
    for _ in range(REPEATS):
        started = time.perf_counter()
        work()
        seconds.append(time.perf_counter() - started)
    return min(seconds)


def tree(engine: Engine, pairs: Sequence[PairPrompt]) -> tuple[tuple[int, ...], Tree]:
    """Pairs with one asked question as (tokens of the prompt's head, the tree behind it)."""
    leaves = tuple(tuple(engine.encode(pair.past)) for pair in pairs)
    return tuple(engine.encode(pairs[0].head)), Tree(tuple(engine.encode(pairs[0].asked)), leaves)


def score_all(engine: Engine, trees: Sequence[tuple[tuple[int, ...], Tree]], adapter: str | None) -> None:
    """Labels as the app scores them. The head's states are made anew, so that nothing is had for free."""
    packer = Packer(engine)
    with torch.inference_mode(), engine.use(adapter):
        for head, own in trees:
            logits = engine.model.lm_head(packer.run(head, [own], adapter).last)
            logits[:, list(engine.label_ids)].float().cpu()


def bare_pass(engine: Engine, trees: Sequence[tuple[tuple[int, ...], Tree]]) -> None:
    """The unique tokens of each question as one plain row through the base alone."""
    with torch.inference_mode(), engine.use(None):
        for number, (head, own) in enumerate(trees):
            row = (*(() if number else head), *own.stem, *(token for leaf in own.leaves for token in leaf))
            engine.model(input_ids=torch.tensor([row], device=engine.device), logits_to_keep=1)


def suggestions(settings: Settings, wordings: Sequence[Wording]) -> None:
    """Latency of the whole way with reasons off, then of the first words of the first reason."""
    with open_store(settings) as store, open_desk(settings, store, sample=True) as desk:
        desk.suggest(wordings[0].query)
        seconds, first_words = [], []
        for wording in progress_bar(wordings, unit="suggestion"):
            started = time.perf_counter()
            suggestion = desk.suggest(wording.query)
            seconds.append(time.perf_counter() - started)
            started = time.perf_counter()
            for _ in desk.reasons(suggestion):
                first_words.append(time.perf_counter() - started)
                break
    p50, p95 = np.percentile(seconds, [50, 95])
    print(f"suggest, {settings.candidates} candidates, reasons off: p50 {p50:.2f} s  p95 {p95:.2f} s")
    p50, p95 = np.percentile(first_words, [50, 95])
    print(f"first words of the first reason after that: p50 {p50:.2f} s  p95 {p95:.2f} s")


def _arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("--pairs", type=count, default=100, help="pairs to score (default: %(default)s)")
    parser.add_argument("--loop", type=count, default=10, help="pairs for the slow loop (default: %(default)s)")
    parser.add_argument("--suggestions", type=count, default=60, help="suggestions to time (default: %(default)s)")


def _work(options: argparse.Namespace) -> None:
    wordings = [wording for language in LANGUAGES for wording in shop_wordings(language)]
    wordings = wordings[:: max(1, len(wordings) // options.suggestions)]
    with tempfile.TemporaryDirectory() as folder:
        settings = load_settings(data_dir=Path(folder) / "data", database_url=None)
        with open_model(settings) as model:
            base, adapter_folder = model.base, model.adapter
        if adapter_folder is None:
            raise ModelError(
                f"{base.name} has no adapter to measure: unset RESPOSTA_BASE_MODEL or set RESPOSTA_ADAPTER."
            )
        suggestions(settings, wordings)
        groups = real_pairs(settings, wordings[: options.pairs // CANDIDATES], base.chat)
        engine = Engine(locate(base, settings.cache_dir), settings.computing_threads, settings.dtype)
        adapter = engine.load_adapter(adapter_folder)
        trees = [tree(engine, group) for group in groups]
        pairs = sum(len(own.leaves) for _, own in trees)
        scoring = fastest(lambda: score_all(engine, trees, adapter))
        bare = fastest(lambda: bare_pass(engine, trees))
        asked = [(group[0].asked[0].text, pair.past[0].text) for group in groups for pair in group][
            :: max(1, pairs // options.loop)
        ][: options.loop]
        loop, tokens, readable = article_loop(engine, asked, adapter)
    print(f"base {base.name}, {engine.device}, {engine.dtype}, {torch.get_num_threads()} threads, {pairs} pairs")
    print(f"article's loop: {loop:.2f} s a pair, {tokens:.0f} tokens generated, {readable}/{len(asked)} with a label")
    print(f"scoring: {scoring / pairs:.4f} s a pair, {loop * pairs / scoring:.0f} times as fast as the loop (aim: 25)")
    print(f"scoring / bare pass over the same unique tokens: {scoring / bare:.2f} (aim: at most 1.3)")


main = Command("evals.benchmarks.speed", __doc__, arguments=_arguments, work=_work)

if __name__ == "__main__":
    main.run()
