"""Asks a chat model about many items: cost confirmed first, several requests at once, none repeated."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Coroutine, Iterable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from typing import Any, TypeVar

from assistant.errors import InputError
from evals.chat.answer_cache import AnswerCache
from evals.chat.client import Client, Completion, Endpoint
from evals.chat.cost import CONFIRM, Cost
from evals.chat.pool import work_through

Item = TypeVar("Item")
Messages = Sequence[dict[str, str]]
Run = Callable[[Coroutine[Any, Any, None]], None]


class Chat:
    """An endpoint that may be asked."""

    def __init__(self, client: Client, run: Run) -> None:
        self._client = client
        self._run = run

    def each(
        self, items: Iterable[Item], messages: Callable[[Item], Messages], take: Callable[[Item, Completion], None]
    ) -> None:
        """Ask about every item; `take` gets its completion as soon as it is there, to keep what was paid for.

        Raises `ChatError` when the endpoint fails.
        """

        async def ask(item: Item) -> None:
            take(item, await self._client.complete(messages(item)))

        self._run(work_through(items, ask))


@contextmanager
def open_chat(endpoint: Endpoint, cost: Cost, paid: bool) -> Iterator[Chat]:
    """`endpoint`, for questions that cost about `cost`.

    Raises `InputError` with the cost when there are some and `paid` does not allow it.
    """
    if cost.pairs and not paid:
        raise InputError("\n".join([*cost.lines(), CONFIRM]))
    with _open_loop() as run:
        client = Client(endpoint)
        try:
            yield Chat(client, run)
        finally:
            run(client.close())


def never_asked(items: Iterable[Item], key: Callable[[Item], str], answers: AnswerCache[Any]) -> list[Item]:
    """The items that have no answer in `answers` yet, without repetitions."""
    distinct = {key(item): item for item in items}
    return [item for name, item in distinct.items() if answers.get(name) is None]


@contextmanager
def _open_loop() -> Iterator[Run]:
    """What runs coroutines, one after another in one event loop: a client's connections belong to it."""
    if not _in_a_loop():
        # In the thread itself, so that Ctrl-C cancels what is under way.
        with asyncio.Runner() as runner:
            yield runner.run
        return
    # A notebook already runs an event loop in this thread.
    with ThreadPoolExecutor(1) as thread:
        runner = asyncio.Runner()
        try:
            yield lambda coroutine: thread.submit(runner.run, coroutine).result()
        finally:
            thread.submit(runner.close).result()


def _in_a_loop() -> bool:
    try:
        asyncio.get_running_loop()
    except RuntimeError:
        return False
    return True
