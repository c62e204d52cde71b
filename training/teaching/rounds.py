"""Sends pairs to a teacher in batches, several at once, and again where its sentence was refused."""

from __future__ import annotations

from collections.abc import Sequence

from tqdm import tqdm

from assistant.command_line.progress_bars import progress_bar
from evals.chat.asking import Chat
from evals.chat.client import Completion
from training.teaching.cache import TeacherAnswer, TeacherCache, key
from training.teaching.prompt import TeacherPair, messages, parse, problem
from training.teaching.teacher_report import TeacherReport

# Pairs in a request, and in one that asks again: smaller, for a model that lost count or was cut off.
BATCH, AGAIN = 10, 4


def batches(asked: Sequence[TeacherPair], size: int = BATCH) -> list[Sequence[TeacherPair]]:
    """`asked` in their order, at most `size` for one request."""
    return [asked[start : start + size] for start in range(0, len(asked), size)]


def ask(asked: Sequence[TeacherPair], chat: Chat, cache: TeacherCache, report: TeacherReport) -> None:
    """Put what becomes of each pair into `cache`, as it comes. Raises `ChatError` when the teacher fails."""
    with progress_bar(total=len(asked), unit="pair", desc="teacher") as bar:
        refused = _round(batches(asked), False, chat, cache, report, bar)
        _round(batches(refused, AGAIN), True, chat, cache, report, bar)


def _round(
    waiting: Sequence[Sequence[TeacherPair]],
    is_last: bool,
    chat: Chat,
    cache: TeacherCache,
    report: TeacherReport,
    bar: tqdm,
) -> list[TeacherPair]:
    """The pairs to ask about again; in the last round they are kept as refused."""
    refused: list[TeacherPair] = []

    def take(batch: Sequence[TeacherPair], completion: Completion) -> None:
        report.requests += 1
        report.tokens_in += completion.tokens_in
        report.tokens_out += completion.tokens_out
        for asked, sentence in zip(batch, parse(completion.content, batch), strict=True):
            why = problem(asked.row, sentence)
            if why and not is_last:
                refused.append(TeacherPair(asked.row, why))
                continue
            cache.put(key(asked.row), TeacherAnswer("", why) if why else TeacherAnswer(sentence))
            bar.update()

    chat.each(waiting, messages, take)
    return refused
