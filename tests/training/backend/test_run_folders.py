"""Which folder a command means, from which checkpoint it goes on, and that it is alone there."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

import pytest

from assistant.errors import BusyError, InputError
from tests.support.paths import ROOT
from training.backend.checkpoints import STATE, complete, latest, step
from training.backend.run_folders import FORKED, RECIPE, Run, alone, open_run
from training.recipe import FOLDER, Recipe, load_recipe


def recipe(*changes: str) -> Recipe:
    return load_recipe(FOLDER / "smoke.yaml", changes)


def checkpoint(run: Run, number: int, state: str | None = None) -> Path:
    """A checkpoint as the trainer leaves it; another `state` is what a killed one left of its last file."""
    folder = run.checkpoints / f"checkpoint-{number}"
    folder.mkdir(parents=True)
    (folder / "adapter_model.safetensors").write_bytes(b"weights" * number)
    if state is None:
        state = json.dumps({"global_step": number, "log_history": [{"step": number, "loss": 1.0}]})
    if state:
        (folder / STATE).write_text(state, encoding="utf-8")
    return folder


def test_the_same_recipe_is_the_same_run(tmp_path: Path) -> None:
    run = open_run(tmp_path, recipe())
    assert run.name.startswith("smoke-")
    assert Recipe.model_validate_json((run.folder / RECIPE).read_text()) == recipe()
    again = open_run(tmp_path, recipe("training.epochs=2", "training.packing=prefix"))
    assert again == run, "written-out settings that the recipe has anyway"
    others = [
        open_run(tmp_path, recipe(change)) for change in ("training.epochs=3", "data.sources.0.limit=9", "name=mine")
    ]
    assert len({run.folder, *(other.folder for other in others)}) == 4
    assert others[-1].name.startswith("mine-")


def test_a_run_is_finished_with_its_manifest(tmp_path: Path) -> None:
    run = open_run(tmp_path, recipe())
    run.version.mkdir()
    (run.version / "adapter_model.safetensors").write_bytes(b"weights")
    assert not run.is_finished
    (run.version / "version.json").write_text("{}", encoding="utf-8")
    assert open_run(tmp_path, recipe()).is_finished


def test_a_run_without_checkpoints_begins_at_the_beginning(tmp_path: Path) -> None:
    run = open_run(tmp_path, recipe())
    assert complete(run.checkpoints) == []
    assert latest(run.checkpoints) is None


def test_checkpoints_stand_in_the_order_of_their_steps(tmp_path: Path) -> None:
    run = open_run(tmp_path, recipe())
    for number in (9, 100, 20):
        checkpoint(run, number)
    assert [step(path) for path in complete(run.checkpoints)] == [9, 20, 100]
    assert latest(run.checkpoints) == run.checkpoints / "checkpoint-100"


@pytest.mark.parametrize("state", ["", '{"global_step": 30, "log_his', "{}"])
def test_what_a_killed_run_left_half_written_is_removed(tmp_path: Path, state: str) -> None:
    run = open_run(tmp_path, recipe())
    whole, half = checkpoint(run, 20), checkpoint(run, 30, state)
    other = run.checkpoints / "notes"
    other.mkdir()
    assert complete(run.checkpoints) == [whole]
    assert half.exists(), "looking removes nothing"
    assert latest(run.checkpoints) == whole
    assert sorted(run.checkpoints.iterdir()) == [whole, other]


def test_a_run_with_nothing_but_half_a_checkpoint_begins_again(tmp_path: Path) -> None:
    run = open_run(tmp_path, recipe())
    checkpoint(run, 10, "")
    assert latest(run.checkpoints) is None
    assert list(run.checkpoints.iterdir()) == []


def test_a_fork_begins_with_a_copy_of_the_checkpoint(tmp_path: Path) -> None:
    source = open_run(tmp_path, recipe())
    for number in (10, 20):
        checkpoint(source, number)
    changed = recipe("training.learning_rate=1e-4")
    fork = open_run(tmp_path, changed, f"{source.name}@10")
    assert fork.folder not in (source.folder, open_run(tmp_path, changed).folder)
    assert [path.name for path in complete(fork.checkpoints)] == ["checkpoint-10"]
    copied = {path.name: path.read_bytes() for path in (fork.checkpoints / "checkpoint-10").iterdir()}
    assert copied == {path.name: path.read_bytes() for path in (source.checkpoints / "checkpoint-10").iterdir()}
    assert json.loads((fork.folder / FORKED).read_text()) == {"run": source.name, "step": 10}
    assert fork.is_fresh_fork and not source.is_fresh_fork
    # The same command goes on with it, and copies nothing over what was trained since.
    (fork.checkpoints / "checkpoint-10" / "adapter_model.safetensors").write_bytes(b"adopted")
    again = open_run(tmp_path, changed, f"{source.name}@10")
    assert again == fork
    assert (fork.checkpoints / "checkpoint-10" / "adapter_model.safetensors").read_bytes() == b"adopted"
    checkpoint(fork, 12)
    assert not fork.is_fresh_fork


def test_a_fork_that_was_killed_while_copying_is_made_again(tmp_path: Path) -> None:
    source = open_run(tmp_path, recipe())
    checkpoint(source, 10)
    fork = open_run(tmp_path, recipe(), f"{source.name}@10")
    # As it stands while it is copied.
    part = fork.folder.rename(tmp_path / f"{fork.name}.part")
    (part / FORKED).unlink()
    (part / "checkpoints" / "checkpoint-10" / STATE).unlink()
    (part / "left over").write_text("half", encoding="utf-8")
    assert open_run(tmp_path, recipe(), f"{source.name}@10") == fork
    assert fork.is_fresh_fork
    assert sorted(path.name for path in fork.folder.iterdir()) == ["checkpoints", FORKED, RECIPE]
    assert not part.exists()


def test_an_unknown_checkpoint_lists_the_known_ones(tmp_path: Path) -> None:
    source = open_run(tmp_path, recipe())
    for number in (20, 100):
        checkpoint(source, number)
    checkpoint(source, 110, "half")
    other = open_run(tmp_path, recipe("name=other"))
    (tmp_path / "smoke-00000000.part").mkdir()
    for wanted in ("30", "110", "last", ""):
        with pytest.raises(InputError) as error:
            open_run(tmp_path, recipe("name=new"), f"{source.name}@{wanted}")
        assert str(error.value) == (
            f"--fork {source.name}@{wanted}: there is no such checkpoint. Checkpoints of {source.name}: "
            f"{source.name}@20, {source.name}@100. Runs: {other.name}, {source.name}."
        )
    with pytest.raises(InputError, match="Checkpoints of nobody: none"):
        open_run(tmp_path, recipe("name=new"), "nobody@20")
    assert not list(tmp_path.glob("new-*")), "a refused fork leaves no folder that a next command would go on in"


HOLD = """
import sys
from pathlib import Path
from training.backend.run_folders import Run, alone

