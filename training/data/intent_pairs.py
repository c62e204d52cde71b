"""Pairs from requests that are grouped by intent, chosen as retrieval would propose them to the judge."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

from assistant.records import Language
from assistant.search.embedder import open_embedder
from assistant.settings import load_settings
from evals.data.published import intent_is_for_training, load_requests
from training.data.rows import PairRow

# How many of a library's questions retrieval proposes to the judge.
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
            shown = {other: library % len(members[other]) for other in others}
            distance = {other: -float(vectors[other][at] @ vectors[intent][place]) for other, at in shown.items()}
            ranked = sorted(others, key=distance.__getitem__)[: CANDIDATES - 1]
            nearest, further = ranked[:1], ranked[1:]
            for other in [*nearest, further[place % len(further)]] if further else nearest:
                yield PairRow(text, members[other][shown[other]], False, language, provenance=provenance)
