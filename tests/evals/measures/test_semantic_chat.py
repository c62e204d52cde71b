"""A chat model that says whether answers mean the same, against a real server: its cost first, each answer once."""

from __future__ import annotations

import json
from collections.abc import Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from pathlib import Path

import pytest
from pydantic import SecretStr

from assistant.errors import InputError, SettingsError
from assistant.settings import Settings, load_settings
from evals.measures.meaning.by_chat import Asked, open_chat_meaning
from tests.support.teacher_server import KEY, MODEL, Answer, Classroom, Received, classroom, completion

ASKED: list[Asked] = [
    ("Quantos são?", "três", "3"),
    ("Quem assina?", "o diretor", "a gerente"),
    ("Onde fica?", "Recife", "não sei"),
]


def judged(received: Received, number: int) -> Answer:
    given = json.loads(received.body["messages"][-1]["content"])
    return completion({"3": "1", "a gerente": "Label: 0"}.get(given["given"], "it depends"))


@pytest.fixture
def room() -> Iterator[Classroom]:
    with classroom() as opened:
        opened.answer = judged
        yield opened


@pytest.fixture
def chosen(room: Classroom, tmp_path: Path) -> Settings:
    return load_settings(
        teacher_url=room.url,
        teacher_model=MODEL,
        teacher_key=SecretStr(KEY),
        teacher_requests_per_minute=60_000.0,
        teacher_price_in=2.0,
        teacher_price_out=8.0,
        cache_dir=tmp_path,
    )


def said(chosen: Settings, asked: Sequence[Asked], paid: bool) -> list[bool | None]:
    """In a thread of its own: a browser's loop may run here."""

    def run() -> list[bool | None]:
        with open_chat_meaning(chosen, asked, paid) as meaning:
            return [meaning(*one) for one in asked]

    with ThreadPoolExecutor(1) as thread:
        return thread.submit(run).result()


def test_the_reply_is_a_label_or_cannot_be_told(room: Classroom, chosen: Settings) -> None:
    assert said(chosen, ASKED, paid=True) == [True, False, None]
    assert len(room.received) == 3


def test_nothing_is_sent_before_the_cost_is_agreed_to(room: Classroom, chosen: Settings) -> None:
    with pytest.raises(InputError, match=r"3 pairs to ask about(?s:.)*currency(?s:.)*--yes"):
        said(chosen, ASKED, paid=False)
    assert room.received == []


def test_each_answer_is_paid_for_once(room: Classroom, chosen: Settings) -> None:
    said(chosen, ASKED, paid=True)
    assert said(chosen, [*ASKED, ASKED[0]], paid=False) == [True, False, None, True]
    assert len(room.received) == 3


def test_answers_are_asked_about_several_at_once(room: Classroom, chosen: Settings) -> None:
    room.answer = lambda received, number: replace(judged(received, number), seconds=0.3)
    assert said(chosen, [(f"{n}?", *ASKED[0][1:]) for n in range(8)], paid=True) == [True] * 8
    assert (len(room.received), room.most_at_once) == (8, 4)


def test_answers_of_any_kind_can_be_sent(room: Classroom, chosen: Settings) -> None:
    half_a_pair = "3 \ud83d"
    assert said(chosen, [("Quantos\nsão?", "três", half_a_pair)], paid=True) == [None]
    (received,) = room.received
    assert json.loads(received.body["messages"][-1]["content"]) == {
        "question": "Quantos são?",
        "right": "três",
        "given": "3 ?",
    }


def test_without_a_model_the_settings_that_name_one_are_said(tmp_path: Path) -> None:
    with pytest.raises(SettingsError, match="RESPOSTA_TEACHER_URL"):
        said(load_settings(cache_dir=tmp_path), ASKED, paid=True)
