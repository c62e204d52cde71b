"""Train an adapter from a recipe.

    python -m training.run training/recipes/question-similarity-small.yaml --set data.root=DATA

The same command again goes on from the last checkpoint.
"""

from __future__ import annotations

import argparse
import hashlib
import json
import os
import sys
from pathlib import Path

from assistant.assembly import threads
from assistant.errors import RespostaError
from assistant.settings import Settings, load_settings
from training.checkpoints import latest
from training.recipe import Recipe, load_recipe

RECIPE, ADAPTER = "recipe.json", "adapter"


def run_folder(settings: Settings, recipe: Recipe) -> Path:
    """Where a run lives: the same recipe with the same settings leads to the same folder."""
    digest = hashlib.sha256(recipe.model_dump_json().encode()).hexdigest()[:8]
    return settings.data_dir / "runs" / f"{recipe.name}-{digest}"


def train(recipe: Recipe, settings: Settings) -> Path:
    """Train and save; the run's folder. A finished run is not trained again."""
    import torch

    from training.backend import loop, plain
    from training.prepare import prepare

    folder = run_folder(settings, recipe)
    folder.mkdir(parents=True, exist_ok=True)
    (folder / RECIPE).write_text(recipe.model_dump_json(indent=1), encoding="utf-8")
    torch.set_num_threads(threads(settings))
    trainable = plain.load(recipe, settings.cache_dir)
    prepared = prepare(recipe, trainable.tokenizer)
    for line in prepared.report.lines():
        print(line)
    trainer = loop.make_trainer(
        recipe,
        trainable,
        [{"rows": list(group)} for group in prepared.training],
        [{"rows": list(group)} for group in prepared.validation],
        folder,
        [],
    )
    checkpoint = latest(folder / "checkpoints")
    trainer.train(resume_from_checkpoint=str(checkpoint) if checkpoint else None)
    trainable.model.save_pretrained(folder / ADAPTER)
    (folder / "history.json").write_text(json.dumps(trainer.state.log_history), encoding="utf-8")
    return folder


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("recipe", type=Path)
    parser.add_argument("--set", dest="changes", action="append", default=[], metavar="KEY=VALUE")
    options = parser.parse_args()
    try:
        print(train(load_recipe(options.recipe, options.changes), load_settings()))
    except RespostaError as error:
        sys.exit(str(error))


if __name__ == "__main__":
    os.environ["TOKENIZERS_PARALLELISM"] = "false"
    main()
