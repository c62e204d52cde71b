"""Which weights a LoRA adapter's file must hold: this follows from its configuration and the layers of its base.

PEFT loads what fits and only warns of the rest, so an adapter whose weights have other names changes nothing.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from assistant.bases.catalogue import BaseModel
from assistant.errors import ModelError

Shapes = Mapping[str, Sequence[int]]

# What PEFT puts before the path of a module in the base.
_PREFIX = "base_model.model."
_A, _B = "lora_A.weight", "lora_B.weight"
_DEFAULT_RANK = 8
_SHOWN = 3


def expected_keys(config: Mapping[str, Any], base: BaseModel) -> set[str]:
    """The names of the weights that PEFT writes for an adapter with this configuration on `base`.

    Raises `ModelError` when the configuration names no module of the base's layers.
    """
    modules = list(_adapted_modules(config, base))
    if not modules:
        raise ModelError(
            f"target_modules is {config.get('target_modules')!r}, which names no linear layer of {base.name}. Name "
            f"some of {', '.join(base.layers.linear)}, and train the adapter again."
        )
    parts = [_A, _B]
    if config.get("use_dora"):
        parts.append("lora_magnitude_vector")
    if config.get("lora_bias"):
        parts.append("lora_B.bias")
    return {f"{_PREFIX}{module}.{part}" for module in modules for part in parts}


def check_keys(found: Shapes, config: Mapping[str, Any], base: BaseModel) -> None:
    """Raise `ModelError` unless `found` are exactly the weights of an adapter with this configuration on `base`."""
    expected = expected_keys(config, base)
    missing, unknown = sorted(expected - found.keys()), sorted(found.keys() - expected)
    if missing or unknown:
        raise ModelError(
            f"The weights are not those of an adapter for {base.name}, and PEFT would skip what does not match: "
            f"{mismatch(missing, unknown)}. Save the adapter with PEFT on this base, with the names that PEFT gives, "
            "or name its real base."
        )


def mismatch(missing: Sequence[str], unknown: Sequence[str]) -> str:
    """How many weights an adapter lacks and how many it has too much, with a few names of each."""
    kinds = ((missing, "missing"), (unknown, "not known to the base"))
    return " and ".join(f"{len(names)} weights are {what} ({_few(names)})" for names, what in kinds if names)


def check_ranks(found: Shapes, config: Mapping[str, Any]) -> None:
    """Raise `ModelError` unless every A has its B and both have the rank that the configuration gives them."""
    for name in found:
        if name.endswith((_A, _B)):
            module = name.removesuffix(_A).removesuffix(_B)
            a, b = found.get(module + _A), found.get(module + _B)
            if a is None or b is None:
                raise ModelError(
                    f"The adapter holds {name!r} without the other half of its pair. Save the adapter again."
                )
            rank = _rank(config, module.removesuffix(".").removeprefix(_PREFIX))
            if len(a) != 2 or len(b) != 2 or not a[0] == b[1] == rank:
                raise ModelError(
                    f"{module}lora_A and lora_B have the shapes {list(a)} and {list(b)}, and the configuration gives "
                    f"them the rank {rank}. Save the weights and the configuration again, of the same adapter."
                )


def _few(names: Sequence[str]) -> str:
    shown = ", ".join(name[:120] for name in names[:_SHOWN])
    return f"{shown}, …" if len(names) > _SHOWN else shown


def _adapted_modules(config: Mapping[str, Any], base: BaseModel) -> Iterator[str]:
    """The paths of the modules in `base` that the configuration puts LoRA on, chosen as PEFT chooses them."""
    chosen, excluded = config.get("target_modules"), config.get("exclude_modules")
    layers = config.get("layers_to_transform")
    numbers = [layers] if isinstance(layers, int) else layers if isinstance(layers, list) else []
    for number in range(base.layers.count):
        for module in base.layers.linear:
            path = f"{base.layers.path}.{number}.{module}"
            if (not numbers or number in numbers) and _names(chosen, path) and not _names(excluded, path):
                yield path


def _names(wanted: object, path: str) -> bool:
    """Whether `wanted`, a list of the ends of paths or a regular expression for a whole one, names the module."""
    if isinstance(wanted, str):
        return wanted == "all-linear" or _fits(wanted, path)
    return isinstance(wanted, list) and any(path == end or path.endswith(f".{end}") for end in wanted)


def _rank(config: Mapping[str, Any], module: str) -> object:
    patterns = config.get("rank_pattern")
    for pattern, rank in (patterns if isinstance(patterns, dict) else {}).items():
        if _fits(rf"(.*\.)?({pattern})", module):
            return rank
    return config.get("r", _DEFAULT_RANK)


def _fits(pattern: str, path: str) -> bool:
    try:
        return re.fullmatch(pattern, path) is not None
    except re.error as error:
        raise ModelError(
            f"{pattern!r} in the adapter's configuration is no regular expression ({error}). Correct it there."
        ) from None
