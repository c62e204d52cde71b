"""What serves is replaced while requests hold it."""

from __future__ import annotations

import pytest

from assistant.errors import BusyError
from assistant.serving.current import Served, Serving


class Scripted:
    """A model, and a judge, known by its adapter."""

    def __init__(self, adapter: str) -> None:
        self.adapter = self.identity = adapter


def one(adapter: str) -> Serving:
    model = Scripted(adapter)
    return Serving(model, None, model, None, None)


def test_a_lease_outlives_a_replacement() -> None:
    unloaded = []
    first, second = one("a"), one("b")
    served = Served(first, lambda model, staying: unloaded.append((model.adapter, [m.adapter for m in staying])))
    with served.lease() as held:
        served.replace(second)
        assert held is first and served.current is second
        served.retire(0)
        assert unloaded == []
        with served.lease("a") as reasons:
            assert reasons is first
    served.retire()
    assert unloaded == []
    served.retire(0)
    assert unloaded == [("a", ["b"])]
    with served.lease("a") as now:
        assert now is second


def test_what_cannot_be_unloaded_right_now_is_unloaded_later() -> None:
    unloaded, full = [], True

    def unload(model: Scripted, staying: list[Scripted]) -> None:
        if full:
            raise BusyError("64 requests are waiting already.")
        unloaded.append(model.adapter)

    served = Served(one("a"), unload)
    served.replace(one("b"))
    with pytest.raises(BusyError):
        served.retire(0)
    full = False
    served.retire(0)
    served.retire(0)
    assert unloaded == ["a"]
