"""Put the weights that a first start needs into the cache.

python -m assistant.fetch_weights
"""

from __future__ import annotations

import argparse

from assistant.bases.weights import locate
from assistant.command_line.runner import Command
from assistant.serving.choose import shipped_adapter
from assistant.serving.load import base_for, wanted_base
from assistant.settings import load_settings
from assistant.tasks import TASKS


def _work(options: argparse.Namespace) -> None:
    settings = load_settings()
    shipped = {task: found.version.base for task in TASKS if (found := shipped_adapter(task)) and found.version}
    names = {wanted_base(settings, task) or shipped.get(task) for task in TASKS}
    for base in sorted({base_for(name) for name in names}, key=lambda base: base.name):
        weights = locate(base, settings.cache_dir)
        print(f"{weights.base.name}: {weights.source}")


main = Command("assistant.fetch_weights", __doc__, work=_work)

if __name__ == "__main__":
    main.run()
