"""A virtual environment as a Space has it: its requirements alone, under a Python that another user may run."""

from __future__ import annotations

import hashlib
import os
import re
import shutil
import stat
import subprocess
import sys
from pathlib import Path

import yaml
from filelock import FileLock

from assistant.errors import RefusedError, RespostaError
from space_contents import CARD, HERE, REQUIREMENTS

# Outside of every home folder, which others may not enter. Kept between rehearsals; may be deleted at any time.
FOLDER = Path("/var/tmp/resposta-space")
# Written last, so that an environment whose making was cut off is made anew.
COMPLETE = ".complete"


class RehearsalError(RefusedError):
    """What was rehearsed did not work."""


class CannotRehearseError(RespostaError):
    """This machine or this user lacks what a rehearsal needs."""


def made_environment(folder: Path = FOLDER) -> Path:
    """The Python of an environment below `folder`; it is made when the requirements have changed, which takes minutes.

    Raises `CannotRehearseError` when there is no such Python here, `RehearsalError` when the requirements cannot be
    installed.
    """
    python, requirements = others_python(), required()
    torch_index = os.environ.get("TORCH_INDEX_URL", "")
    decisive = [str(python), _version(python), torch_index, *requirements]
    known = hashlib.sha256("\n".join(decisive).encode()).hexdigest()
    own_folder(folder)
    place = folder / f"environment-{known[:12]}"
    with FileLock(folder / "environment.lock"):
        if not (place / COMPLETE).exists():
            shutil.rmtree(place, ignore_errors=True)
            _run([python, "-m", "venv", "--without-pip", place])
            # A Python of the system may come without pip; ours installs into the other environment.
            pip = [sys.executable, "-m", "pip", "--python", place / "bin" / "python", "install", "-q"]
            if torch_index:
                # As the Makefile does, for a build of torch without the libraries of a GPU.
                _run([*pip, "--index-url", torch_index, *[one for one in requirements if one.startswith("torch==")]])
            _run([*pip, "--disable-pip-version-check", *requirements])
            (place / COMPLETE).touch()
    return place / "bin" / "python"


def required() -> list[str]:
    """The Space's requirements, and what the Hub's builder installs in the same go: the extras decide which pydantic
    all others get."""
    lines = (HERE / REQUIREMENTS).read_text(encoding="utf-8").splitlines()
    added = [f"gradio[oauth,mcp]=={card_says('sdk_version')}", "uvicorn>=0.14.0", "websockets>=10.4", "spaces"]
    return [line for line in lines if line and not line.startswith("#")] + added


def card_says(field: str) -> str:
    """A field of the card's front matter."""
    card = (HERE / CARD).read_text(encoding="utf-8")
    return str(yaml.safe_load(card.split("---\n")[1])[field])


def others_python() -> Path:
    """A Python of the card's version that every user may run, and that can make environments.

    Raises `CannotRehearseError` when there is none.
    """
    version = card_says("python_version")
    folders = ["/usr/bin", "/usr/local/bin", *os.environ.get("PATH", "").split(os.pathsep)]
    for candidate in (Path(folder) / f"python{version}" for folder in folders if folder):
        if candidate.exists() and _open_to_all(candidate.resolve()) and _can(candidate, "import venv"):
            return candidate.resolve()
    raise CannotRehearseError(
        f"No Python {version} was found that another user may run: install one for everybody, for example "
        f"`apt-get install python{version}`."
    )


def own_folder(folder: Path) -> None:
    """Make `folder` where everybody may read and only we may write.

    Raises `CannotRehearseError` when somebody else was there first, who could put code of theirs into it.
    """
    folder.mkdir(mode=0o755, parents=True, exist_ok=True)
    status = folder.lstat()
    if not stat.S_ISDIR(status.st_mode) or status.st_uid != os.geteuid() or status.st_mode & 0o022:
        raise CannotRehearseError(f"{folder} can be written by others: remove it, or name another one with --folder.")


def _open_to_all(path: Path) -> bool:
    return all(part.stat().st_mode & stat.S_IXOTH for part in (path, *path.parents))


def _can(python: Path, code: str) -> bool:
    return subprocess.run([python, "-I", "-c", code], capture_output=True).returncode == 0


def _version(python: Path) -> str:
    return subprocess.run([python, "-I", "-VV"], capture_output=True, text=True, check=True).stdout


def _run(command: list) -> None:
    # What is installed has to be readable by the user who runs the app.
    done = subprocess.run([*map(str, command)], capture_output=True, text=True, umask=0o022)
    if done.returncode:
        wrong = [line for line in done.stderr.splitlines() if not re.match("WARNING|DEPRECATION", line)]
        raise RehearsalError("The Space's requirements cannot be installed: " + "\n".join(wrong[-15:]))
