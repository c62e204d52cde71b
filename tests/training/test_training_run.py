"""A training run from the command line: interrupted in every way, it ends like one that was left alone."""

from __future__ import annotations

import csv
import errno
import json
import os
import signal
import subprocess
import sys
import time
from collections.abc import Sequence
from pathlib import Path

import pytest
import torch

from assistant.errors import InputError, ModelError
from assistant.library.sample import sample_rows
from assistant.settings import load_settings
from assistant.store.connection import open_store
from assistant.versions.registry import open_registry
from assistant.versions.version import read_version
from tests.conftest import new_database
from tests.support.paths import ROOT
from tests.support.teacher_server import MODEL, classroom
from training.backend.advice import advised
from training.backend.checkpoints import complete, step

CHANGES = (
    "data.sources.0.limit=32",
    "training.per_device_batch=4",
    "training.save_steps=1",
    "data.validation_share=0.15",
    "lora.r=4",
)


@pytest.fixture(scope="module")
def data(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with pairs in Quora's format, made of the sample library's questions."""
    folder = tmp_path_factory.mktemp("data")
    (folder / "qqp").mkdir()
    questions = [row["question"] for row in sample_rows("en")]
    with (folder / "qqp" / "train.csv").open("w", encoding="utf-8", newline="") as stream:
        rows = csv.writer(stream)
        rows.writerow(("question1", "question2", "is_duplicate"))
        for place in range(0, 64, 2):
            same = place % 4 == 0
            other = f"Please tell me: {questions[place]}" if same else questions[place + 1]
            rows.writerow((questions[place], other, int(same)))
    return folder


def started(
    data: Path, home: Path, database: str, *more: str, launcher: Sequence[str] = (sys.executable,)
) -> subprocess.Popen[str]:
    """The smoke recipe on `data`, in a process of its own."""
    changes = [part for change in (f"data.root={data}", *CHANGES) for part in ("--set", change)]
    return subprocess.Popen(
        [*launcher, "-m", "training.run", "training/recipes/smoke.yaml", *changes, *more],
        cwd=ROOT,
        env=os.environ | {"DATA_DIR": str(home), "DATABASE_URL": database, "TQDM_DISABLE": "1"},
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )


def wait_for_step(home: Path, process: subprocess.Popen[str], wanted: int) -> Path:
    """The run's folder, once its checkpoint of step `wanted` is whole."""
    until = time.monotonic() + 180
    while time.monotonic() < until:
        for folder in home.glob("runs/*"):
            if any(step(path) >= wanted for path in complete(folder / "checkpoints")):
                return folder
        assert process.poll() is None, process.communicate()
        time.sleep(0.05)
    raise AssertionError(f"no checkpoint {wanted} in three minutes")


def history(home: Path) -> list[dict]:
    (version,) = home.glob("runs/smoke-*/version")
    return read_version(version).history


def losses(home: Path) -> list[float]:
    return [entry["loss"] for entry in history(home) if "loss" in entry]


@pytest.fixture(scope="module")
def alone(data: Path, server: str, tmp_path_factory: pytest.TempPathFactory) -> list[float]:
    """The losses of a run that nobody disturbed."""
    home = tmp_path_factory.mktemp("alone")
    with new_database(server, "template") as database:
        process = started(data, home, database)
        _, err = process.communicate(timeout=600)
    assert process.returncode == 0, err
    return losses(home)


def test_interrupted_and_killed_a_run_ends_as_if_left_alone(
    data: Path, alone: list[float], tmp_path: Path, database_url: str
) -> None:
    broken = tmp_path / "broken"
    first = started(data, broken, database_url)
    run = wait_for_step(broken, first, 2)
    first.send_signal(signal.SIGINT)
    _, err = first.communicate(timeout=120)
    assert first.returncode == 130 and "The same command goes on from there" in err
    reached = step(complete(run / "checkpoints")[-1])

    second = started(data, broken, database_url)
    wait_for_step(broken, second, reached + 2)
    second.kill()
    second.communicate()
    # What a kill in the middle of a checkpoint leaves: a folder without its last file.
    (run / "checkpoints" / "checkpoint-99").mkdir()

    third = started(data, broken, database_url)
    out, err = third.communicate(timeout=600)
    assert third.returncode == 0, err
    curve = losses(broken)
    assert len(alone) == len(curve) > 6
    difference = max(abs(a - b) for a, b in zip(alone, curve, strict=True))
    print(f"largest difference of the training losses: {difference:.2g}")
    assert difference < 1e-4

    again = started(data, broken, database_url)
    out, err = again.communicate(timeout=120)
    assert again.returncode == 0 and "version" in out, err
    with open_store(load_settings(database_url=database_url, data_dir=broken)) as store:
        registry = open_registry(load_settings(database_url=database_url, data_dir=broken), store)
        (registered,) = registry.list()
        newest = registered.version
        assert newest.base == "smollm2-135m" and newest.parameters["packing"] == "prefix"
        assert newest.parameters["dtype"] in ("float32", "bfloat16")
        assert newest.metrics["en"]["rows"] > 0

    kept = step(complete(run / "checkpoints")[0])
    fork = ("--fork", f"{run.name}@{kept}", "--set", "training.learning_rate=1e-5")
    forked = started(data, broken, database_url, *fork)
    out, err = forked.communicate(timeout=600)
    assert forked.returncode == 0, err
    (other,) = [path for path in broken.glob("runs/smoke-*") if path.name != run.name]
    entries = [entry for entry in read_version(other / "version").history if "loss" in entry]
    assert [entry["loss"] for entry in entries[:kept]] == curve[:kept]
    assert all(entry["learning_rate"] <= 1e-5 for entry in entries[kept:])
    assert json.loads((other / "forked.json").read_text())["step"] == kept


def test_two_processes_train_as_one(data: Path, alone: list[float], tmp_path: Path, database_url: str) -> None:
    accelerate = (str(Path(sys.executable).with_name("accelerate")), "launch", "--multi_gpu", "--num_processes", "2")
    halved = ("--set", "training.per_device_batch=2")
    process = started(data, tmp_path, database_url, *halved, launcher=accelerate)
    out, err = process.communicate(timeout=600)
    assert process.returncode == 0, err
    assert out.count("rows read") == out.count(": version ") == 1
    # Sums of two halves are rounded otherwise, the more so the longer it goes on.
    assert losses(tmp_path) == pytest.approx(alone, rel=0.05)
    (run,) = tmp_path.glob("runs/smoke-*")
    told = read_version(run / "version").parameters
    assert told["rows_per_step"] == 4 and told["threads"] == max(1, len(os.sched_getaffinity(0)) // 2)
    settings = load_settings(database_url=database_url, data_dir=tmp_path)
    with open_store(settings) as store:
        assert len(open_registry(settings, store).list()) == 1

    alone_only = [
        part
        for change in ("backend=unsloth", "training.packing=none", "training.reason_weight=1")
        for part in ("--set", change)
    ]
    unsloth = started(data, tmp_path, database_url, *alone_only, launcher=accelerate)
    _, err = unsloth.communicate(timeout=600)
    assert unsloth.returncode == 1 and "with --set backend=peft" in err


def test_unsloth_trains_the_same_recipe_in_four_bits(data: Path, tmp_path: Path, database_url: str) -> None:
    settings = (
        "backend=unsloth",
        "quantization=4bit",
        "training.packing=none",
        "training.reason_weight=1",
        "training.epochs=1",
        "data.sources.0.limit=12",
        "data.validation_share=0.2",
    )
    process = started(data, tmp_path, database_url, *(part for one in settings for part in ("--set", one)))
    _, err = process.communicate(timeout=600)
    assert process.returncode == 0, err
    (run,) = tmp_path.glob("runs/smoke-*")
    version = read_version(run / "version")
    told = version.parameters
    assert (told["backend"], told["quantization"], told["packing"]) == ("unsloth", "4bit", "none")
    # What a CPU makes of it: no states in 8 bits, no fp16.
    assert told["optimizer"].startswith("adamw_torch") and told["dtype"] in ("float32", "bfloat16")
    curve = [entry["loss"] for entry in version.history if "loss" in entry]
    assert curve and all(0 < loss < 20 for loss in curve)
    assert version.metrics["en"]["rows"] > 0, "measured through the app's loader"
    assert not (ROOT / "unsloth_compiled_cache").exists()


def test_a_dry_run_says_what_it_needs_and_does_nothing(data: Path, tmp_path: Path, database_url: str) -> None:
    process = started(data, tmp_path, database_url, "--dry-run")
    out, err = process.communicate(timeout=120)
    assert process.returncode == 0, err
    assert "32 rows read" in out and "optimizer steps" in out and "GiB at the peak" in out
    assert not (tmp_path / "runs").exists()


def test_a_teacher_is_asked_by_a_run_and_not_by_a_dry_run(
    data: Path, tmp_path: Path, database_url: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "cache").mkdir()
    (tmp_path / "cache" / "models").symlink_to(load_settings().cache_dir / "models")
    monkeypatch.setenv("RESPOSTA_CACHE_DIR", str(tmp_path / "cache"))
    taught = ("data.explanations=teacher", "data.explained_share=1", "data.sources.0.limit=16", "training.epochs=1")
    settings = [part for one in taught for part in ("--set", one)]
    with classroom() as room:
        for name, value in {"URL": room.url, "MODEL": MODEL, "REQUESTS_PER_MINUTE": "60000"}.items():
            monkeypatch.setenv(f"RESPOSTA_TEACHER_{name}", value)
        process = started(data, tmp_path, database_url, *settings, "--dry-run", "--yes")
        out, err = process.communicate(timeout=120)
        assert process.returncode == 0, err
        # Of all rows at once, those held out as well.
        assert "16 pairs to ask about" in out and room.received == []
        process = started(data, tmp_path, database_url, *settings, "--yes")
        out, err = process.communicate(timeout=600)
        assert process.returncode == 0, err
        assert len(room.asked) == 16
        assert out.index("16 pairs to ask about") < out.index("16 explanations by the teacher")


def test_a_full_disk_and_a_full_gpu_end_with_advice(tmp_path: Path) -> None:
    with pytest.raises(InputError, match="Free some space and start the same command again"), advised():
        Path("/dev/full").write_text("x")
    with pytest.raises(InputError, match="Free some space"), advised():
        torch.save(torch.zeros(1_000_000), "/dev/full")
    with pytest.raises(ModelError, match="per_device_batch"), advised():
        raise torch.OutOfMemoryError("CUDA out of memory")
    with pytest.raises(ModelError, match="The machine's memory is full"), advised():
        torch.empty(1 << 60, dtype=torch.uint8)
    with pytest.raises(OSError) as other, advised():
        (tmp_path / "missing" / "file").write_text("x")
    assert other.value.errno == errno.ENOENT
