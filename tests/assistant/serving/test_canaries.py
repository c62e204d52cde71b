"""What a version said at its registration, held against what it says now."""

from __future__ import annotations

from dataclasses import replace

import pytest

from assistant.errors import ModelError
from assistant.serving.canaries import SET, Canaries, check


def test_canaries_that_are_fewer_say_nothing() -> None:
    whole = Canaries(SET, "cpu float32", (), ("1932", "", "quatro euros"))
    check(whole, whole)
    with pytest.raises(ModelError, match="for other questions"):
        check(replace(whole, answers=()), whole)
