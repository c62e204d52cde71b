"""Asking about several things at once: how it ends, and in whose event loop."""

from __future__ import annotations

import asyncio
from collections.abc import Iterator
from dataclasses import replace

import pytest
from pydantic import SecretStr

from assistant.errors import InputError
from evals.chat.asking import open_chat
from evals.chat.client import Completion, Endpoint
from evals.chat.cost import Cost
from evals.chat.pool import CONCURRENT, work_through
from tests.support.teacher_server import KEY, MODEL, Classroom, apart, classroom, completion

FREE, PRICED = Cost(0, 0, 0, 0, 0.0, None), Cost(8, 8, 100, 16, 1.0, None)


@pytest.fixture
def room() -> Iterator[Classroom]:
    with classroom() as opened:
        opened.answer = lambda received, number: completion(received.body["messages"][0]["content"])
        yield opened


def endpoint(room: Classroom) -> Endpoint:
    return Endpoint(room.url, MODEL, SecretStr(KEY), 60_000.0)


def asked(room: Classroom, cost: Cost = PRICED, paid: bool = True) -> dict[int, str]:
    """What the endpoint says to each of eight numbers."""
    found: dict[int, str] = {}

    def take(number: int, said: Completion) -> None:
        found[number] = said.content

    with open_chat(endpoint(room), cost, paid) as chat:
        # Twice: the loop stays for as long as the chat is open.
        for numbers in (range(5), range(5, 8)):
            chat.each(numbers, lambda number: [{"role": "user", "content": f"is {number}"}], take)
    return found


EXPECTED = {number: f"is {number}" for number in range(8)}


def test_each_gets_its_own_completion_also_within_a_notebooks_loop(room: Classroom) -> None:
    async def notebook() -> dict[int, str]:
        return asked(room)

    assert apart(notebook()) == EXPECTED
    assert len(room.received) == 8


def test_what_costs_nothing_needs_no_yes(room: Classroom) -> None:
    assert asked(room, FREE, paid=False) == EXPECTED
    room.received.clear()
    with pytest.raises(InputError, match="8 pairs to ask about"):
        asked(room, PRICED, paid=False)
    assert room.received == []


def test_a_few_are_under_way_at_once(room: Classroom) -> None:
    answer = room.answer
    room.answer = lambda received, number: replace(answer(received, number), seconds=0.3)
    assert asked(room) == EXPECTED
    assert room.most_at_once == CONCURRENT


def test_one_failure_ends_all_and_is_told() -> None:
    ended = []

    async def work(number: int) -> None:
        if number == 2:
            raise ValueError(number)
        try:
            await asyncio.sleep(60)
        finally:
            ended.append(number)

    with pytest.raises(ValueError, match="2"):
        apart(work_through(range(100), work))
    assert sorted(ended) == [0, 1, 3]


def test_a_cancellation_ends_also_who_lost_it_once() -> None:
    lost = []

    async def work(number: int) -> None:
        try:
            await asyncio.sleep(60)
        except asyncio.CancelledError:
            lost.append(number)
            await asyncio.sleep(60)

    async def interrupted() -> None:
        await asyncio.wait_for(work_through(range(100), work), 0.1)

    with pytest.raises(TimeoutError):
        apart(asyncio.wait_for(interrupted(), 20))
    assert sorted(lost) == list(range(CONCURRENT))
