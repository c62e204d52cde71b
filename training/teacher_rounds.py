"""Pairs go to a teacher in batches, several at once, and a second time where its sentence was refused."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor

from tqdm import tqdm

from evals.chat.client import Client, Endpoint
from training.teacher_cache import Kept, TeacherCache, key
from training.teacher_prompt import Asked, messages, parse, problem
from training.teacher_report import TeacherReport

# Requests under way at once.
CONCURRENT = 4

# Pairs in a request, and in one that asks again: smaller, for a model that lost count or was cut off.
BATCH, AGAIN = 10, 4


def batches(asked: Sequence[Asked], size: int = BATCH) -> list[Sequence[Asked]]:
    return [asked[start : start + size] for start in range(0, len(asked), size)]


def ask(asked: Sequence[Asked], endpoint: Endpoint, cache: TeacherCache, report: TeacherReport) -> None:
    """Put what becomes of each pair into `cache`, as it comes. Raises `ChatError` when the teacher fails."""
    rounds = _two_rounds(asked, endpoint, cache, report)
    try:
        asyncio.get_running_loop()
    except RuntimeError:
        asyncio.run(rounds)
    else:
        # A notebook has a loop of its own in this thread.
        with ThreadPoolExecutor(1) as thread:
            thread.submit(asyncio.run, rounds).result()


async def _two_rounds(asked: Sequence[Asked], endpoint: Endpoint, cache: TeacherCache, report: TeacherReport) -> None:
    with tqdm(total=len(asked), unit="pair", desc="teacher") as bar:
        async with Client(endpoint) as client:
            refused = await _round(batches(asked), False, client, cache, report, bar)
            await _round(batches(refused, AGAIN), True, client, cache, report, bar)


async def _round(
    waiting: Sequence[Sequence[Asked]],
    is_last: bool,
    client: Client,
    cache: TeacherCache,
    report: TeacherReport,
    bar: tqdm,
) -> list[Asked]:
    """The pairs to ask about again; in the last round they are kept as refused."""
    refused: list[Asked] = []
    next_ones = iter(waiting)

    async def work() -> None:
        for batch in next_ones:
            completion = await client.complete(messages(batch))
            report.requests += 1
            report.tokens_in += completion.tokens_in
            report.tokens_out += completion.tokens_out
            for asked, sentence in zip(batch, parse(completion.content, batch), strict=True):
                why = problem(asked.row, sentence)
                if why and not is_last:
                    refused.append(Asked(asked.row, why))
                    continue
                cache.put(key(asked.row), Kept("", why) if why else Kept(sentence))
                bar.update()

    workers = [asyncio.create_task(work()) for _ in range(CONCURRENT)]
    try:
        await asyncio.wait(workers, return_when=asyncio.FIRST_EXCEPTION)
    finally:
        # More than once: a cancellation that comes while a connection is opened or closed can get lost there.
        while running := [worker for worker in workers if not worker.done()]:
            for worker in running:
                worker.cancel()
            await asyncio.wait(running, timeout=1)
    for worker in workers:
        if not worker.cancelled():
            worker.result()
    return refused