with alone(Run(Path(sys.argv[1]))):
    print("held", flush=True)
    sys.stdin.read()
"""


def test_a_run_is_trained_by_one_process_and_free_again_when_that_is_killed(tmp_path: Path) -> None:
    run, other = open_run(tmp_path, recipe()), open_run(tmp_path, recipe("name=other"))
    command = [sys.executable, "-c", HOLD, str(run.folder)]
    with subprocess.Popen(command, cwd=ROOT, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True) as holder:
        assert holder.stdout.readline() == "held\n"
        with (
            pytest.raises(BusyError, match=f"{run.name} is being trained by another process. Wait for it"),
            alone(run),
        ):
            pytest.fail("two processes in one run")
        with alone(other):
            pass
        holder.kill()
    with alone(run):
        pass


def test_a_fork_keeps_base_and_shape_of_the_adapter(tmp_path: Path) -> None:
    source = open_run(tmp_path, recipe())
    checkpoint(source, 20)
    with pytest.raises(InputError) as error:
        open_run(tmp_path, recipe("base=gemma-3-270m", "lora.r=4", "name=new"), f"{source.name}@20")
    assert str(error.value) == (
        f"--fork {source.name}@20 needs a recipe with the same adapter: base is smollm2-135m there and gemma-3-270m "
        "here; lora.r is 8 there and 4 here."
    )
    assert not list(tmp_path.glob("new-*"))
