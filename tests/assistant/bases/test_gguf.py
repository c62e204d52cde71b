"""Weights out of a package's GGUF file."""

from __future__ import annotations

import filecmp
from pathlib import Path

import gguf
import pytest

from assistant.bases import gguf as converting
from assistant.bases.catalogue import CATALOGUE
from assistant.bases.weights import locate
from assistant.settings import Settings


def test_a_file_is_parsed_once_and_gives_the_same_as_ever(
    tmp_path: Path, settings: Settings, monkeypatch: pytest.MonkeyPatch
) -> None:
    parse, parsed = gguf.GGUFReader._build_fields, []
    monkeypatch.setattr(
        gguf.GGUFReader, "_build_fields", lambda reader, *rest: parsed.append(reader) or parse(reader, *rest)
    )
    base = CATALOGUE["smollm2-135m"]
    made, known = locate(base, tmp_path).path, locate(base, settings.cache_dir).path
    names = sorted(path.name for path in known.iterdir())
    assert names == sorted(path.name for path in made.iterdir())
    assert filecmp.cmpfiles(made, known, names, shallow=False) == (names, [], [])
    assert len(parsed) == 1


def test_a_conversion_that_fails_leaves_nothing_and_changes_nothing(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def fails(*_: object) -> None:
        raise MemoryError

    reader = gguf.GGUFReader
    monkeypatch.setattr(converting, "_tokenizer", fails)
    with pytest.raises(MemoryError):
        locate(CATALOGUE["smollm2-135m"], tmp_path)
    assert gguf.GGUFReader is reader
    assert [path.name for path in (tmp_path / "models").iterdir() if path.is_dir()] == []
