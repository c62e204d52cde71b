"""What a visitor of a demo and the machine's owner may do."""

from __future__ import annotations

import pytest

from assistant.errors import AccessError
from assistant.people.access import ACTIONS, VISITOR_ACTIONS, Access
from assistant.settings import Settings


def test_on_loopback_everyone_may_do_everything():
    access = Access(Settings(demo=False))
    for action in ACTIONS:
        access.check(action)
    assert access.who == "local"


def test_a_demo_lets_visitors_only_ask_read_search_and_rate():
    access = Access(Settings(demo=True))
    assert {action for action in ACTIONS if access.allows(action)} == {"suggest", "answer", "search", "feedback"}
    assert access.who == "visitor"


@pytest.mark.parametrize("action", sorted(set(ACTIONS) - VISITOR_ACTIONS))
def test_a_refusal_says_why_and_what_to_do(action):
    with pytest.raises(AccessError, match=r"demo.*switched off.*make app"):
        Access(Settings(demo=True)).check(action)
