"""Runs several requests at once, up to a limit."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Iterable
from typing import TypeVar

Item = TypeVar("Item")

# Requests under way at once.
CONCURRENT = 4


async def work_through(items: Iterable[Item], work: Callable[[Item], Awaitable[None]]) -> None:
    """`work` on every item, `CONCURRENT` of them at once. The first failure or a cancellation ends the others."""
    waiting = iter(items)

    async def take_turns() -> None:
        for item in waiting:
            await work(item)

    workers = [asyncio.create_task(take_turns()) for _ in range(CONCURRENT)]
    try:
        await asyncio.wait(workers, return_when=asyncio.FIRST_EXCEPTION)
    finally:
        # More than once: a cancellation that comes while a connection is opened or closed can get lost there.
        while running := [worker for worker in workers if not worker.done()]:
            for worker in running:
                worker.cancel()
            await asyncio.wait(running, timeout=1)
    failures = [error for worker in workers if not worker.cancelled() and (error := worker.exception())]
    if failures:
        # They all fail in the same way; one message is enough.
        raise failures[0]
