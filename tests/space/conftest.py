"""A Hub of our own that knows Spaces."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from tests.support.hub_server import WRITES, running_hub
from tests.support.hub_space import SpaceHandler, SpaceState


@pytest.fixture
def hub_state(monkeypatch: pytest.MonkeyPatch) -> Iterator[SpaceState]:
    """What the Hub holds that the environment names, with a token that may write."""
    # What HF_HUB_DISABLE_XET=1 sets when huggingface_hub is imported, which other tests may have done already.
    monkeypatch.setattr("huggingface_hub.constants.HF_HUB_DISABLE_XET", True)
    monkeypatch.setattr("space_hub.SECONDS_BETWEEN_LOOKS", 0.01)
    monkeypatch.setattr("space_hub.STALE_SECONDS", 0.2)
    with running_hub(SpaceHandler, SpaceState()) as (address, state):
        monkeypatch.setenv("HF_ENDPOINT", address)
        monkeypatch.setenv("HF_TOKEN", WRITES)
        yield state
