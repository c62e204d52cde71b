"""Publish a version, adapter and model card, to a repository on the Hugging Face Hub.

    python -m training.publish TASK@STAGE OWNER/NAME [--private] [--who NAME]

The token comes from HF_TOKEN and needs write access. The commit is tagged with the stage and with the version;
published again, the tags move on.
"""

from __future__ import annotations

import argparse

from assistant.command_line.person import person
from assistant.command_line.runner import Command
from assistant.settings import load_settings
from assistant.versions.hub import open_hub
from assistant.versions.registry_of_settings import opened_registry
from training.release.publication import publish


def _arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("version", metavar="TASK@STAGE", help="or the first digits of a version")
    parser.add_argument("repo", metavar="OWNER/NAME", help="is made when it is missing")
    parser.add_argument("--private", action="store_true", help="refuse a public repository, make a private one")
    parser.add_argument("--who", default=person(), help="who publishes (default: %(default)s)")


def _work(options: argparse.Namespace) -> None:
    settings = load_settings()
    with opened_registry(settings) as registry:
        hub = open_hub(settings)
        print(publish(registry, hub, options.version, options.repo, options.private, options.who))


main = Command("training.publish", __doc__, arguments=_arguments, work=_work)

if __name__ == "__main__":
    main.run()
