"""Which room may look into which, read from the imports."""

from __future__ import annotations

import ast
import re
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[1]
FILES = sorted(path for room in ("assistant", "evals", "training") for path in (ROOT / room).rglob("*.py"))
FILES.append(ROOT / "app.py")

FORBIDDEN_ROOMS = {"assistant": ("evals", "training", "app"), "evals": ("training", "app"), "training": ("app",)}

# A heavy package and the only places that may import it.
HOMES = {
    "torch": ("assistant/generator/", "training/backend/", "evals/speed.py", "evals/baselines/cross_encoder.py"),
    "transformers": ("assistant/generator/", "training/backend/", "evals/speed.py", "evals/baselines/cross_encoder.py"),
    "peft": ("assistant/generator/", "training/backend/", "evals/speed.py"),
    "trl": ("training/backend/",),
    "unsloth": ("training/backend/unsloth_model.py",),
    "bitsandbytes": ("training/backend/",),
    "datasets": ("training/backend/", "evals/hub_rows.py", "evals/metrics/"),
    "evaluate": ("evals/metrics/",),
    # Where ZeroGPU is asked for a GPU, gradio's errors come back.
    "gradio": ("assistant/ui/", "app.py", "assistant/generator/zerogpu.py"),
    "spaces": ("app.py", "assistant/generator/zerogpu.py"),
    "huggingface_hub": ("assistant/weights.py", "assistant/hub.py"),
    "psycopg": ("assistant/store/",),
    "psycopg_pool": ("assistant/store/",),
    "pgvector": ("assistant/store/",),
    "sqlalchemy": ("assistant/store/",),
    "alembic": ("assistant/store/",),
    "trackio": ("training/tracking/",),
    "neptune": ("training/tracking/",),
    "matplotlib": ("evals/reporting/pictures.py",),
}


def imports(path: Path) -> Iterator[str]:
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom) and node.module:
            yield node.module


def name(path: Path) -> str:
    return path.relative_to(ROOT).as_posix()


@pytest.mark.parametrize("path", FILES, ids=name)
def test_a_file_imports_only_what_its_room_may(path: Path) -> None:
    found = set(imports(path))
    tops = {module.split(".")[0] for module in found}
    assert not tops & set(FORBIDDEN_ROOMS.get(path.relative_to(ROOT).parts[0], ()))
    for package, homes in HOMES.items():
        if package in tops:
            assert name(path).startswith(homes), f"{package} is imported outside {homes}"


@pytest.mark.parametrize(
    "module",
    [
        "assistant",
        "assistant.library",
        "assistant.settings",
        "assistant.assembly",
        "assistant.registry",
        "assistant.hub",
    ],
)
def test_importing_the_assistant_is_light(module: str) -> None:
    """The library's command line and the settings must not wait for torch; only the model's room loads it."""
    code = f"import sys, {module}; print([m for m in ('torch', 'gradio') if m in sys.modules])"
    shown = subprocess.run([sys.executable, "-c", code], cwd=ROOT, capture_output=True, text=True, check=True)
    assert shown.stdout.strip() == "[]"


def test_environment_variables_are_read_in_one_place() -> None:
    """Others may set what a library reads, and hand the environment on to a process they start."""
    reading = re.compile(r"environ\.get\(|environ\[[^]]+\](?! = )|getenv|getenvb")
    assert [name(path) for path in FILES if reading.search(path.read_text(encoding="utf-8"))] == []


def test_no_rooms_drawer() -> None:
    assert not [path for path in FILES if "util" in path.stem or "helper" in path.stem]
    assert not list((ROOT / "spaces").glob("**/__init__.py"))
