"""Retrain on what agents said, from their feedback to production, in one command.

    python -m training.retrain [--task TASK] [--data FOLDER] [--dry-run] [--promote] [--publish OWNER/NAME]

Agents' feedback becomes training pairs, which join the recipe's data; the new version is trained, calibrated, measured
on rows that nobody trained on, registered in staging with its figures and held against the gate. With --promote it goes
to production when the gate is open, with --publish to the Hub as well. For cron, a GPU machine or a job runner: the
same command again, also after kill -9, goes on with the step that was not finished; with nothing new to learn from it
ends at once. The summary, text and HTML, lies with everything else below DATA_DIR/retrainings.

Exit code 0: done, or nothing new; 1: the gate refused the version, which stays in staging; 2: it could not be done;
75: another retraining is under way; 130 and 143: stopped.
"""

from __future__ import annotations

import argparse
import os
import tempfile
import time
from pathlib import Path

from filelock import FileLock, Timeout

from assistant.command_line.arguments import count
from assistant.command_line.exit_codes import DONE, REFUSED
from assistant.command_line.person import person
from assistant.command_line.runner import Command
from assistant.errors import BusyError, InputError
from assistant.settings import Settings, load_settings
from assistant.store.connection import open_store
from assistant.tasks import TASKS, task_of
from training.retraining.commands import run_command
from training.retraining.feedback import Export, NothingToExport, evaluation_pairs, export, said_after
from training.retraining.journal import Journal, Json, begin, latest
from training.retraining.plan import Plan, default_measured, default_recipe
from training.retraining.steps import EXPORT, RECIPE, Retraining
from training.retraining.summary import PAGE, write_summary


def retrain(options: argparse.Namespace, plan: Plan, settings: Settings) -> int:
    """Go on with the newest retraining of the plan where it is unfinished, else begin one; the exit code."""
    home = settings.data_dir / "retrainings"
    before = latest(home, plan)
    if options.anew or before is None or before.end:
        begun = time.monotonic()
        said = feedback(plan, settings, settings.data_dir / "feedback")
        if before and before.end and not options.anew and _new(before, said) < max(1, options.at_least):
            return _nothing_new(options, before, plan, settings)
        if TASKS[plan.task].learns_from_feedback and said.get("pairs", 0) < options.at_least:
            print(
                f"Agents have judged {said.get('pairs', 0)} pairs that can train, fewer than {options.at_least}: "
                "--at-least 0 trains all the same."
            )
            return DONE
        before = begin(home, plan, EXPORT, said, time.monotonic() - begun)
    return _go_on(options, before, plan, settings)


def _go_on(options: argparse.Namespace, journal: Journal, plan: Plan, settings: Settings) -> int:
    Retraining(plan, journal, settings, options.who).run(options.promote, options.publish, options.private)
    print("\n" + write_summary(journal) + f"/{PAGE}")
    return REFUSED if journal.end == "refused" else DONE


def _nothing_new(options: argparse.Namespace, last: Journal, plan: Plan, settings: Settings) -> int:
    """What was asked for only now is done for the last one."""
    print(f"Agents have said nothing new that can train since {last.folder.name}.")
    if last.end == "refused":
        return DONE
    return _go_on(options, last, plan, settings)


def feedback(plan: Plan, settings: Settings, home: Path) -> Json:
    """What agents said, exported below `home`, with the export's record; empty where nothing is to be had."""
    if not TASKS[plan.task].learns_from_feedback:
        return {}
    with open_store(settings) as store:
        try:
            folder, told = export(store, home, evaluation_pairs(plan.measured, settings))
        except NothingToExport as nothing:
            print(nothing)
            return {}
    return {"folder": str(folder)} | {name: getattr(told, name) for name in Export.__slots__}


def _new(last: Journal, said: Json) -> int:
    """How many pairs rest on what was said since the last retraining."""
    return said_after(Path(said["folder"]), last.steps[EXPORT].get("until", 0)) if said else 0


