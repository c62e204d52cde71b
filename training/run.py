"""Train an adapter from a recipe and register it.

    python -m training.run training/recipes/question-similarity-small.yaml --set data.root=DATA

The same command again goes on from the last checkpoint, also after kill -9. With several GPUs only the launcher
changes: `accelerate launch --multi_gpu --num_processes 2 -m training.run RECIPE --set backend=peft`.
"""

from __future__ import annotations

import argparse
import gc
import os
import shutil
import sys
from collections.abc import Sequence
from contextlib import nullcontext
from functools import partial
from pathlib import Path

from assistant.command_line.exit_codes import of_signal
from assistant.command_line.person import person
from assistant.command_line.runner import Command
from assistant.settings import Settings, load_settings
from training.backend import join, load
from training.backend.advice import advised
from training.backend.checkpoints import complete, latest
from training.backend.run_folders import Run, alone, open_run
from training.data.examples import Teach
from training.data.rows import PairRow
from training.recipe import Recipe, load_recipe
from training.tracking import open_tracker

PROJECT = "resposta"
GOES_ON = "The same command goes on from there."


def train(recipe: Recipe, run: Run, settings: Settings, teach: Teach | None) -> int | None:
    """Train until the end, or until a signal asks to stop: the number of that signal, or None when the version folder
    is complete.

    Of several processes all compute, and only the main one keeps, measures and prints.
    """
    # First of all: unsloth has to be imported before what it patches.
    processes = join(recipe, settings.cache_dir)
    trainable = load(recipe, settings.cache_dir, settings.computing_threads)

    from assistant.generator.encoding import encode
    from evals.reporting.pictures import confusion, loss_curves
    from evals.runs.environment import environment
    from training.backend import loop
    from training.backend.interruption import Interruption
    from training.backend.resume import adopt
    from training.backend.watch import Watch
    from training.data.prepare import prepare
    from training.release.record import write_record
    from training.release.validate import validate

    # What a teacher or a translator wrote for the first, the others find.
    with processes.main_process_first():
        prepared = prepare(recipe, partial(encode, trainable.tokenizer), teach)
    if processes.is_main_process:
        print(*prepared.report.lines(), sep="\n")
    kind = recipe.tracker if processes.is_main_process else "none"
    tracker = open_tracker(kind, PROJECT, run.name, settings.data_dir / "tracking", bool(complete(run.checkpoints)))
    watch, interruption = Watch(tracker, prepared.tokens, run.folder), Interruption()
    trainer = loop.make_trainer(
        recipe, trainable, prepared.training, prepared.validation, run.folder, [watch, interruption]
    )
    in_effect = trainable.in_effect | loop.in_effect(trainer)
    tracker.start({"recipe": recipe.model_dump(mode="json"), "in_effect": in_effect, "environment": environment()})
    with processes.main_process_first():
        checkpoint = latest(run.checkpoints)
        if checkpoint and run.is_fresh_fork and processes.is_main_process:
            adopt(checkpoint, recipe)
    with interruption.listening():
        trainer.train(resume_from_checkpoint=str(checkpoint) if checkpoint else None)
    if interruption.asked and trainer.state.global_step < trainer.state.max_steps:
        tracker.finish({"interrupted at step": trainer.state.global_step})
        return interruption.signal
    if not processes.is_main_process:
        return None
    draft = run.folder / "version.part"
    shutil.rmtree(draft, ignore_errors=True)
    loop.save_adapter(trainer, trainable.weights, draft)
    history, in_effect["epoch_seconds"] = loop.history(trainer), watch.epochs
    if watch.tokens_per_second:
        in_effect["tokens_per_second"] = round(watch.tokens_per_second, 1)
    weights = trainable.weights
    del trainer, trainable
    gc.collect()
    metrics = validate(recipe, draft, prepared.held_out, settings)
    loss_curves({run.name: history}, run.folder / "loss.png")
    tracker.picture("loss", run.folder / "loss.png")
    for language in ("en", "pt"):
        if "confusion" in metrics.get(language, {}):
            picture = run.folder / f"confusion-{language}.png"
            confusion(metrics[language]["confusion"], ("different", "same"), picture)
            tracker.picture(f"confusion {language}", picture)
    write_record(draft, recipe, weights, prepared.rows, in_effect, metrics, history)
    draft.rename(run.version)
    tracker.finish({"metrics": metrics})
    return None


def show_estimate(recipe: Recipe, settings: Settings, teach: Teach | None) -> None:
    """Print what the run would need. Raises `ModelError` when it will not fit."""
    from training.backend.estimate import Shape, estimate
    from training.data.prepare import prepare

    shape = Shape(recipe, settings.cache_dir)
    prepared = prepare(recipe, shape.encode, teach)
    found = estimate(recipe, prepared, shape.config)
    for line in (*prepared.report.lines(), *found.lines()):
        print(line)
    found.refuse_if_too_large()


def teacher(recipe: Recipe, settings: Settings, options: argparse.Namespace) -> Teach | None:
    """Asks the teacher of the settings for explanations; None where the recipe wants none of them.

    A dry run asks nothing: it prints the cost, and takes what is written from the differing words instead.
    """
    if recipe.data.explanations != "teacher":
        return None

    from training.teaching.teacher import cost, explain, stand_in, teacher_from
    from training.teaching.teacher_report import TeacherReport

    asked = teacher_from(settings)

    def teach(rows: Sequence[PairRow]) -> list[PairRow]:
        if options.dry_run or options.yes:
            print(*cost(rows, asked).lines(), sep="\n")
        if options.dry_run:
            return [stand_in(row) for row in rows]
        report = TeacherReport()
        taught = explain(rows, asked, confirm=options.yes, report=report)
        print(*report.lines(asked.prices), sep="\n")
        return taught

    return teach


def register(run: Run, settings: Settings) -> str:
    """Add the run's version to the registry; its digest."""
    from assistant.versions.registry_of_settings import opened_registry
    from training.release.canaries import keep_canaries

    with opened_registry(settings) as registry:
        version = registry.add(run.version, person(), f"trained in {run.name}").version
        keep_canaries(registry, settings, version)
        return version.digest


def _arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("recipe", type=Path)
    parser.add_argument("--set", dest="changes", action="append", default=[], metavar="KEY=VALUE")
    parser.add_argument("--dry-run", action="store_true", help="print what the run would need, and do nothing")
    parser.add_argument("--fork", metavar="RUN@STEP", help="begin a new run with another run's checkpoint")
    parser.add_argument("--yes", action="store_true", help="let the teacher be asked, whose cost is shown without it")


def _work(options: argparse.Namespace) -> int | None:
    """Train and register a version, or go on with that."""
    os.environ["TOKENIZERS_PARALLELISM"] = "false"
    recipe, settings = load_recipe(options.recipe, options.changes), load_settings()
    teach = teacher(recipe, settings, options)
    if options.dry_run:
        show_estimate(recipe, settings, teach)
        return None
    with advised():
        processes = join(recipe, settings.cache_dir)
        with processes.main_process_first():
            run = open_run(settings.data_dir / "runs", recipe, options.fork)
        with alone(run) if processes.is_main_process else nullcontext():
            if not run.is_finished and (stopped_by := train(recipe, run, settings, teach)):
                print(f"{run.name} stopped after a checkpoint. {GOES_ON}", file=sys.stderr)
                return of_signal(stopped_by)
            if processes.is_main_process:
                print(f"{run.name}: version {register(run, settings)[:12]} in {run.version}")
    return None


main = Command("training.run", __doc__, arguments=_arguments, work=_work, next_step=GOES_ON)

if __name__ == "__main__":
    main.run()
