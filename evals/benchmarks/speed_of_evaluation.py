"""How fast pairs are evaluated, as a ratio against article A's loop on the same model and adapter, in one run.

    python -m evals.benchmarks.speed_of_evaluation QQP/dev.csv [--loop 8]

All pairs go through the judge as `evals.run` asks it, embeddings and all; then some of them through the loop: one pair
at a time, the published template, up to 400 tokens generated, the label cut out behind them. Memory is read after a
fifth of the pairs and after all of them.
"""

from __future__ import annotations

import argparse
import time
from pathlib import Path

import psutil

from assistant.bases.weights import locate
from assistant.command_line.arguments import count
from assistant.command_line.runner import Command
from assistant.errors import ModelError
from assistant.generator.engine import Engine
from assistant.settings import load_settings
from evals.benchmarks.article_loop import article_loop
from evals.data.published import load_pairs
from evals.row_records import MeasuredPair
from evals.systems.app_pairs import open_app_pairs

MIB = 1024**2


def _arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("file", type=Path, help="CSV with question1, question2, is_duplicate")
    parser.add_argument("--loop", type=count, default=8, help="pairs for the slow loop (default: %(default)s)")


def _work(options: argparse.Namespace) -> None:
    together = MeasuredPair.TOGETHER
    settings, pairs = load_settings(), load_pairs(options.file)
    with open_app_pairs("judge", settings) as system:
        base, folder = system.loaded.base, system.loaded.adapter
        if folder is None:
            raise ModelError("There is no adapter to measure: unset RESPOSTA_BASE_MODEL.")
        system.probabilities(pairs[:together])
        memory: list[int] = []
        begun = time.perf_counter()
        for start in range(0, len(pairs), together):
            system.probabilities(pairs[start : start + together])
            if not memory and start >= len(pairs) / 5:
                memory.append(psutil.Process().memory_info().rss)
        ours = (time.perf_counter() - begun) / len(pairs)
        memory.append(psutil.Process().memory_info().rss)
    engine = Engine(locate(base, settings.cache_dir), settings.computing_threads, settings.dtype)
    asked = [(pair.question1, pair.question2) for pair in pairs[:: max(1, len(pairs) // options.loop)]]
    loop, tokens, readable = article_loop(engine, asked[: options.loop], engine.load_adapter(folder))
    print(f"{base.name}, {engine.device}, {engine.dtype}, {settings.computing_threads} threads")
    print(f"article's loop: {loop:.2f} s a pair, {tokens:.0f} tokens generated, {readable} labels in {options.loop}")
    print(f"evaluation: {len(pairs)} pairs, {1 / ours:.1f} pairs/s, {loop / ours:.0f} times as fast (aim: 20)")
    print(f"memory: {memory[0] / MIB:.0f} MiB after a fifth of the pairs, {memory[-1] / MIB:.0f} MiB after all")


main = Command("evals.benchmarks.speed_of_evaluation", __doc__, arguments=_arguments, work=_work)

if __name__ == "__main__":
    main.run()
