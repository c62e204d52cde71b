"""Whether a version may go to production, by the reports on it and on what is there now.

    python -m evals.gate CANDIDATE [PRODUCTION] [--rules FILE]

Both are versions (a digest's first digits, or TASK@STAGE); without PRODUCTION it is what the task has there now. Exit
code 0 when every check passes, 1 when one fails, 2 when it could not be done.
"""

from __future__ import annotations

import argparse
from pathlib import Path

from assistant.command_line.exit_codes import DONE, REFUSED
from assistant.command_line.runner import Command
from assistant.settings import load_settings
from assistant.versions.registry_of_settings import opened_registry
from evals.gate.checks import judge_candidate
from evals.gate.rules import RULES, load_rules
from evals.reporting.report_index import shelf_of


def _arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("candidate", metavar="CANDIDATE")
    parser.add_argument("production", metavar="PRODUCTION", nargs="?")
    parser.add_argument("--rules", type=Path, default=RULES, help="YAML file (default: evals/gate/gate.yaml)")


def _work(options: argparse.Namespace) -> int:
    settings = load_settings()
    with opened_registry(settings) as registry:
        registry.register_shipped()
        candidate = registry.find(options.candidate).version
        production = (
            registry.find(options.production).version if options.production else registry.production(candidate.task)
        )
    found = judge_candidate(candidate, production, shelf_of(settings), load_rules(options.rules, candidate.task))
    for check in found.checks:
        print(f"{'passed' if check.passed else 'FAILED'}  {check.name}: {check.figure} ({check.bound})")
    print("The gate is open." if found.passed else "The gate is closed.")
    return DONE if found.passed else REFUSED


main = Command("evals.gate", __doc__, arguments=_arguments, work=_work)

if __name__ == "__main__":
    main.run()
