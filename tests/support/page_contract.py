"""The records that the page's modules declare for what they exchange with Python, read from static/*.d.ts."""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from typing import Any

from assistant.ui.component import STATIC

_INTERFACE = re.compile(r"^export interface (\w+)(?: extends (\w+))? \{\n(.*?)^\}", re.MULTILINE | re.DOTALL)
_FIELD = re.compile(r'^  (?:"([^"]+)"|(\w+))(\??): (.+);$', re.MULTILINE)
# A record that holds more than the page reads.
_OPEN = "[more: string]"
_ALIAS = re.compile(r"^export type (\w+) =\s+([^;{]*);", re.MULTILINE)
_TEXT = re.compile(r'"([^"]*)"')
_MAPPING = "Record<"


@dataclass
class Contract:
    """`records` holds the types by field by interface, with inherited ones; `optional` the fields that may be missing;
    `bases` what an interface extends; `open` the interfaces of records with more fields than the page reads; `texts`
    the values of a type of texts; `either` the interfaces that a type stands for. `seen` collects the fields that
    occurred in what was checked.
    """

    records: dict[str, dict[str, str]] = field(default_factory=dict)
    optional: dict[str, set[str]] = field(default_factory=dict)
    open: set[str] = field(default_factory=set)
    texts: dict[str, set[str]] = field(default_factory=dict)
    either: dict[str, list[str]] = field(default_factory=dict)
    bases: dict[str, str] = field(default_factory=dict)
    seen: dict[str, set[str]] = field(default_factory=dict)

    def check(self, name: str, value: dict[str, Any]) -> None:
        """Raise `AssertionError` unless `value` has the fields of the interface `name`, and everything in it too."""
        fields = self.records[name]
        found = value.keys() & fields.keys() if name in self.open else set(value)
        assert found <= fields.keys(), f"{name} lacks {sorted(found - fields.keys())}, which Python sends"
        missing = fields.keys() - found - self.optional[name]
        assert not missing, f"{name} has {sorted(missing)}, which Python does not send"
        self._see(name, found)
        for key in found:
            self._check_field(f"{name}.{key}", fields[key], value[key])

    def check_read(self, name: str, read: set[str]) -> None:
        """Raise `AssertionError` unless `read` are the fields of the interface `name`, a request."""
        fields = set(self.records.get(name, {}))
        assert read == fields, f"{name}: Python reads {sorted(read)}, the page sends {sorted(fields)}"
        if fields:
            self._see(name, fields)

    def _see(self, name: str, fields: set[str]) -> None:
        while name:
            self.seen.setdefault(name, set()).update(fields)
            name = self.bases[name]

    def _check_field(self, where: str, written: str, value: Any) -> None:
        names = re.findall(r"\w+", _TEXT.sub("", written))
        records = [one for name in names for one in self.either.get(name, [name]) if one in self.records]
        if isinstance(value, list):
            parts = value
        else:
            parts = list(value.values()) if _MAPPING in written and isinstance(value, dict) else [value]
        for part in parts:
            if isinstance(part, dict) and records:
                self.check(next((name for name in records if self._fits(name, part)), records[0]), part)
        allowed = set(_TEXT.findall(written)).union(*(self.texts.get(name, set()) for name in names))
        if allowed and _MAPPING not in written:
            wrong = {part for part in parts if isinstance(part, str)} - allowed
            assert not wrong, f"{where} does not know {sorted(wrong)}"

    def _fits(self, name: str, value: dict[str, Any]) -> bool:
        return self.records[name].keys() - self.optional[name] <= value.keys()


def read_contract() -> Contract:
    """The types of all static/*.d.ts."""
    text = "\n".join(path.read_text(encoding="utf-8") for path in sorted(STATIC.glob("*.d.ts")))
    contract = Contract()
    for name, base, body in _INTERFACE.findall(text):
        fields = [(quoted or plain, mark, written) for quoted, plain, mark, written in _FIELD.findall(body)]
        contract.records[name] = contract.records.get(base, {}) | {key: written for key, _, written in fields}
        contract.optional[name] = contract.optional.get(base, set()) | {key for key, mark, _ in fields if mark}
        contract.bases[name] = base
        if _OPEN in body:
            contract.open.add(name)
    for name, body in _ALIAS.findall(text):
        if _TEXT.search(body):
            contract.texts[name] = set(_TEXT.findall(body))
        else:
            contract.either[name] = [one for one in re.findall(r"\w+", body) if one in contract.records]
    return contract


class Request(dict[str, Any]):
    """A request that remembers which of its names were read."""

    def __init__(self, content: dict[str, Any]) -> None:
        super().__init__(content)
        self.read: set[str] = set()

    def get(self, key: str, default: Any = None) -> Any:
        self.read.add(key)
        return super().get(key, default)
