"""Deploy the app to a Hugging Face Space, and wait until it runs there.

    python spaces/deploy.py --repo OWNER/NAME --dry-run
    python spaces/deploy.py --repo OWNER/NAME [--hardware cpu-basic|zero-a10g|t4-small|…] [--private]
                            [--timeout SECONDS]
                            [--adapter OWNER/NAME@COMMIT] [--reading-adapter OWNER/NAME@COMMIT]
                            [--feedback-repo OWNER/NAME] [--secret DATABASE_URL] [--secret HF_TOKEN]

The token that deploys comes from HF_TOKEN and needs write access. A secret's value comes from the environment variable
of its name; that of the Space's own HF_TOKEN from SPACE_HF_TOKEN: make one that may write to the feedback's data set
alone.
Deployed again, only what differs is sent. Exit code 0 when the app runs, 1 when the Space could not build or start
it, 2 when it could not be deployed.
"""

from __future__ import annotations

import argparse
import os
import sys
from collections.abc import Sequence
from pathlib import Path

# Run by its path, a script finds only its own folder. That folder is no package: on a Space gradio imports a package of
# the same name.
sys.path.insert(0, str(Path(__file__).resolve().parents[1]))

from assistant.command_line.runner import Command
from assistant.errors import InputError
from assistant.settings import load_settings
from assistant.versions.hub import open_hub
from space_hub import page, put, wait
from space_plan import SECRETS, make_plan


def secret_values(names: Sequence[str]) -> dict[str, str]:
    """The secrets' values by name, from the environment.

    Raises `InputError`, which never repeats what was typed: it may be the secret itself.
    """
    if not set(names) <= {*SECRETS}:
        raise InputError(f"--secret takes a name alone, {' or '.join(SECRETS)}: put its value into that variable.")
    values = {name: os.environ.get(SECRETS[name], "").strip() for name in names}
    if missing := [SECRETS[name] for name, value in values.items() if not value]:
        raise InputError(f"{', '.join(missing)} is not in the environment: set it there, or leave out its --secret.")
    return values


def _arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("--repo", required=True, metavar="OWNER/NAME", help="the Space; is made when it is missing")
    parser.add_argument(
        "--hardware",
        metavar="FLAVOR",
        help="as the Hub names it (default: as it is); name zero-a10g, ZeroGPU, every time",
    )
    parser.add_argument("--adapter", metavar="OWNER/NAME@COMMIT", help="judges, instead of the shipped one")
    parser.add_argument("--reading-adapter", metavar="OWNER/NAME@COMMIT", help="reads, instead of the shipped one")
    parser.add_argument("--feedback-repo", metavar="OWNER/NAME", help="the data set that collects feedback")
    parser.add_argument("--secret", action="append", default=[], metavar="NAME", help=f"{' or '.join(SECRETS)}")
    parser.add_argument("--private", action="store_true", help="refuse a public Space, make a private one")
    parser.add_argument("--timeout", type=float, default=1800, metavar="SECONDS", help="default: %(default)s")
    parser.add_argument("--dry-run", action="store_true", help="show what would go, and send nothing")


def _work(options: argparse.Namespace) -> None:
    """Plan, send, wait."""
    secrets = secret_values(options.secret)
    plan = make_plan(
        options.repo,
        options.adapter,
        options.reading_adapter,
        options.feedback_repo,
        options.secret,
        options.hardware,
        options.private,
    )
    if options.dry_run:
        print(*plan.lines(), sep="\n")
        return
    hub = open_hub(load_settings())
    deployed = put(hub, plan, secrets)
    print(f"{page(hub, plan.repo)} is at {deployed.commit}" + ("" if deployed.changed else ", which it was before"))
    print(wait(hub, plan.repo, deployed, options.timeout, lambda line: print(line, flush=True)))


main = Command("spaces/deploy.py", __doc__, arguments=_arguments, work=_work)

if __name__ == "__main__":
    main.run()
