"""What happens to a call that goes wrong: readable when the error is ours, a number when it is not."""

from __future__ import annotations

import inspect
import logging
import secrets
from typing import Any

import gradio as gr
from gradio.components.api_component import Api
from gradio.exceptions import AppError

from assistant.errors import InputError, RespostaError

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


class Page(gr.Blocks):
    """Blocks whose calls fail with a readable message.

    Gradio's own would print a stack trace with the caller's words into the log and tell the caller nothing.
    """

    async def process_api(self, *args: Any, **kwargs: Any) -> dict[str, Any]:
        try:
            return await super().process_api(*args, **kwargs)
        except AppError:
            raise
        except Exception as error:
            raise gr.Error(explain(error), print_exception=False) from None

    def validate_inputs(self, block_fn: Any, inputs: list[Any]) -> None:
        """Fill in the defaults of arguments that a caller without our client (curl) left out."""
        for number, block in enumerate(block_fn.inputs[len(inputs) :], start=len(inputs)):
            if not isinstance(block, Api) or block.value is None:
                name = list(inspect.signature(block_fn.fn).parameters)[number]
                raise InputError(f'{name} is missing; send it as number {number + 1} of "data".')
            inputs.append(block.value)
