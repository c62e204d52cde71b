"""Mistakes by kind and weight, on rows worked out by hand."""

from __future__ import annotations

from dataclasses import replace

import pytest

from assistant.errors import InputError
from evals.reporting.mistakes import changed, choose, find_mistakes
from tests.support.evaluations import HAND, pair_report, pair_rows, reading_rows


def test_mistakes_come_worst_first_and_unreadable_ones_last():
    found = find_mistakes(HAND, 0.5)
    assert [(one.kind, one.row.row) for one in found] == [
        ("missed match", 2),
        ("false match", 1),
        ("false match", 3),
        ("unreadable", 4),
    ]
    assert [one.weight for one in found] == pytest.approx([0.9, 0.8, 0.5, 0.0])


def test_another_threshold_makes_other_mistakes():
    found = find_mistakes(HAND, 0.85)
    assert [(one.kind, one.row.row) for one in found] == [("missed match", 2), ("unreadable", 4)]


def test_mistakes_are_chosen_by_kind_language_and_score():
    found = find_mistakes(HAND, 0.5)
    assert [one.row.row for one in choose(found, "false match", None, 0, 1)] == [1, 3]
    assert [one.row.row for one in choose(found, None, "pt", 0, 1)] == [2, 3]
    assert [one.row.row for one in choose(found, None, None, 0.5, 0.8)] == [1, 3]
    assert [one.row.row for one in choose(found, None, None, 0, 1)] == [2, 1, 3, 4]


def test_what_changed_is_right_at_each_reports_own_threshold():
    before = pair_report(pair_rows(1, 0.9), threshold=0.5)
    both = changed(before, HAND, replace(before, threshold=0.85), HAND)
    assert [row.was_right for row in both] == [True, False, False, False, False, True]
    assert [row.is_right for row in both] == [True, True, False, True, False, True]
    with pytest.raises(InputError, match="different data"):
        changed(before, HAND, replace(before, data=before.data | {"sha256": "0" * 64}), HAND)


def test_readings_are_wrong_partly_right_missed_or_found_elsewhere():
    # Of rows 0 and 5, which were answered right, the second was answered from another text too.
    found = find_mistakes(reading_rows()[:6], 0.5)
    told = [("wrong", 0), ("missed", 0), ("found elsewhere", 1), ("partly right", 0.67)]
    assert [(one.kind, one.score) for one in found] == told
