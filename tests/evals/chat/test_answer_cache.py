"""Answers that were paid for stay, in the files that earlier versions wrote."""

from __future__ import annotations

from pathlib import Path

import pytest

from assistant.errors import BusyError, InputError
from evals.chat.answer_cache import AnswerCache, digest
from evals.chat.chat_labels import Reply

STORED = b'{"key": "a", "content": "caf\\u00e9"}\n{"key": "b", "content": "1"}\n'


def place(folder: Path) -> Path:
    return folder / f"{digest('gpt', 'v1')}.jsonl"


def opened(folder: Path) -> AnswerCache[Reply]:
    return AnswerCache(folder, "gpt", "v1", Reply)


def test_the_file_is_the_one_that_earlier_runs_wrote(tmp_path: Path) -> None:
    with opened(tmp_path) as answers:
        answers.put("a", Reply("café"))
        answers.put("b", Reply("1"))
    assert place(tmp_path).read_bytes() == STORED
    with opened(tmp_path) as answers:
        assert (answers["a"], answers.get("b"), answers.get("c")) == (Reply("café"), Reply("1"), None)


def test_half_a_character_is_kept_as_it_came(tmp_path: Path) -> None:
    with opened(tmp_path) as answers:
        answers.put("a", Reply("\ud83d"))
    with opened(tmp_path) as answers:
        assert answers["a"] == Reply("\ud83d")


def test_a_line_that_cannot_be_read_is_named_and_the_file_is_free_again(tmp_path: Path) -> None:
    place(tmp_path).write_bytes(STORED + b'{"content": "0"}\n')
    for _ in range(2):
        with pytest.raises(InputError, match=r"line 3 cannot be read\. Delete that line"):
            opened(tmp_path)
    assert place(tmp_path).read_bytes().startswith(STORED)


def test_a_second_run_is_told_to_wait(tmp_path: Path) -> None:
    with opened(tmp_path), pytest.raises(BusyError, match="Another run asks gpt right now"):
        opened(tmp_path)
    with opened(tmp_path):
        pass
