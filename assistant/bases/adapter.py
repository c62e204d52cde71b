"""A LoRA adapter's folder as PEFT writes it, and what may be in it."""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from pydantic_core import from_json
from safetensors import SafetensorError, safe_open

from assistant.bases.adapter_keys import check_keys, check_ranks
from assistant.bases.catalogue import CATALOGUE, BaseModel, named_base
from assistant.bases.weights import files_sha256
from assistant.errors import ModelError

WEIGHTS, CONFIG = "adapter_model.safetensors", "adapter_config.json"

_LORA = re.compile(r"\.lora_(A|B|embedding_A|embedding_B|magnitude_vector)\b")
# The other ways to begin a LoRA change the base's own weights, which all adapters share.
_HARMLESS_BEGINNINGS = (True, False, None, "gaussian")


def adapter_digest(folder: Path) -> str:
    """The hex SHA-256 of the adapter's weights and its configuration, one behind the other."""
    files = [folder / WEIGHTS, folder / CONFIG]
    for file in files:
        if not file.is_file():
            raise ModelError(_missing(file))
    return files_sha256(files)


def check_adapter(folder: Path, base: BaseModel | None) -> None:
    """Raise `ModelError` unless the folder holds a plain LoRA adapter for `base`, which leaves the base as it is.

    Every way in asks this. Without a `base`, whether the weights have the names and the number that it needs stays
    open: only where the layers are known can that be told.
    """
    shapes = _check_weights(folder / WEIGHTS)
    config = _check_config(folder / CONFIG)
    try:
        if base is not None:
            _check_base_name(config, base)
            check_keys(shapes, config, base)
        check_ranks(shapes, config)
    except ModelError as error:
        raise ModelError(f"{folder}: {error}") from None


def base_of(folder: Path) -> BaseModel:
    """The base that the configuration of an adapter names, for a folder that has no version.json to say it.

    Raises `ModelError` when the catalogue has none of that name.
    """
    named = _json_file(folder / CONFIG).get("base_model_name_or_path")
    base = named_base(named) if isinstance(named, str) else None
    if base is None:
        raise ModelError(
            f"{folder / CONFIG} names {str(named)[:200]!r} as the adapter's base, which the catalogue does not have. "
            f"Write the one that it was trained on there as base_model_name_or_path: {', '.join(sorted(CATALOGUE))}."
        )
    return base


def _check_base_name(config: Mapping[str, Any], base: BaseModel) -> None:
    named = config.get("base_model_name_or_path")
    other = named_base(named) if isinstance(named, str) else None
    # What is not in the catalogue may be the folder of another machine.
    if other is not None and other is not base:
        raise ModelError(
            f"The adapter was trained on {other.name}, as {CONFIG} says, and not on {base.name}. Correct the file that "
            "is wrong, or take another adapter."
        )


def _check_weights(file: Path) -> dict[str, tuple[int, ...]]:
    """The shapes of the tensors in `file` by name."""
    try:
        with safe_open(file, framework="numpy") as tensors:
            shapes = {name: tuple(tensors.get_slice(name).get_shape()) for name in list(tensors.keys())}
    except FileNotFoundError:
        raise ModelError(_missing(file)) from None
    except SafetensorError as error:
        raise ModelError(f"{file} is not readable as safetensors ({error}). Copy or download it again.") from None
    if not shapes:
        raise ModelError(f"{file} holds no LoRA weights. Point to the folder of a LoRA adapter saved by PEFT.")
    if others := [name for name in shapes if not _LORA.search(name)]:
        raise ModelError(
            f"{file} holds {others[0][:100]!r}, which would change the base that all adapters share. Save the adapter "
            "again without embeddings and biases."
        )
    return shapes


def _check_config(file: Path) -> dict[str, Any]:
    config = _json_file(file)
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
    return config


def _json_file(file: Path) -> dict[str, Any]:
    if not file.is_file():
        raise ModelError(_missing(file))
    return json_object(file)


def _missing(file: Path) -> str:
    return f"{file.parent} is no safetensors adapter: {file.name} is missing. Point to a PEFT folder."


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
