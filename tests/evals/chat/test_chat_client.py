"""The endpoint's pace, failures and refusals, against a real server."""

from __future__ import annotations

import asyncio
import datetime as dt
import itertools
import json
from collections.abc import Iterator
from email.utils import format_datetime

import httpx
import pytest
from pydantic import SecretStr

from evals.chat import client as chat_client
from evals.chat.client import ChatError, Client, Completion, Endpoint
from tests.support.app_process import free_port
from tests.support.teacher_server import KEY, MODEL, Answer, Classroom, apart, classroom, completion

ASKED = [{"role": "user", "content": "[]"}]
GOOD = Completion("fine", 1000, 100)


@pytest.fixture
def room(monkeypatch: pytest.MonkeyPatch) -> Iterator[Classroom]:
    """Its callers wait a little only before they try again."""
    monkeypatch.setattr(chat_client, "FIRST_PAUSE", 0.01)
    with classroom() as opened:
        opened.answer = lambda received, number: completion("fine")
        yield opened


def endpoint(url: str, **changes: object) -> Endpoint:
    return Endpoint(**{"url": url, "model": MODEL, "key": SecretStr(KEY), "requests_per_minute": 60_000.0} | changes)


def complete(where: Endpoint, times: int = 1) -> list[Completion]:
    """Several requests at once."""

    async def run() -> list[Completion]:
        async with Client(where) as client:
            return await asyncio.gather(*(client.complete(ASKED) for _ in range(times)))

    return apart(run())


def first(room: Classroom, *answers: Answer) -> None:
    """The server gives these answers first, then good ones."""
    room.answer = lambda received, number: answers[number] if number < len(answers) else completion("fine")


def pauses(room: Classroom) -> list[float]:
    times = [received.at for received in room.received]
    return [later - earlier for earlier, later in itertools.pairwise(times)]


@pytest.mark.parametrize(
    "failure",
    [Answer(500), Answer(503, "<html>busy</html>"), Answer(429, "slow down"), Answer(408), Answer(drop=True)],
)
def test_what_may_pass_is_tried_again(room: Classroom, failure: Answer) -> None:
    first(room, failure, failure)
    assert complete(endpoint(room.url)) == [GOOD]
    assert len(room.received) == 3


def test_pauses_grow(room: Classroom, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(chat_client, "FIRST_PAUSE", 0.1)
    first(room, Answer(500), Answer(500), Answer(500))
    complete(endpoint(room.url))
    assert all(waited >= least for waited, least in zip(pauses(room), (0.05, 0.1, 0.2), strict=True))


def test_a_reply_that_never_comes_is_asked_for_again(room: Classroom, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(chat_client, "TIMEOUT", httpx.Timeout(0.3))
    first(room, Answer(seconds=1.0))
    assert complete(endpoint(room.url)) == [GOOD]
    assert len(room.received) == 2


@pytest.mark.parametrize("form", ["seconds", "date"])
def test_the_endpoint_says_how_long_to_wait_and_all_requests_do(room: Classroom, form: str) -> None:
    # A date has whole seconds, so up to one of the two is lost.
    until = format_datetime(dt.datetime.now(dt.UTC) + dt.timedelta(seconds=2), usegmt=True)
    first(room, Answer(429, "", {"Retry-After": "1" if form == "seconds" else until}))
    assert complete(endpoint(room.url, requests_per_minute=240.0), times=3) == [GOOD] * 3
    assert len(room.received) == 4
    # The second may have begun before the refusal of the first was read.
    assert max(pauses(room)[:2]) > 0.8


def test_who_is_asked_to_wait_too_long_is_told(room: Classroom) -> None:
    first(room, Answer(429, "daily limit", {"Retry-After": "3600"}))
    with pytest.raises(ChatError, match=r"asks to wait 3,600 seconds \(429 daily limit\)\. Then run the same command"):
        complete(endpoint(room.url))
    assert len(room.received) == 1


def test_a_failure_that_stays_ends_the_run(room: Classroom, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(chat_client, "LONGEST_PAUSE", 0.01)
    room.answer = lambda received, number: Answer(502, "bad\ngateway")
    with pytest.raises(ChatError, match=r"failed 8 times in a row \(502 bad gateway\)\. Later run the same command"):
        complete(endpoint(room.url))
    assert len(room.received) == 8


@pytest.mark.parametrize(
    ("refusal", "said"),
    [
        (Answer(401, '{"error": {"message": "wrong key"}}'), r"\(401 wrong key\)\. Correct RESPOSTA_TEACHER_KEY\."),
        (Answer(403, "{}"), "Correct RESPOSTA_TEACHER_KEY"),
        (
            Answer(404, '{"error": "no such model"}'),
            r"\(404 no such model\).*usually ends in /v1.*RESPOSTA_TEACHER_MODEL",
        ),
        (Answer(402, "pay"), "no credit left"),
        (Answer(429, '{"error": {"code": "insufficient_quota", "message": "quota"}}'), "no credit left"),
        (Answer(400, '{"error": {"message": "bad model"}}'), r"refuses the request \(400 bad model\)"),
        (Answer(301, "", {"Location": "https://new.example/v1"}), "301 https://new.example/v1.*new address"),
        (Answer(200, "<html>Welcome</html>"), "does not answer with chat completions.*usually ends in /v1"),
        (Answer(200, '{"choices": []}'), "does not answer with chat completions"),
        (Answer(200, "[" * 100_000), "does not answer with chat completions"),
    ],
)
def test_what_will_not_pass_is_told_in_one_line_with_the_fix(room: Classroom, refusal: Answer, said: str) -> None:
    room.answer = lambda received, number: refusal
    with pytest.raises(ChatError, match=said) as error:
        complete(endpoint(room.url))
    assert len(room.received) == 1
    assert "\n" not in str(error.value) and len(str(error.value)) < 500


def test_an_endpoint_that_wants_a_key_and_got_none(room: Classroom) -> None:
    room.answer = lambda received, number: Answer(401)
    with pytest.raises(ChatError, match="Set RESPOSTA_TEACHER_KEY"):
        complete(endpoint(room.url, key=None))
    assert room.received[0].authorization is None


def test_an_endpoint_that_is_not_there() -> None:
    with pytest.raises(ChatError, match=r"cannot be reached.*correct RESPOSTA_TEACHER_URL"):
        complete(endpoint(f"http://127.0.0.1:{free_port()}/v1"))


def test_a_page_instead_of_a_reply_in_the_middle_is_a_passing_failure(room: Classroom) -> None:
    async def run() -> list[Completion]:
        async with Client(endpoint(room.url)) as client:
            return [await client.complete(ASKED), await client.complete(ASKED)]

    room.answer = lambda received, number: Answer(200, "<html>") if number == 1 else completion("fine")
    assert apart(run()) == [GOOD, GOOD]


def test_requests_keep_the_pace(room: Classroom) -> None:
    complete(endpoint(room.url, requests_per_minute=600.0), times=6)
    assert min(pauses(room)) > 0.08
    assert sum(pauses(room)) >= 0.49


def test_a_reply_without_text_or_counts_is_empty(room: Classroom) -> None:
    body = {"choices": [{"message": {"content": None}}], "usage": None}
    room.answer = lambda received, number: Answer(body=json.dumps(body))
    assert complete(endpoint(room.url)) == [Completion("", 0, 0)]
