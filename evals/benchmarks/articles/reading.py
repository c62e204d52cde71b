"""Article B's exact match and F1 for Portuguese questions, with SQuAD's on the same questions beside them.

The published evaluation writes five tokens greedily, cuts the prediction to the truth's length and compares it with one
gold answer: an answer that goes on too long counts as right, one of more than five tokens cannot be.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from sklearn.metrics import f1_score

from assistant import prompts
from assistant.command_line.progress_bars import progress_bar
from assistant.reader.reader import Reader
from assistant.serving.load import LoadedModel
from evals.data.squad import ReadingQuestion, exact_match, f1

NEW_TOKENS = 5

# Stands where the truth goes on and the prediction does not; no token has this number.
_NOTHING = -1


@dataclass(frozen=True, slots=True)
class Matches:
    """Means over the questions, in [0, 1]."""

    exact_match: float
    f1: float


@dataclass(frozen=True, slots=True)
class ArticleB:
    """`before` is the bare base and `after` the adapter, both by the published protocol; `squad` the app's reader by
    SQuAD's definitions over all gold answers. Of `questions`, `too_long` have a first answer of more tokens than are
    written."""

    before: Matches
    after: Matches
    squad: Matches
    questions: int
    too_long: int


def article_b(model: LoadedModel, reader: Reader, questions: Sequence[ReadingQuestion]) -> ArticleB:
    """All three on the questions that have an answer."""
    answerable = [question for question in questions if question.is_answerable]
    truths = [_ids(model, question.answers[0]) for question in answerable]
    answers = [reader.read(q.question, q.context).answer or "" for q in progress_bar(answerable, unit="question")]
    return ArticleB(
        published(model, answerable, truths, None),
        published(model, answerable, truths, model.identity.adapter),
        _mean([(exact_match(a, q.answers), f1(a, q.answers)) for a, q in zip(answers, answerable, strict=True)]),
        len(answerable),
        sum(len(truth) > NEW_TOKENS for truth in truths),
    )


def published(
    model: LoadedModel, questions: Sequence[ReadingQuestion], truths: Sequence[Sequence[int]], adapter: str | None
) -> Matches:
    """The published figures; `truths` are the token ids of each question's first answer."""
    scores = []
    for question, truth in zip(progress_bar(questions, unit="question"), truths, strict=True):
        prompt = prompts.reading(question.question, question.context, model.base.chat)
        cut = model.generator.choose(prompt, _any_token, NEW_TOKENS, adapter)[: len(truth)]
        said, right = model.generator.text(cut).strip(), model.generator.text(truth).strip()
        scores.append((float(said == right), token_f1(cut, truth)))
    return _mean(scores)


def token_f1(predicted: Sequence[int], truth: Sequence[int]) -> float:
    """scikit-learn's macro F1 of token ids as classes, place by place; what is missing of `predicted` is wrong.

    This is how the `evaluate` library's F1 takes sequences of one length. Which average the article took is not
    known.
    """
    filled = [*predicted, *[_NOTHING] * (len(truth) - len(predicted))]
    return float(f1_score(truth, filled, labels=sorted({*truth, *predicted}), average="macro", zero_division=0.0))


def _ids(model: LoadedModel, answer: str) -> tuple[int, ...]:
    # As in training, an answer is a segment of its own that begins with a space.
    return model.generator.token_ends(f" {answer}")[0]


def _any_token(written: Sequence[int]) -> None:
    return None


def _mean(scores: Sequence[tuple[float, float]]) -> Matches:
    exact, overlap = zip(*scores, strict=True)
    return Matches(sum(exact) / len(exact), sum(overlap) / len(overlap))
