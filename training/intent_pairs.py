"""Pairs from requests sorted by what was wanted, as retrieval would propose them to the judge."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import numpy as np

from assistant.assembly import open_embedder
from assistant.records import Language
from assistant.settings import load_settings
from evals.datasets import intent_is_for_training, load_requests
from training.rows import PairRow

# As many of a library's questions retrieval shows the judge.
CANDIDATES = 10


def intent_pairs(path: Path, language: Language, provenance: str) -> Iterator[PairRow]:
    """Every request against three of a library that holds one request of each intent: that of its own intent, the
    nearest of the others, and another one of those that retrieval would show.

    Libraries change from request to request. Were the wrong ones the nearest of all requests, they would lie nearer
    than the right ones, and the model would learn that what is alike is not the same. Only intents kept for training
    take part, on either side.
    """
    members: dict[str, list[str]] = {}
    for request in load_requests(path):
        if intent_is_for_training(request.intent):
            members.setdefault(request.intent, []).append(request.text)
    embedder = open_embedder(load_settings())
    vectors = {intent: embedder.embed(texts) for intent, texts in members.items()}
    for intent, texts in members.items():
        others = [other for other in members if other != intent]
        for place, text in enumerate(texts):
            library = place + 1
            own = texts[library % len(texts)]
            if own != text:
                yield PairRow(text, own, True, language, provenance=provenance)
            places = [library % len(members[other]) for other in others]
            near = np.array([vectors[other][at] for other, at in zip(others, places, strict=True)])
            ranked = np.argsort(-(near @ vectors[intent][place]))[: CANDIDATES - 1]
            for rank in {0, 1 + place % max(len(ranked) - 1, 1)} if len(ranked) > 1 else range(len(ranked)):
                other = others[ranked[rank]]
                wrong = members[other][places[ranked[rank]]]
                yield PairRow(text, wrong, False, language, provenance=provenance)
