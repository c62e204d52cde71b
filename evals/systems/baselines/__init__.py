"""Baselines that a version is compared with on the same rows."""

from __future__ import annotations

import hashlib
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from assistant.errors import InputError
from assistant.search.embedder import open_embedder
from assistant.serving.choose import open_model
from assistant.settings import Settings
from evals.data.published import QuestionPair, load_pairs
from evals.systems.baselines.chat_model import open_chat_model
from evals.systems.baselines.similarity import Similarity, character_similarity, embedding_similarity, some_of
from evals.systems.baselines.untuned import Untuned
from evals.systems.pair_system import PairSystem

# What each is, in the order of reports.
NAMES: dict[str, str] = {
    "majority": "the share of pairs that are the same, whatever is asked",
    "tfidf": "character n-grams that the questions share, weighted by TF-IDF",
    "cosine": "the cosine of the app's embeddings",
    "cross-encoder": "a small encoder that reads both questions, fine-tuned on the training pairs",
    "zero-shot": "the base model without adapter, by the app's own prompt",
    "few-shot": "the same behind eight labelled pairs",
    "chat-model": "any OpenAI-compatible model, asked for the label",
}


@contextmanager
def open_system(
    name: str,
    settings: Settings,
    train: Path | None = None,
    model: Path | None = None,
    paid: bool = False,
    pairs: Sequence[QuestionPair] = (),
) -> Iterator[PairSystem]:
    """A baseline by its name in `NAMES`, ready to be asked.

    `train` is the CSV of labelled pairs that "majority", "tfidf", "cosine" and "few-shot" learn from, `model` the
    folder of the "cross-encoder". `pairs` are all that will be asked: by them "chat-model" says what it will cost,
    and asks only when `paid` allows it. Raises `InputError` when what a baseline needs is not given.
    """
    if name == "majority":
        learnt = _learnt(name, train)
        yield Majority(sum(pair.same for pair in learnt) / len(learnt), _described(train))
    elif name == "tfidf":
        learnt = _learnt(name, train)
        yield Similarity(name, character_similarity(learnt), learnt, _described(train))
    elif name == "cosine":
        learnt, embedder = some_of(_learnt(name, train)), open_embedder(settings)
        yield Similarity(name, embedding_similarity(embedder), learnt, _described(train) | {"embedding": embedder.name})
    elif name == "cross-encoder":
        from evals.systems.baselines.cross_encoder import CrossEncoder

        if model is None:
            raise InputError(
                "cross-encoder is a trained model: give its folder with --model. "
                "`python -m training.cross_encoder QQP/train.csv --out FOLDER` trains one."
            )
        yield CrossEncoder(model, settings.computing_threads)
    elif name in ("zero-shot", "few-shot"):
        learnt = _learnt(name, train) if name == "few-shot" else []
        with open_model(settings) as loaded:
            yield Untuned(name, loaded, learnt)
    elif name == "chat-model":
        with open_chat_model(settings, pairs, paid) as system:
            yield system
    else:
        raise InputError(f"There is no baseline {name!r}: choose one of {', '.join(NAMES)}.")


class Majority:
    """The system "majority": every pair gets the training pairs' share of "same"."""

    name = "majority"

    def __init__(self, share: float, model: dict[str, Any]) -> None:
        self._share = share
        self.model = model

    def probabilities(self, pairs: Sequence[QuestionPair]) -> list[float | None]:
        return [self._share] * len(pairs)


def _learnt(name: str, train: Path | None) -> list[QuestionPair]:
    """The pairs to learn from, of both labels."""
    if train is None:
        raise InputError(f"{name} learns from labelled pairs: give a CSV with --train, such as QQP/train.csv.")
    pairs = load_pairs(train)
    if len({pair.same for pair in pairs}) < 2:
        raise InputError(f"{train} does not hold pairs of both labels: give a CSV with some of each.")
    return pairs


def _described(train: Path | None) -> dict[str, Any]:
    return {"train_sha256": hashlib.sha256(train.read_bytes()).hexdigest()} if train else {}
