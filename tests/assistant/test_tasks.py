"""The table of tasks is whole, and no other code names a task."""

from __future__ import annotations

import ast
from pathlib import Path

import pytest

from assistant.errors import InputError
from assistant.serving.canaries import _ASK
from assistant.settings import Settings
from assistant.tasks import TASKS, Measure, TaskRecord, adapter_systems, find_task, task_of, tasks_on
from evals.data.named_sets import NAMES
from evals.reporting.kinds import KINDS
from evals.row_records import ROWS
from evals.runs.measured_system import SYSTEMS
from tests.support.paths import ROOT
from training.recipe import FOLDER, load_recipe
from training.release.card import EXAMPLES

# Migrations hold what a database was made with, whatever the table says now.
MAY_NAME = ("assistant/tasks.py", "assistant/store/migrations/")
FILES = [
    path
    for folder in ("assistant", "evals", "spaces", "training")
    for path in sorted((ROOT / folder).rglob("*.py"))
    if not path.relative_to(ROOT).as_posix().startswith(MAY_NAME)
]


def strings(path: Path) -> list[str]:
    """The strings of a file's code; docstrings, which may give examples, are left out."""
    tree = ast.parse(path.read_text(encoding="utf-8"))
    told = {
        id(node.body[0].value)
        for node in ast.walk(tree)
        if isinstance(node, ast.Module | ast.ClassDef | ast.FunctionDef)
        and node.body
        and isinstance(node.body[0], ast.Expr)
    }
    constants = [node for node in ast.walk(tree) if isinstance(node, ast.Constant) and isinstance(node.value, str)]
    return [node.value for node in constants if id(node) not in told]


def test_no_code_but_the_table_names_a_task() -> None:
    naming = {
        path.relative_to(ROOT).as_posix(): text
        for path in [*FILES, ROOT / "app.py"]
        for text in strings(path)
        if any(name in text for name in TASKS)
    }
    assert naming == {}
    assert any(name in text for name in TASKS for text in strings(ROOT / "assistant" / "tasks.py"))


@pytest.mark.parametrize("task", TASKS.values(), ids=TASKS)
def test_everything_that_a_record_points_to_is_there(task: TaskRecord) -> None:
    assert task.setting in Settings.model_fields
    assert set(task.systems) <= SYSTEMS.keys()
    assert task.rows in ROWS and task.rows in KINDS and task.canaries in _ASK
    assert set(task.templates) <= EXAMPLES.keys()
    assert all(NAMES[name].kind == task.rows for name in (*task.sets.shipped, *task.sets.instead))
    assert task.compared.name in {measure.name for measure in task.scores}
    for name in (task.recipes.small, task.recipes.llama3, task.recipes.retrain, task.recipes.retrain_gpu):
        assert load_recipe(FOLDER / f"{name}.yaml").task == task.name


def test_tasks_are_found_by_name_role_and_rows() -> None:
    assert find_task("portuguese-qa") is task_of("reader") is tasks_on("readings")[0]
    assert task_of("judge").name == "question-similarity"
    assert adapter_systems() == ("judge", "adapter", "reader")
    with pytest.raises(InputError, match="'poetry' is not a task: write question-similarity or portuguese-qa"):
        find_task("poetry")


def test_a_merit_is_the_better_the_higher() -> None:
    assert Measure("f1", "F1").merit(0.5) > Measure("f1", "F1").merit(0.4)
    brier = Measure("brier", "Brier score", lower_is_better=True)
    assert brier.merit(0.1) > brier.merit(0.2)
