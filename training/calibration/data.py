"""Labelled pairs for the judge's calibration."""

from __future__ import annotations

import random
from collections.abc import Collection, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from assistant.errors import InputError
from assistant.library.sample import sample_rows
from assistant.records import Language
from assistant.search.embedder import Embedder
from evals.data.published import (
    QuestionPair,
    intent_is_for_training,
    is_for_fitting,
    load_faqs,
    load_pairs,
    load_queries,
    load_requests,
    load_wordings,
)
from training.data.rows import PairRow
from training.data.splits import fingerprint

SEED = 20260101
CANDIDATES = 10
# The weight of the answer's similarity beside the question's, about as in the judge's shortlist.
ANSWER_SHARE = 0.5
WORDINGS = Path(__file__).with_name("wordings")


@dataclass(frozen=True, slots=True)
class Group:
    """One asked question and labelled past questions. The five tuples are parallel.

    `answers` and `answer_cosines` hold None if only the questions are known.
    """

    domain: str
    asked: str
    pasts: tuple[str, ...]
    answers: tuple[str | None, ...]
    cosines: tuple[float, ...]
    answer_cosines: tuple[float | None, ...]
    same: tuple[bool, ...]


def english_groups(path: Path, embedder: Embedder, limit: int, trained: Collection[str]) -> list[Group]:
    """At most `limit` question pairs, each in a group of its own.

    Pairs whose fingerprints are in `trained` are omitted: the model is more confident on pairs that it was trained on
    than on others. Raises `InputError` when no pair is left.
    """
    pairs = [pair for pair in load_pairs(path) if _fingerprint(pair) not in trained]
    if not pairs:
        raise InputError(f"The adapter was trained on every pair of {path}: give pairs that it has not seen.")
    random.Random(SEED).shuffle(pairs)
    pairs = pairs[:limit]
    first = embedder.embed([pair.question1 for pair in pairs])
    second = embedder.embed([pair.question2 for pair in pairs])
    cosines = np.sum(first * second, axis=1)
    return [
        Group("quora", pair.question1, (pair.question2,), (None,), (float(cosine),), (None,), (pair.same,))
        for pair, cosine in zip(pairs, cosines, strict=True)
    ]


def _fingerprint(pair: QuestionPair) -> str:
    return fingerprint(PairRow(pair.question1, pair.question2, pair.same, "en"))


def portuguese_groups(folder: Path, embedder: Embedder, limit: int) -> list[Group]:
    """Rewordings with the FAQs nearest to them, about `limit` pairs. FAQs reserved for evaluation are omitted."""
    faqs = load_faqs(folder)
    answers = {faq.id: faq.answer for faq in faqs}
    queries = [query for query in load_queries(folder) if is_for_fitting(query.faq_id)]
    random.Random(SEED).shuffle(queries)
    asked = [(query.text, answers[query.faq_id]) for query in queries[: limit // CANDIDATES]]
    return _nearest("faqs", asked, [Past(faq.question, faq.answer, faq.answer) for faq in faqs], embedder)


def request_groups(path: Path, embedder: Embedder, limit: int) -> list[Group]:
    """Requests with intents that no adapter was trained on, about `limit` pairs.

    The first request of each intent is its past question. The answers are not known.
    """
    requests = load_requests(path)
    library = {request.intent: request.text for request in reversed(requests)}
    asked = [one for one in requests if not intent_is_for_training(one.intent) and library[one.intent] != one.text]
    random.Random(SEED).shuffle(asked)
    wanted = [(one.text, one.intent) for one in asked[: limit // CANDIDATES]]
    return _nearest("requests", wanted, [Past(text, intent, None) for intent, text in library.items()], embedder)


def shop_groups(language: Language, embedder: Embedder) -> list[Group]:
    """Customers' wordings with the sample answers nearest to them. Some wordings have no right answer."""
    library = sample_rows(language)
    answers = {row["id"]: row["answer"] for row in library}
    wordings = load_wordings(WORDINGS / f"shop_wordings_{language}.jsonl")
    asked = [(wording.query, answers[wording.answer_id] if wording.answer_id else None) for wording in wordings]
    return _nearest("shop", asked, [Past(row["question"], row["answer"], row["answer"]) for row in library], embedder)


@dataclass(frozen=True, slots=True)
class Past:
    """A past question. Two with an equal `target` have the same answer. `answer` is None if it is not known."""

    question: str
    target: str
    answer: str | None


def _nearest(
    domain: str, asked: Sequence[tuple[str, str | None]], library: Sequence[Past], embedder: Embedder
) -> list[Group]:
    """A group for each (query, right target), with the library's nearest questions."""
    questions = embedder.embed([past.question for past in library])
    answered = all(past.answer is not None for past in library)
    answers = embedder.embed([past.answer or "" for past in library]) if answered else None
    vectors = embedder.embed([query for query, _ in asked])
    groups = []
    for (query, right), vector in zip(asked, vectors, strict=True):
        similarities = questions @ vector
        of_answers = None if answers is None else answers @ vector
        ranked = np.argsort(-(similarities if of_answers is None else similarities + ANSWER_SHARE * of_answers))
        # Only the best question of each answer, as in the judge's shortlist.
        first = {library[i].target: i for i in reversed(ranked)}
        nearest = [i for i in ranked if first[library[i].target] == i][:CANDIDATES]
        groups.append(
            Group(
                domain,
                query,
                tuple(library[i].question for i in nearest),
                tuple(library[i].answer for i in nearest),
                tuple(float(similarities[i]) for i in nearest),
                tuple(None if of_answers is None else float(of_answers[i]) for i in nearest),
                tuple(library[i].target == right for i in nearest),
            )
        )
    return groups
