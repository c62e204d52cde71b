"""An adapter version: a folder with an adapter and everything needed to know what it is and where it came from."""

from __future__ import annotations

import dataclasses
import json
from pathlib import Path

from pydantic import TypeAdapter, ValidationError

from assistant.bases.adapter import CONFIG, WEIGHTS, adapter_digest, check_adapter, json_object
from assistant.bases.catalogue import CATALOGUE
from assistant.errors import ModelError
from assistant.judge.calibration import read_calibration
from assistant.tasks import TASKS
from assistant.version_records import AdapterVersion, VersionFacts
from assistant.whole_file import write_whole

VERSION = "version.json"
FINGERPRINTS, CARD = "fingerprints.txt", "README.md"
CALIBRATION, CANARIES = "calibration.json", "canaries.json"

# What a version folder holds, with the most bytes each file may have. Nothing else is copied, fetched or pushed
# but what it may hold as well; that is no part of the version and may come or change later.
FILES: dict[str, int] = {
    WEIGHTS: 4 << 30,
    CONFIG: 1 << 20,
    VERSION: 16 << 20,
    FINGERPRINTS: 256 << 20,
    CARD: 1 << 20,
}
OPTIONAL: dict[str, int] = {CALIBRATION: 1 << 20, CANARIES: 1 << 20}
_UNWANTED = {".bin", ".pt", ".pth", ".ckpt", ".pkl", ".pickle", ".h5", ".msgpack", ".onnx", ".gguf", ".npz", ".py"}


def held(folder: Path) -> list[str]:
    """The names of the files of a version in `folder`: all it needs, and the optional ones that are there."""
    return [*FILES, *(name for name in OPTIONAL if (folder / name).is_file())]


def read_version(folder: Path) -> AdapterVersion:
    """The version in `folder`, whose every file was looked at.

    Raises `ModelError` when a file is missing, too large, unreadable or of a kind that is not loaded, or when the
    adapter is another one than version.json describes.
    """
    _check_files(folder)
    if (folder / CALIBRATION).is_file():
        read_calibration(folder / CALIBRATION)
    try:
        version = TypeAdapter(AdapterVersion).validate_python(json_object(folder / VERSION))
    except ValidationError as error:
        problems = "; ".join(f"{_place(item['loc'])}: {item['msg']}" for item in error.errors()[:10])
        raise ModelError(
            f"{folder / VERSION} does not describe a version ({problems}). Correct the file, or train again."
        ) from None
    # A base that only a newer Resposta knows is refused where the version is to be used.
    check_adapter(folder, CATALOGUE.get(version.base))
    if version.digest != adapter_digest(folder):
        raise ModelError(
            f"The adapter in {folder} is not the one its {VERSION} describes: its bytes have another digest. "
            "Copy or download the folder again."
        )
    prompts = TASKS[version.task].renamed_prompts.get(version.prompt_version, version.prompt_version)
    return dataclasses.replace(version, prompt_version=prompts)


def write_version(folder: Path, facts: VersionFacts) -> AdapterVersion:
    """Write version.json beside the adapter in `folder`, whole or not at all.

    Raises `ModelError` when the adapter's own files are missing or a value cannot be kept.
    """
    values = {field.name: getattr(facts, field.name) for field in dataclasses.fields(VersionFacts)}
    try:
        version = TypeAdapter(AdapterVersion).validate_python(values | {"digest": adapter_digest(folder)})
        text = json.dumps(TypeAdapter(AdapterVersion).dump_python(version, mode="json"), indent=1, allow_nan=False)
    except ValueError as error:
        raise ModelError(f"The facts of {folder} cannot be written: {error}. Correct them and write again.") from error
    if "\\u0000" in text:
        raise ModelError(f"The facts of {folder} hold a NUL character, which cannot be kept. Take it out.")
    write_whole(folder / VERSION, text + "\n")
    return version


def fits_prompts(version: AdapterVersion, prompt_version: str) -> None:
    """Raise `ModelError` when the adapter was trained on other prompts than this code writes."""
    if version.prompt_version != prompt_version:
        raise ModelError(
            f"Version {version.digest[:12]} was trained on the prompts {version.prompt_version!r} and this Resposta "
            f"writes {prompt_version!r}, so it would answer badly: train it again, or use the Resposta it came with."
        )


def fits(version: AdapterVersion, base_sha256: str, prompt_version: str) -> None:
    """Raise `ModelError` when the adapter belongs on other weights or other prompts than those in use."""
    fits_prompts(version, prompt_version)
    if version.base_sha256 != base_sha256:
        raise ModelError(
            f"Version {version.digest[:12]} was trained on {version.base} from {version.base_source} "
            f"({version.base_sha256[:12]}) and the loaded base is {base_sha256[:12]}: set "
            f"RESPOSTA_BASE_MODEL={version.base} with these weights, or promote a version trained on the loaded base."
        )


def _check_files(folder: Path) -> None:
    if not folder.is_dir():
        raise ModelError(f"{folder} is not a folder. Point to the version folder that a training run left.")
    for name, most in (FILES | OPTIONAL).items():
        file = folder / name
        if name in FILES and not file.is_file():
            raise ModelError(
                f"{folder} is no version folder: {name} is missing. Point to one that a training run left."
            )
        if file.is_file() and file.stat().st_size > most:
            raise ModelError(f"{file} has more than {most:,} bytes, so it is no {name} of ours. Point to a right one.")
    for file in folder.rglob("*"):
        if file.suffix.lower() in _UNWANTED or (file.suffix == ".safetensors" and file.name != WEIGHTS):
            raise ModelError(
                f"{folder} holds {file.relative_to(folder)}; a version has its weights in {WEIGHTS} alone and brings "
                "no code. Remove the file if you know where the adapter comes from."
            )


def _place(location: tuple[str | int, ...]) -> str:
    return ".".join(str(part) for part in location) or VERSION
