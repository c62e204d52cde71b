"""An adapter version: a folder with an adapter and everything needed to know what it is and where it came from."""

from __future__ import annotations

import dataclasses
import json
import os
import re
from dataclasses import dataclass
from pathlib import Path
from typing import Annotated, Any, Literal

from pydantic import AwareDatetime, Field, JsonValue, TypeAdapter, ValidationError
from pydantic_core import from_json
from safetensors import SafetensorError, safe_open

from assistant.calibration import read_calibration
from assistant.errors import ModelError
from assistant.records import Task
from assistant.weights import files_sha256

WEIGHTS, CONFIG, VERSION = "adapter_model.safetensors", "adapter_config.json", "version.json"
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
_LORA = re.compile(r"\.lora_(A|B|embedding_A|embedding_B|magnitude_vector)\b")
# The other ways to begin a LoRA change the base's own weights, which all adapters share.
_HARMLESS_BEGINNINGS = (True, False, None, "gaussian")

Line = Annotated[str, Field(min_length=1, max_length=300, pattern=r"^[^\x00-\x1f\x7f-\x9f]+$")]
Sha256 = Annotated[str, Field(pattern=r"^[0-9a-f]{64}$")]
JsonObject = dict[str, JsonValue]


@dataclass(frozen=True, slots=True, kw_only=True)
class VersionFacts:
    """What a training run knows of its adapter.

    `base_source` and `base_sha256` name the base's weights as `assistant.weights.Weights` does. `parameters` is
    what was in effect, `recipe` what was asked for. `metrics` are figures by measure, or by data set and measure.
    `licences` are licences by the name of what they cover: base and data. `packages` are versions by package,
    `commit` the code's git commit ("" when unknown), `history` the loss curve, one entry per logged step.
    """

    task: Task
    name: Line
    base: Line
    base_source: Line
    base_sha256: Line
    quantization: Literal["none", "8bit", "4bit"]
    prompt_version: Line
    created: AwareDatetime
    parameters: JsonObject
    metrics: JsonObject
    licences: dict[Line, Line]
    recipe: JsonObject
    packages: dict[Line, Line]
    commit: Annotated[str, Field(pattern=r"^[0-9a-f]{0,64}$")]
    history: list[JsonObject]


@dataclass(frozen=True, slots=True, kw_only=True)
class AdapterVersion(VersionFacts):
    """A version; `digest` names the adapter's bytes, as the generator names a loaded adapter."""

    digest: Sha256


def adapter_digest(folder: Path) -> str:
    """The hex SHA-256 of the adapter's weights and its configuration, one behind the other."""
    files = [folder / WEIGHTS, folder / CONFIG]
    for file in files:
        if not file.is_file():
            raise ModelError(f"{folder} is no safetensors adapter: {file.name} is missing. Point to a PEFT folder.")
    return files_sha256(files)


def held(folder: Path) -> list[str]:
    """The names of the files of a version in `folder`: all it needs, and the optional ones that are there."""
    return [*FILES, *(name for name in OPTIONAL if (folder / name).is_file())]


def read_version(folder: Path) -> AdapterVersion:
    """The version in `folder`, whose every file was looked at.

    Raises `ModelError` when a file is missing, too large, unreadable or of a kind that is not loaded, or when the
    adapter is another one than version.json describes.
    """
    _check_files(folder)
    _check_weights(folder / WEIGHTS)
    _check_config(folder / CONFIG)
    if (folder / CALIBRATION).is_file():
        read_calibration(folder / CALIBRATION)
    try:
        version = TypeAdapter(AdapterVersion).validate_python(json_object(folder / VERSION))
    except ValidationError as error:
        problems = "; ".join(f"{_place(item['loc'])}: {item['msg']}" for item in error.errors()[:10])
        raise ModelError(
            f"{folder / VERSION} does not describe a version ({problems}). Correct the file, or train again."
        ) from None
    if version.digest != adapter_digest(folder):
        raise ModelError(
            f"The adapter in {folder} is not the one its {VERSION} describes: its bytes have another digest. "
            "Copy or download the folder again."
        )
    return version


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
    draft = folder / f".{VERSION}"
    draft.write_text(text + "\n", encoding="utf-8")
    os.replace(draft, folder / VERSION)
    return version


def fits_prompts(version: AdapterVersion, prompt_version: str) -> None:
    """Raise `ModelError` when the adapter was trained on other prompts than this code writes."""
    if version.prompt_version != prompt_version:
        raise ModelError(
            f"Version {version.digest[:12]} was trained on the prompts {version.prompt_version!r} and this Resposta "
            f"writes {prompt_version!r}, so it would judge badly: train it again, or use the Resposta it came with."
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


def _check_weights(file: Path) -> None:
    try:
        with safe_open(file, framework="numpy") as tensors:
            names = list(tensors.keys())
    except SafetensorError as error:
        raise ModelError(f"{file} is not readable as safetensors ({error}). Copy or download it again.") from None
    if not names:
        raise ModelError(f"{file} holds no LoRA weights. Point to the folder of a LoRA adapter saved by PEFT.")
    if others := [name for name in names if not _LORA.search(name)]:
        raise ModelError(
            f"{file} holds {others[0][:100]!r}, which would change the base that all adapters share. Save the adapter "
            "again without embeddings and biases."
        )


def _check_config(file: Path) -> None:
    config = json_object(file)
    if config.get("peft_type") != "LORA":
        raise ModelError(f"{file} describes a {config.get('peft_type')!r} adapter; only LORA is loaded. Train one.")
    if config.get("bias") not in (None, "none") or config.get("layer_replication") or config.get("modules_to_save"):
        raise ModelError(
            f"{file} sets bias, layer_replication or modules_to_save, which change the base that all adapters share. "
            "Train it as a plain LoRA adapter."
        )
    if config.get("megatron_config") or config.get("init_lora_weights") not in _HARMLESS_BEGINNINGS:
        raise ModelError(
            f"{file} asks for megatron_config or init_lora_weights={config.get('init_lora_weights')!r}, which reach "
            "beyond the adapter. Save it as a plain LoRA adapter."
        )


def json_object(file: Path) -> dict[str, Any]:
    """The JSON object in a file, with nothing in it that Postgres could not keep.

    Raises `ModelError` when it holds anything else.
    """
    content = file.read_bytes()
    try:
        found = from_json(content, allow_inf_nan=False)
        # 1e999 is valid JSON and reads as infinity.
        json.dumps(found, allow_nan=False)
    except ValueError as error:
        raise ModelError(f"{file} is not valid JSON ({error}). Copy or download it again.") from None
    if not isinstance(found, dict) or b"\\u0000" in content:
        raise ModelError(f"{file} is not a JSON object of plain text. Copy or download it again.")
    return found


def _place(location: tuple[str | int, ...]) -> str:
    return ".".join(str(part) for part in location) or VERSION
