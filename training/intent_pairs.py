"""Pairs from requests sorted by what was wanted: two with one intent, or one against its nearest of other intents."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import numpy as np

from assistant.assembly import open_embedder
from assistant.records import Language
from assistant.settings import load_settings
from evals.datasets import Request, intent_is_for_training, load_requests
from training.rows import PairRow

# Near misses for each request, of so many different intents: retrieval shows the judge nothing else.
NEAR_MISSES = 2


def intent_pairs(path: Path, language: Language, provenance: str) -> Iterator[PairRow]:
    """Every request against the next one of its intent, and against the nearest one of each of the nearest intents.

    Only intents kept for training take part, on either side.
    """
    requests = [one for one in load_requests(path) if intent_is_for_training(one.intent)]
    vectors = open_embedder(load_settings()).embed([one.text for one in requests])
    following = dict(_following(requests))
    for place, request in enumerate(requests):
        other = following[place]
        if other != place:
            yield PairRow(request.text, requests[other].text, True, language, provenance=provenance)
        seen = {request.intent}
        for near in np.argsort(-(vectors @ vectors[place])):
            if len(seen) > NEAR_MISSES:
                break
            if requests[near].intent not in seen:
                seen.add(requests[near].intent)
                yield PairRow(request.text, requests[near].text, False, language, provenance=provenance)


def _following(requests: list[Request]) -> Iterator[tuple[int, int]]:
    """For the place of each request that of the next one with its intent, the first one following on the last."""
    members: dict[str, list[int]] = {}
    for place, request in enumerate(requests):
        members.setdefault(request.intent, []).append(place)
    for places in members.values():
        yield from zip(places, [*places[1:], places[0]], strict=True)
