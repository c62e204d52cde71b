"""Rows that the measured version was trained on, and prompts that hold their own label."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass, field

from assistant.errors import RefusedError
from assistant.version_records import Kind
from assistant.versions.fingerprints import of_pair, of_question, of_reading
from evals.data.published import QuestionPair
from evals.data.squad import ReadingQuestion

# Which of these fingerprints the version was trained on.
TrainedOn = Callable[[Kind, Iterable[str]], set[str]]
Row = QuestionPair | ReadingQuestion

# As the published prompts write it, and as CSV columns are called.
_LABEL = re.compile(r"\b(?:label|is_duplicate)\s*[:=]\s*[01]\b", re.IGNORECASE)
_TOGETHER = 500
_LISTED = 20


class LeakError(RefusedError):
    """The rows would not measure the version."""


@dataclass(slots=True)
class Leaks:
    """Numbers of rows, from 0. `trained` equal training rows or nearly, `labelled` hold a label in their prompt,
    `dropped` have one question that nearly equals a training question. None is in two of them."""

    trained: list[int] = field(default_factory=list)
    labelled: list[int] = field(default_factory=list)
    dropped: list[int] = field(default_factory=list)

    @property
    def rows(self) -> list[int]:
        return sorted([*self.trained, *self.labelled])

    def check(self) -> None:
        """Raise `LeakError`, which lists the rows, when there are any but dropped ones."""
        found = []
        for rows, what in (
            (self.trained, "are training rows of this version, or nearly"),
            (self.labelled, "hold a label in the prompt"),
        ):
            if rows:
                listed = ", ".join(map(str, rows[:_LISTED])) + (", …" if len(rows) > _LISTED else "")
                found.append(f"{len(rows)} rows {what} (rows {listed}, counted from 0)")
        if found:
            raise LeakError(
                "; ".join(found)
                + ". Leave them out (--drop-leaks, in the tab a box of the form), or measure all the same with "
                "--allow-leak, which every page of the report will say."
            )


def find_leaks(rows: Sequence[Row], prompt: Callable[[Row], str], trained_on: TrainedOn | None) -> Leaks:
    """Look at every row. `prompt` is what the system is asked of it; without `trained_on` nothing is known of the
    training (a baseline), and only prompts are looked at."""
    leaks = Leaks()
    for start in range(0, len(rows), _TOGETHER):
        numbered = list(enumerate(rows[start : start + _TOGETHER], start))
        trained, near = _known(numbered, trained_on) if trained_on else (set(), set())
        for number, row in numbered:
            if number in trained:
                leaks.trained.append(number)
            elif _LABEL.search(prompt(row)):
                leaks.labelled.append(number)
            elif number in near:
                leaks.dropped.append(number)
    return leaks


def _known(numbered: Sequence[tuple[int, Row]], trained_on: TrainedOn) -> tuple[set[int], set[int]]:
    """The numbers of rows that were trained on, and of those with such a question."""
    rows = {number: _of_row(row) for number, row in numbered}
    questions = {number: tuple(_of_questions(row)) for number, row in numbered}
    known_rows = trained_on("row", {one for digests in rows.values() for one in digests})
    known_questions = trained_on("question", {one for digests in questions.values() for one in digests})
    return (
        {number for number, digests in rows.items() if known_rows.intersection(digests)},
        {number for number, digests in questions.items() if known_questions.intersection(digests)},
    )


def _of_row(row: Row) -> tuple[str, ...]:
    if isinstance(row, QuestionPair):
        return of_pair(row.question1, row.question2, row.language)
    return of_reading(row.question, row.context)


def _of_questions(row: Row) -> Iterator[str]:
    if isinstance(row, QuestionPair):
        yield from of_question(row.question1, row.language)
        yield from of_question(row.question2, row.language)
    else:
        yield from of_question(row.question, "pt")
