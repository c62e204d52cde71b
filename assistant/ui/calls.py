"""The message for a call that went wrong: the error's own text when it is ours, a number when it is not."""

from __future__ import annotations

import logging
import secrets

from assistant.errors import RespostaError

_log = logging.getLogger(__name__)


def explain(error: Exception) -> str:
    """The message a person reads for `error`.

    Anything that is not a `RespostaError` is logged under a number: where it happened and its
    kind, never its text, which may hold what a customer wrote.
    """
    if isinstance(error, RespostaError):
        return str(error)
    number = secrets.token_hex(4)
    _log.error("unexpected error %s", number, exc_info=error)
    return f"Something went wrong on the server (error {number}). Try again; if it stays, find that number in its log."
