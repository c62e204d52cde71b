"""How fast training is on a CPU, and with which loss, against TRL's SFTTrainer in the same run.

    python -m training.benchmarks.cpu PAIRS.csv [--rows 1000] [--steps 20] [--base smollm2-135m]
        [--without-bf16] [--profile]

All sides learn the same tokens of the same rows in the same order, from the same LoRA weights, with the settings
of question-similarity-small but for its discount on explanations, which SFTTrainer has not. Each runs in a fresh
process, one after the other; the first step is not timed. Tokens are those of the rows, each counted whole.

- The baseline: SFTTrainer and PEFT with bf16 on, gradient checkpointing off and everything else at its defaults.
- The same at float32, which is the faster one by far where a CPU has to emulate bf16. There the first takes about an
  hour, and --without-bf16 leaves it out.
"""

from __future__ import annotations

import argparse
import json
import os
from functools import partial
from pathlib import Path

from assistant.command_line.arguments import count
from assistant.command_line.runner import Command
from assistant.errors import InputError
from assistant.generator.engine import compute_dtype
from assistant.settings import load_settings
from assistant.tasks import task_of
from training.backend.estimate import Shape
from training.backend.fresh_process import in_fresh_process
from training.benchmarks.profile import FIRST, LAST, Profile, profiled
from training.benchmarks.sides import BASELINES, OURS, Measures, Rows, measure
from training.data.prepare import prepare
from training.recipe import FOLDER, Recipe, load_recipe

RECIPE = FOLDER / f"{task_of('judge').recipes.small}.yaml"
HELD_OUT = 64
# The final loss is the mean over so many last steps.
FINAL = 10


def benchmark_recipe(pairs: Path, base: str, rows: int, steps: int) -> Recipe:
    """The recipe of the small judge on `rows` pairs of one file, with every counted token counted alike."""
    changes = {
        "base": base,
        "data.root": str(pairs.parent),
        "data.sources": [{"kind": "pairs", "file": pairs.name, "limit": rows}],
        "data.validation_share": 0.1,
        "training.reason_weight": 1,
        "training.warmup_steps": steps // 10,
        "training.logging_steps": 1,
    }
    return load_recipe(RECIPE, [f"{key}={json.dumps(value)}" for key, value in changes.items()])


def benchmark_rows(recipe: Recipe, cache: Path, steps: int) -> Rows:
    """The rows of so many steps, and some held out. Raises `InputError` when there are too few."""
    prepared = prepare(recipe, partial(Shape.encode, Shape(recipe, cache)))
    training = [row for group in prepared.training for row in group]
    needed = steps * recipe.training.per_device_batch * recipe.training.accumulation
    if len(training) < needed:
        raise InputError(
            f"{steps} steps need {needed:,} training rows and there are {len(training):,}: lower --steps or raise "
            "--rows."
        )
    held_out = [row for group in prepared.validation for row in group][:HELD_OUT]
    if not held_out:
        raise InputError("No rows are left to measure the loss on: raise --rows.")
    return Rows(tuple(training[:needed]), tuple(held_out))


def final_loss(measures: Measures) -> float:
    """The mean loss of the last steps."""
    last = measures.losses[-FINAL:]
    return sum(last) / len(last)


def check_alike(measures: dict[str, Measures]) -> None:
    """Raise `InputError` unless all sides trained the same rows in the same order from the same weights."""
    ours = measures[OURS]
    for name, other in measures.items():
        if (other.order, other.tokens) != (ours.order, ours.tokens):
            raise InputError(f"{name} saw other rows or another order, so nothing is compared. Mend the benchmark.")
        if other.start != ours.start:
            raise InputError(f"{name} began with other LoRA weights, so nothing is compared. Mend the benchmark.")


def table(measures: dict[str, Measures]) -> list[str]:
    """A line for every side, then one for every comparison."""
    ours = measures[OURS]
    lines = [f"{'':<22}{'tokens/s':>10}{'final loss':>12}{'held-out loss':>15}{'peak memory':>14}"]
    for name, one in measures.items():
        lines.append(
            f"{name:<22}{one.tokens_per_second:>10.1f}{final_loss(one):>12.4f}{one.held_out_loss:>15.4f}"
            f"{one.peak_memory:>10.2f} GiB"
        )
    for name, other in measures.items():
        if name == OURS:
            continue
        lines.append(
            f"against {name}: {ours.tokens_per_second / other.tokens_per_second:.2f} times the tokens/s (aim: 2), "
            f"final loss {final_loss(ours) / final_loss(other) - 1:+.2%}, "
            f"held-out loss {ours.held_out_loss / other.held_out_loss - 1:+.2%} (aim: within 2 %)"
        )
    return lines


def shares(profile: Profile) -> list[str]:
    """Lines that say where a step's time goes."""
    return [
        f"{OURS}, steps {FIRST + 1} to {LAST}:",
        *(f"  {name:<32}{share:>6.1%}" for name, share in profile.shares.items()),
        f"  matrix products: {profile.rate / 1e9:.1f} of the {profile.peak / 1e9:.1f} GFLOP/s that one large product "
        f"reaches ({profile.rate / profile.peak:.0%})",
    ]


def _arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("pairs", type=Path, help="CSV of question pairs")
    parser.add_argument("--rows", type=count, default=1000, help="pairs to read (default: %(default)s)")
    parser.add_argument("--steps", type=count, default=20, help="optimizer steps of each side (default: %(default)s)")
    parser.add_argument("--base", default="smollm2-135m", help="base model (default: %(default)s)")
    parser.add_argument("--without-bf16", action="store_true", help="compare with float32 only")
    parser.add_argument("--profile", action="store_true", help="show where the rest of the time goes")


def _work(options: argparse.Namespace) -> None:
    os.environ["TOKENIZERS_PARALLELISM"] = "false"
    # A GPU would be used by one side only.
    os.environ["CUDA_VISIBLE_DEVICES"] = ""
    # The profiler reports its starts and ends.
    os.environ["KINETO_LOG_LEVEL"] = "99"
    if options.steps < LAST:
        raise InputError(f"--steps {options.steps} is too few to time: give at least {LAST}.")
    settings = load_settings()
    recipe = benchmark_recipe(options.pairs.resolve(), options.base, options.rows, options.steps)
    rows = benchmark_rows(recipe, settings.cache_dir, options.steps)
    given = (recipe, rows, settings.cache_dir, settings.computing_threads)
    measures = {}
    for side in (OURS, *(name for name, bf16 in BASELINES.items() if not (bf16 and options.without_bf16))):
        print(f"{side}: {options.steps} steps …", flush=True)
        measures[side] = in_fresh_process(measure, side, *given)
    check_alike(measures)
    native = compute_dtype("cpu").itemsize == 2
    print(
        f"\n{options.base}, {settings.computing_threads} threads, this CPU {'has' if native else 'emulates'} bf16; "
        f"{len(rows.training):,} rows, {measures[OURS].tokens:,} tokens, each side in a fresh process",
        f"final loss: mean of the last {min(FINAL, options.steps)} steps; held-out loss: {len(rows.held_out)} rows",
        *table(measures),
        sep="\n",
    )
    if options.profile:
        print(*shares(in_fresh_process(profiled, *given)), sep="\n")


main = Command("training.benchmarks.cpu", __doc__, arguments=_arguments, work=_work)

if __name__ == "__main__":
    main.run()
