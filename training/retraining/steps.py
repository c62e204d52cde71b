"""The steps of a retraining, one after the other. Each can be broken off and begun again."""

from __future__ import annotations

import re
import time
from collections.abc import Callable
from dataclasses import asdict, dataclass
from functools import partial
from pathlib import Path

from assistant.settings import Settings
from assistant.tasks import TASKS
from assistant.version_records import AdapterVersion
from assistant.versions.hub import open_hub
from assistant.versions.registry_of_settings import opened_registry
from assistant.versions.version import read_version
from evals.gate import checks
from evals.gate.rules import RULES, load_rules
from evals.reporting.report import Report, read_report
from evals.reporting.report_index import shelf_of
from training.backend.run_folders import alone, open_run
from training.recipe import load_recipe
from training.release.publication import publish
from training.retraining.commands import run_command
from training.retraining.journal import Journal, Json
from training.retraining.plan import Plan

EXPORT, GATE, PRODUCTION, PUBLISH = "export", "gate", "production", "publish"
RECIPE = "recipe.yaml"
# A training that was killed with the previous retraining may still be writing its checkpoint.
PATIENCE = 120.0


@dataclass(frozen=True, slots=True)
class Retraining:
    """A plan under way: `journal` knows what is done, `who` decides what the registry keeps."""

    plan: Plan
    journal: Journal
    settings: Settings
    who: str

    def run(self, promote: bool, repo: str | None, private: bool = False) -> None:
        """Do what is left to do. Production only with `promote` and the gate open, `repo` on the Hub behind it.

        Raises what a step raises; the same again goes on there.
        """
        steps: list[tuple[str, Callable[[], Json]]] = [("train", self._train)]
        if TASKS[self.plan.task].calibrated:
            steps.append(("calibrate", self._calibrate))
        measuring = [(f"measure {data}", partial(self._measure, data)) for data in self.plan.measured]
        steps += [*measuring, ("staging", self._stage), (GATE, self._gate)]
        if promote and PRODUCTION not in self.journal.steps and self._was_held_against_another():
            self.journal.forget([*(name for name, _ in measuring), GATE])
        for name, step in steps:
            self._once(name, step)
        if not self.journal.steps[GATE]["passed"]:
            self.journal.end = "refused"
            return
        if promote:
            self._once(PRODUCTION, self._promote)
        if repo:
            stage = "production" if PRODUCTION in self.journal.steps else "staging"
            self._once(f"{PUBLISH} {stage} to {repo}", lambda: self._publish(repo, private))
        self.journal.end = "done"

    def _was_held_against_another(self) -> bool:
        """Whether something else has come to production since the gate looked."""
        if GATE not in self.journal.steps:
            return False
        with opened_registry(self.settings) as registry:
            production = registry.production(self.plan.task)
        now = production.digest if production else None
        return now not in (self.journal.steps[GATE]["production"], self._version)

    def _once(self, name: str, step: Callable[[], Json]) -> None:
        if name not in self.journal.steps:
            begun = time.monotonic()
            self.journal.note(name, step(), time.monotonic() - begun)

    @property
    def _version(self) -> str:
        return self.journal.steps["train"]["version"]

    def _train(self) -> Json:
        recipe = self.journal.folder / RECIPE
        said = self.journal.steps[EXPORT].get("folder")
        self.plan.write_recipe(recipe, Path(said) if said else None)
        command = ["training.run", str(recipe), "--yes"]
        if self.plan.processes > 1:
            launcher = ["accelerate.commands.launch", "--multi_gpu", "--num_processes", str(self.plan.processes)]
            command = [*launcher, "-m", *command]
        run = open_run(self.settings.data_dir / "runs", load_recipe(recipe))
        with alone(run, PATIENCE):
            pass
        run_command(command, self.settings)
        version = read_version(run.version)
        return {"version": version.digest, "name": version.name, "base": version.base, "run": str(run.folder)}

    def _calibrate(self) -> Json:
        root = self.plan.base.data.root
        sources = {"--pairs": "qqp/train.csv", "--requests": "banking77/test.csv", "--faqs": "aia_bde"}
        found = {option: root / name for option, name in sources.items() if root and (root / name).exists()}
        options = [str(part) for option in found.items() for part in option]
        rows = ["--limit", str(self.plan.calibration_rows)]
        run_command(["training.calibrate", "--version", self._version, *options, *rows], self.settings)
        return {"on": ["shop", *(sources[option] for option in found)]}

    def _measure(self, data: str) -> Json:
        report = self._measured(self._version, data)
        with opened_registry(self.settings) as registry:
            production = registry.production(self.plan.task)
        # The gate holds the two against each other row by row.
        if production and production.digest != self._version and not self._is_measured(production, report):
            self._measured(production.digest, data)
        figures = {name: value for name, value in report.figures.items() if value is not None}
        return {"name": report.data["name"], "rows": report.data["measured"], "figures": figures}

    def _measured(self, version: str, data: str) -> Report:
        plain = re.sub(r"[^a-z0-9]+", "-", data.lower()).strip("-")[-40:]
        # Of this retraining alone: the rows, or the version's calibration, may be others the next time.
        name = f"{version[:12]}-{plain}-{self.journal.folder.name.partition('-')[0]}"
        folder = self.settings.data_dir / "evaluations" / self.plan.task / name
        run_command(
            ["evals.run", "--adapter", version, "--data", data, "--drop-leaks", "--out", str(folder)], self.settings
        )
        return read_report(folder)[0]

    def _is_measured(self, version: AdapterVersion, like: Report) -> bool:
        return any(
            (one.report.model.get("version"), one.report.system, one.report.data["sha256"])
            == (version.digest, like.system, like.data["sha256"])
            and not one.report.is_branded
            for one in shelf_of(self.settings).all()[0]
        )

    def _stage(self) -> Json:
        figures = {
            step.removeprefix("measure "): result["figures"]
            for step, result in self.journal.steps.items()
            if step.startswith("measure ")
        }
        with opened_registry(self.settings) as registry:
            # What serves already is not to be taken down, and what a kill left there stays.
            if registry.find(self._version).stage not in ("staging", "production"):
                registry.promote(self._version, "staging", self.who, f"retrained: {self.journal.folder.name}", figures)
            return {"stage": registry.find(self._version).stage}

    def _gate(self) -> Json:
        with opened_registry(self.settings) as registry:
            candidate, production = registry.find(self._version).version, registry.production(self.plan.task)
        rules = load_rules(RULES, self.plan.task)
        found = checks.judge_candidate(candidate, production, shelf_of(self.settings), rules)
        return asdict(found) | {"passed": found.passed}

    def _promote(self) -> Json:
        with opened_registry(self.settings) as registry:
            if registry.find(self._version).stage != "production":
                why = f"retrained: {self.journal.folder.name}, through the gate"
                checks.promote(registry, self.settings, self._version, "production", self.who, why)
            return {"stage": "production"}

    def _publish(self, repo: str, private: bool) -> Json:
        with opened_registry(self.settings) as registry:
            published = publish(registry, open_hub(self.settings), self._version, repo, private, self.who)
            return {"published": str(published)}