def show_plan(options: argparse.Namespace, plan: Plan, settings: Settings) -> None:
    """Print what would be done, and what the training would need; nothing is kept."""
    with tempfile.TemporaryDirectory() as draft:
        said = feedback(plan, settings, Path(draft) / "feedback")
        if said:
            print(f"{said['pairs']} pairs from agents, {said['same']} of them the same; {said['measuring']} left out")
        else:
            print("No pairs from agents.")
        recipe = Path(draft) / RECIPE
        plan.write_recipe(recipe, Path(said["folder"]) if said else None)
        run_command(["training.run", str(recipe), "--dry-run"], settings)
    steps = ["calibrate"] if TASKS[plan.task].calibrated else []
    steps += [f"measure on {data}" for data in plan.measured] + ["register in staging", "gate"]
    steps += ["production, if the gate is open"] if options.promote else []
    steps += [f"publish to {options.publish}, if the gate is open"] if options.publish else []
    print(f"Then: {'; '.join(steps)}.")


def plan_of(options: argparse.Namespace) -> Plan:
    """What the options ask for. Raises `InputError` when the recipe trains for another task."""
    changes = [*options.changes, *([f"data.root={options.data.resolve()}"] if options.data else [])]
    if options.processes > 1:
        # Unsloth trains in one process alone.
        changes.insert(0, "backend=peft")
    if options.recipe is None:
        from assistant.generator.engine import has_cuda

        options.recipe = default_recipe(options.task, has_cuda())
    plan = Plan(
        task=options.task,
        recipe=options.recipe,
        changes=tuple(changes),
        measured=tuple(options.measure or default_measured(options.task, options.data)),
        calibration_rows=options.calibration_rows,
        processes=options.processes,
    )
    if plan.base.task != options.task:
        raise InputError(f"{options.recipe} trains for {plan.base.task}: give --task {plan.base.task}.")
    return plan


def _arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("--task", choices=TASKS, default=task_of("judge").name, help="default: %(default)s")
    parser.add_argument("--data", type=Path, metavar="FOLDER", help="the published sets (default: from the Hub)")
    parser.add_argument("--recipe", type=Path, metavar="FILE", help="default: the shipped one for this hardware")
    parser.add_argument("--set", dest="changes", action="append", default=[], metavar="KEY=VALUE")
    parser.add_argument("--measure", nargs="+", metavar="DATA", help="what it is measured on, as evals.run takes it")
    parser.add_argument("--calibration-rows", type=count, default=500, metavar="N", help="pairs of each set")
    parser.add_argument("--processes", type=count, default=1, metavar="N", help="GPUs that train together, with PEFT")
    parser.add_argument(
        "--at-least", type=int, default=1, metavar="N", help="pairs from agents that are worth a training (default: 1)"
    )
    parser.add_argument("--anew", action="store_true", help="begin one even where one is unfinished or nothing is new")
    parser.add_argument("--dry-run", action="store_true", help="say what would be done, and do nothing")
    parser.add_argument("--promote", action="store_true", help="to production when the gate is open")
    parser.add_argument("--publish", metavar="OWNER/NAME", help="to this repository on the Hub when the gate is open")
    parser.add_argument("--private", action="store_true", help="publish to a private repository, refuse a public one")
    parser.add_argument("--who", default=person(), help="who decides this (default: %(default)s)")


def _work(options: argparse.Namespace) -> int:
    os.environ["TOKENIZERS_PARALLELISM"] = "false"
    settings = load_settings()
    plan = plan_of(options)
    if options.dry_run:
        show_plan(options, plan, settings)
        return DONE
    home = settings.data_dir / "retrainings"
    home.mkdir(parents=True, exist_ok=True)
    try:
        with FileLock(home / "lock", timeout=0):
            return retrain(options, plan, settings)
    except Timeout:
        raise BusyError("Another retraining is under way here: wait for its end.") from None


main = Command(
    "training.retrain",
    __doc__,
    arguments=_arguments,
    work=_work,
    next_step="The same command goes on with this step.",
)

if __name__ == "__main__":
    main.run()
