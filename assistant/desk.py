"""The order of a question: clean, split, retrieve, judge, keep, explain; and answers from a text."""

from __future__ import annotations

import logging
import time
import uuid
from collections.abc import Callable, Generator, Iterator, Sequence
from dataclasses import replace
from typing import TypeVar

from assistant.errors import GpuUnavailableError, InputError
from assistant.judge.calibration import OperatingPoint
from assistant.judge.decision import too_close
from assistant.judge.judge import Judge
from assistant.judge.reasons import Explainer
from assistant.people.visitors import notice
from assistant.records import (
    LANGUAGES,
    Answer,
    Candidate,
    DeskStatus,
    Feedback,
    Language,
    Part,
    Reading,
    ReasonUpdate,
    Suggestion,
    Turn,
)
from assistant.search.retriever import Retriever
from assistant.serving.current import Served, Serving
from assistant.settings import Settings
from assistant.store.connection import Store
from assistant.text import messages
from assistant.text.language import detect

log = logging.getLogger(__name__)

T = TypeVar("T")

MAX_SEARCH = 50


class Desk:
    """Everything an agent can do. Safe to call from many threads."""

    def __init__(self, settings: Settings, store: Store, retriever: Retriever, served: Served) -> None:
        self._settings = settings
        self._store = store
        self._retriever = retriever
        self._served = served

    def suggest(
        self, question: str, language: str = "auto", conversation: str | None = None, who: str = "local"
    ) -> Suggestion:
        """Judge what was answered before against `question`, and keep the suggestion before returning it.

        `conversation` is the id that `history` brings it back by. Raises `InputError` and `BusyError`.
        """
        started = time.perf_counter()
        message = messages.clean(question, self._settings.max_question_chars, "question")
        of_message = self._language(message, language)
        durations = {"retrieve": 0.0, "judge": 0.0}

        def judged(serving: Serving) -> tuple[Judge, list[Part]]:
            return serving.judge, [
                self._part(serving.judge, asked, self._language(asked, language, of_message), durations)
                for asked in messages.split_questions(message, self._settings.max_questions)
            ]

        (judge, parts), notice = self._answered(judged)
        durations["total"] = time.perf_counter() - started
        suggestion = Suggestion(
            interaction_id=str(uuid.uuid4()),
            parts=tuple(parts),
            base=judge.base,
            adapter=judge.adapter,
            prompt_version=judge.prompt_version,
            durations=durations,
            notice=notice,
        )
        self._store.interactions.record(suggestion.interaction_id, conversation, who, message, suggestion)
        log.info(
            "suggested",
            extra={
                "interaction": suggestion.interaction_id,
                "questions": len(parts),
                "matches": sum(len(part.matches) for part in parts),
                "seconds": round(durations["total"], 3),
            },
        )
        return suggestion

    def reasons(self, suggestion: Suggestion, near_misses: bool = True) -> Generator[ReasonUpdate, None, None]:
        """Write the reason of every shown verdict, matches first; closing the iterator stops the writing.

        The version that judged writes them while it is loaded, else the one in use; where its GPU is not to be had,
        the spare one writes the missing reasons. A finished reason is kept with its interaction before it is yielded.
        """
        groups = [
            (index, part, group)
            for index, part in enumerate(suggestion.parts)
            for group in (part.matches, part.near_misses if near_misses else ())
        ]
        finished: set[tuple[int, str]] = set()

        def written(explainer: Explainer, notice: str | None) -> Iterator[ReasonUpdate]:
            for index, part, group in groups:
                missing = [verdict for verdict in group if (index, verdict.candidate.answer.id) not in finished]
                for verdict, text, reason in explainer.explain(part, missing):
                    answer_id = verdict.candidate.answer.id
                    if reason is not None:
                        self._store.interactions.set_reason(suggestion.interaction_id, index, answer_id, reason)
                        finished.add((index, answer_id))
                    yield ReasonUpdate(index, answer_id, text, reason, notice)

        with self._served.lease(suggestion.adapter) as serving:
            try:
                yield from written(serving.explainer, None)
            except GpuUnavailableError as error:
                yield from written(self._served.instead(error).explainer, error.notice)

    def read(self, question: str, context: str) -> Reading:
        """A short answer to a Portuguese `question` out of `context`, or "not in the text"."""
        question = messages.clean(question, self._settings.max_question_chars, "question")
        context = self._readable_context(context)
        reading, notice = self._answered(lambda serving: serving.reader.read(question, context))
        return replace(reading, notice=notice)

    def search(self, query: str, limit: int = 10) -> list[Candidate]:
        """Past answers in any language by meaning and words, best first, without judging."""
        if not 1 <= limit <= MAX_SEARCH:
            raise InputError(f"limit is {limit}; choose a number from 1 to {MAX_SEARCH}.")
        cleaned = messages.clean(query, self._settings.max_question_chars, "search text")
        return self._retriever.candidates(cleaned, LANGUAGES, limit)

    def feedback(self, feedback: Feedback, who: str = "local", edited_text: str = "") -> None:
        """Keep what an agent did with a shown answer. Raises `InputError` when it was not shown."""
        self._store.interactions.add_feedback(feedback, who, edited_text)

    def write_answer(
        self,
        question: str,
        answer: str,
        language: str = "auto",
        tags: Sequence[str] = (),
        author: str = "",
    ) -> Answer:
        """Keep a new answer; the next question finds it."""
        question = messages.clean(question, self._settings.max_question_chars, "question")
        if not messages.has_words(question):
            raise InputError("The question has no words in it. Write what the customer asks.")
        return self._retriever.add(
            Answer(
                id=str(uuid.uuid4()),
                question=question,
                answer=messages.clean(answer, self._settings.max_context_chars, "answer"),
                language=self._language(question, language),
                tags=tuple(tag for tag in (messages.one_line(tag) for tag in tags) if tag),
                author=author,
            )
        )

    def history(self, conversation: str) -> list[Turn]:
        """The turns of a conversation, oldest first."""
        return self._store.interactions.conversation(conversation)

    def status(self) -> DeskStatus:
        """What answers right now."""
        judge = self._served.current.judge
        return DeskStatus(
            base=judge.base,
            adapter=judge.adapter,
            signals={language: judge.signals_used(language) for language in LANGUAGES},
            answers=sum(self._store.answers.stats().answers.values()),
            alarms=tuple(self._served.alarms.values()),
            notices=(*self._served.notices, *((notice(self._settings),) if self._settings.demo else ())),
        )

    def operating_points(self, language: Language) -> tuple[OperatingPoint, ...]:
        """The thresholds that the judge's calibration offers for `language`, with what each did when it was made."""
        return self._served.current.judge.points(language)

    def _answered(self, work: Callable[[Serving], T]) -> tuple[T, str | None]:
        """The result of `work` on the current models; without a GPU on the spare ones, with the notice that says so."""
        with self._served.lease() as serving:
            try:
                return work(serving), None
            except GpuUnavailableError as error:
                return work(self._served.instead(error)), error.notice

    def _part(self, judge: Judge, asked: str, language: Language, durations: dict[str, float]) -> Part:
        if not messages.has_words(asked):
            return Part(asked, language, (), ())
        languages = LANGUAGES if self._settings.other_languages else (language,)
        started = time.perf_counter()
        candidates = self._retriever.candidates(asked, languages, judge.pool)
        retrieved = time.perf_counter()
        verdicts = judge.judge(asked, language, candidates)
        durations["retrieve"] += retrieved - started
        durations["judge"] += time.perf_counter() - retrieved
        matches = tuple(v for v in verdicts if v.label == "same")[: self._settings.max_matches]
        near_misses = tuple(v for v in verdicts if v.label != "same")[: self._settings.max_near_misses]
        return Part(
            asked,
            language,
            matches,
            near_misses,
            too_close([verdict.probability for verdict in matches], self._settings.margin(language)),
        )

    def _language(self, text: str, chosen: str, otherwise: Language = "en") -> Language:
        if chosen == "auto":
            return detect(text, otherwise)
        for language in LANGUAGES:
            if chosen == language:
                return language
        raise InputError(f'language is "{chosen}"; choose "auto", "en" or "pt".')

    def _readable_context(self, context: str) -> str:
        # The answer's offsets refer to the context as given, so the context is checked but not changed.
        messages.clean(context, self._settings.max_context_chars, "context")
        return context
