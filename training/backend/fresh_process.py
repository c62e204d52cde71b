"""Runs a function in a new process."""

from __future__ import annotations

from collections.abc import Callable
from concurrent.futures import ProcessPoolExecutor
from concurrent.futures.process import BrokenProcessPool
from multiprocessing import get_context
from typing import ParamSpec, TypeVar

from assistant.errors import ModelError

Given = ParamSpec("Given")
Result = TypeVar("Result")


def in_fresh_process(work: Callable[Given, Result], *given: Given.args, **named: Given.kwargs) -> Result:
    """What `work` returns or raises, from a new interpreter, where nothing is imported or cached yet.

    `work` is a function of a module. Raises `ModelError` when the process is killed.
    """
    with ProcessPoolExecutor(1, mp_context=get_context("spawn")) as pool:
        try:
            return pool.submit(work, *given, **named).result()
        except BrokenProcessPool as error:
            raise ModelError(
                "A measuring process was killed, most likely for want of memory. Close other programs or measure less "
                "at once."
            ) from error
