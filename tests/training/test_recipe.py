"""What a recipe may say; all that is wrong in it is told at once, with the fix."""

from __future__ import annotations

from pathlib import Path

import pytest
import yaml

from assistant.bases.catalogue import CATALOGUE
from assistant.errors import InputError
from training.recipe import FOLDER, load_recipe

PAIRS = {"kind": "pairs", "file": "pairs.csv"}
PLAIN = {
    "task": "question-similarity",
    "base": "smollm2-135m",
    "backend": "peft",
    "template": "label-first",
    "data": {"sources": [PAIRS, PAIRS | {"language": "pt"}]},
}


@pytest.fixture
def file(tmp_path: Path) -> Path:
    path = tmp_path / "plain.yaml"
    path.write_text(yaml.safe_dump(PLAIN), encoding="utf-8")
    return path


def problems(path: Path, *changes: str) -> list[str]:
    """What the recipe with `changes` is told, line by line."""
    with pytest.raises(InputError) as error:
        load_recipe(path, changes)
    heading, *lines = str(error.value).splitlines()
    assert heading == f"{path} needs attention:"
    return [line.removeprefix("  - ") for line in lines]


@pytest.mark.parametrize("path", sorted(FOLDER.glob("*.yaml")), ids=lambda path: path.stem)
def test_every_recipe_is_valid_and_opens_with_its_command(path: Path) -> None:
    recipe = load_recipe(path)
    assert recipe.name == path.stem
    assert recipe.lora_modules == CATALOGUE[recipe.base].lora_modules
    assert path.read_text(encoding="utf-8").startswith(f"# python -m training.run training/recipes/{path.name}")


def test_all_problems_come_at_once_with_the_fix(file: Path) -> None:
    given = PLAIN | {"data": {"sources": [PAIRS | {"limt": 3}, {"kind": "pairs"}]}, "tracker": "wandb", "sed": 1}
    del given["template"]
    file.write_text(yaml.safe_dump(given | {"lora": {"dropout": 1.5}}), encoding="utf-8")
    changes = ("training.epochs=0", "training.learning_rat=2", "lora", "=3", "lora.r=[1", "base=gpt5")
    assert sorted(problems(file, *changes)) == [
        "--set =3: write it as key=value, for example training.epochs=2",
        "--set lora.r=[1: the value is not valid YAML; put it into quotation marks",
        "--set lora: write it as key=value, for example training.epochs=2",
        f"base: must be one of {', '.join(sorted(CATALOGUE))} (it is 'gpt5')",
        "data.sources.0.limt is not a key; did you mean limit?",
        "data.sources.1: needs `file` (below data.root) or `hub` (a repository)",
        "lora.dropout: Input should be less than 1 (it is 1.5)",
        "sed is not a key; known: backend, base, data, lora, name, quantization, start, task, template, tracker, "
        "training",
        "template is missing; write it into the recipe",
        "tracker: Input should be 'trackio', 'neptune' or 'none' (it is 'wandb')",
        "training.epochs: Input should be greater than 0 (it is 0)",
        "training.learning_rat is not a key; did you mean learning_rate?",
    ]


def test_an_empty_list_of_sources_is_a_problem_of_its_own(file: Path) -> None:
    assert problems(file, "data.sources=[]") == [
        "data.sources: Tuple should have at least 1 item after validation, not 0"
    ]


def test_set_reaches_sections_lists_and_what_was_not_there(file: Path) -> None:
    changes = (
        "training.epochs=2.5",
        "training.learning_rate=2e-4",
        "data.sources.1.limit=7",
        "data.validation=[{kind: pairs, file: dev.csv}]",
        "lora.modules=[q_proj, v_proj]",
        "name=mine",
    )
    recipe = load_recipe(file, changes)
    assert (recipe.training.epochs, recipe.training.learning_rate) == (2.5, 2e-4)
    assert [source.limit for source in recipe.data.sources] == [None, 7]
    assert [source.file for source in recipe.data.validation] == ["dev.csv"]
    assert (recipe.lora_modules, recipe.name) == (("q_proj", "v_proj"), "mine")
    # Unset again by an empty value.
    assert load_recipe(file, [*changes, "data.sources.1.limit="]).data.sources[1].limit is None


