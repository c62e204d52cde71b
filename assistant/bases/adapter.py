"""A LoRA adapter's folder as PEFT writes it, and what may be in it."""

from __future__ import annotations

import json
import re
from pathlib import Path
from typing import Any

from pydantic_core import from_json
from safetensors import SafetensorError, safe_open

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
            raise ModelError(f"{folder} is no safetensors adapter: {file.name} is missing. Point to a PEFT folder.")
    return files_sha256(files)


def check_adapter(folder: Path) -> None:
    """Raise `ModelError` unless the folder holds a plain LoRA adapter that leaves the shared base as it is."""
    _check_weights(folder / WEIGHTS)
    _check_config(folder / CONFIG)


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
