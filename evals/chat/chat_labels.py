"""A chat model that answers with a label, 1 for yes or 0 for no; answers are kept, so each is paid for once.

RESPOSTA_TEACHER_URL, _MODEL and _KEY name it; with _PRICE_IN and _PRICE_OUT the cost is shown in money.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Generic, TypeVar

from assistant.settings import Settings
from evals.chat.answer_cache import AnswerCache, digest
from evals.chat.asking import Chat, Messages, never_asked, open_chat
from evals.chat.client import Completion, endpoint_from
from evals.chat.cost import Cost, prices_from, tokens_of

TOKENS_PER_REPLY = 2

_LABEL = re.compile(r"\W*(?:label\W+)?([01])\W*", re.IGNORECASE)

Item = TypeVar("Item")


@dataclass(frozen=True, slots=True)
class Reply:
    """What the model wrote, whether it can be read or not."""

    content: str

    @property
    def probability(self) -> float | None:
        """1.0 for yes, 0.0 for no; None where it is no label."""
        found = _LABEL.fullmatch(self.content)
        return float(found[1]) if found else None


@dataclass(frozen=True, slots=True)
class Question(Generic[Item]):
    """What is asked about an item: `instructions`, which `messages` begins with, and by which `key` it is known.
    `name` is that of the folder in the cache that keeps the replies."""

    name: str
    instructions: str
    key: Callable[[Item], str]
    messages: Callable[[Item], Messages]


class Labels(Generic[Item]):
    """The labels of one model."""

    def __init__(self, question: Question[Item], answers: AnswerCache[Reply], chat: Chat) -> None:
        self._question = question
        self._answers = answers
        self._chat = chat

    def of(self, items: Sequence[Item]) -> list[float | None]:
        """The label of each, as `Reply.probability` says it. Those that were never asked about are asked about now."""
        key = self._question.key
        self._chat.each(never_asked(items, key, self._answers), self._question.messages, self._keep)
        return [self._answers[key(item)].probability for item in items]

    def _keep(self, item: Item, completion: Completion) -> None:
        self._answers.put(self._question.key(item), Reply(completion.content))


@contextmanager
def open_labels(
    settings: Settings, question: Question[Item], items: Sequence[Item], paid: bool
) -> Iterator[Labels[Item]]:
    """The chat model of the settings, after the cost of `items`, one a request, was printed.

    Raises `SettingsError` when there is none, and `InputError` with the cost when some of `items` were never asked
    about and `paid` does not allow it.
    """
    endpoint = endpoint_from(settings)
    folder = settings.cache_dir / question.name
    with AnswerCache(folder, endpoint.model, digest(question.instructions), Reply) as answers:
        unknown = never_asked(items, question.key, answers)
        cost = Cost(
            len(unknown),
            len(unknown),
            tokens_of(map(question.messages, unknown)),
            len(unknown) * TOKENS_PER_REPLY,
            len(unknown) / endpoint.requests_per_minute,
            prices_from(settings),
            "; more where the model thinks before it replies",
        )
        with open_chat(endpoint, cost, paid) as chat:
            print(*cost.lines(), sep="\n")
            yield Labels(question, answers, chat)