@pytest.mark.parametrize("place", ["data.sources.2.limit", "data.sources.last.limit", "base.name", "data.seed.x"])
def test_set_to_a_place_that_is_not_there(file: Path, place: str) -> None:
    # What stands above the place is there.
    changes = ["data.seed=1", f"{place}=1"]
    assert problems(file, *changes) == [f"--set {place}: there is no such place; entries of a list are counted from 0"]


@pytest.mark.parametrize(
    ("changes", "problem"),
    [
        (
            ("template=reading",),
            "template: reading does not belong to the task question-similarity (use label-first or explanation-first)",
        ),
        (("data.sources.1.kind=squad",), "data.sources: question-similarity takes pairs, faqs and intents sources"),
        (
            ("data.validation=[{kind: squad, file: dev.json}]",),
            "data.sources: question-similarity takes pairs, faqs and intents sources",
        ),
        (
            ("template=explanation-first",),
            "data.explanations: the explanation-first template needs given, contrast or teacher",
        ),
        (
            ("backend=unsloth", "training.packing=prefix"),
            "training.packing: prefix needs backend: peft; unsloth packs whole sequences",
        ),
        (
            ("training.packing=sequences",),
            "training.packing: sequences needs backend: unsloth; peft shares beginnings with prefix",
        ),
        (
            ("training.packing=prefix", "training.loss_on=all"),
            "training.loss_on: with packing: prefix only the reply's tokens can count",
        ),
        (
            ("training.early_stopping=2", "training.eval_steps=10"),
            "training.save_steps: early stopping needs a checkpoint at every evaluation",
        ),
        (
            ("training.early_stopping=2", "data.validation_share=0"),
            "data.validation_share: early stopping needs held-out rows",
        ),
        (("data.folds=5",), "data.fold: says which of data.folds parts is held out, from 1; set both"),
        (
            ("data.folds=5", "data.fold=6"),
            "data.fold: says which of data.folds parts is held out, from 1; set both",
        ),
        (
            ("data.folds=5", "data.fold=1", "data.validation=[{kind: pairs, file: dev.csv}]"),
            "data.folds: leave out data.validation, one of the parts is held out",
        ),
    ],
)
def test_what_does_not_fit_together_is_refused(file: Path, changes: tuple[str, ...], problem: str) -> None:
    assert problems(file, *changes) == [f"recipe: {problem}"]


def test_several_things_that_do_not_fit_are_one_message(file: Path) -> None:
    found = problems(file, "task=portuguese-qa", "training.packing=sequences")
    assert found == [
        "recipe: template: label-first does not belong to the task portuguese-qa (use reading); "
        "data.sources: portuguese-qa takes squad sources; "
        "training.packing: sequences needs backend: unsloth; peft shares beginnings with prefix"
    ]


@pytest.mark.parametrize(
    "changes",
    [
        ("template=explanation-first", "data.explanations=contrast"),
        ("training.packing=prefix",),
        ("backend=unsloth", "training.packing=sequences", "training.loss_on=all"),
        ("training.early_stopping=2",),
        ("training.early_stopping=2", "training.eval_steps=10", "training.save_steps=10"),
        (
            "training.early_stopping=2",
            "data.validation_share=0",
            "data.validation=[{kind: faqs, file: faqs, language: pt}]",
        ),
        ("task=portuguese-qa", "template=reading", "data.sources=[{kind: squad, hub: a/b}]"),
    ],
)
def test_what_fits_together_is_taken(file: Path, changes: tuple[str, ...]) -> None:
    assert load_recipe(file, changes).name == "plain"


def test_a_file_that_is_no_recipe(tmp_path: Path) -> None:
    with pytest.raises(InputError, match=r"nowhere\.yaml is not there\. Recipes in recipes/: .*smoke"):
        load_recipe(tmp_path / "nowhere.yaml")
    with pytest.raises(InputError, match=r"cannot be read .*: give the path of a recipe"):
        load_recipe(tmp_path)
    for content in (b"a: [", b"base: \xff"):
        (tmp_path / "broken.yaml").write_bytes(content)
        with pytest.raises(InputError, match=r"(?s)is not valid YAML: .*Correct it there"):
            load_recipe(tmp_path / "broken.yaml")
    (tmp_path / "list.yaml").write_text("- task", encoding="utf-8")
    with pytest.raises(InputError, match="holds no keys: a recipe begins with"):
        load_recipe(tmp_path / "list.yaml")
