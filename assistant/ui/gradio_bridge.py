"""Everything this app relies on in Gradio that Gradio does not offer publicly.

No other module touches private parts of Gradio. `tests/assistant/ui/test_gradio_bridge.py` checks each of them against
the version in `requirements.txt`; run it after a change of that version.
"""

from __future__ import annotations

import inspect
from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

import gradio as gr
from gradio.components.api_component import Api
from gradio.exceptions import AppError
from gradio.routes import App
from starlette.routing import Mount

from assistant.errors import InputError
from assistant.ui.calls import explain

if TYPE_CHECKING:
    import uvicorn
    from fastapi import FastAPI

# Gradio registers all its routes (gradio/routes.py, App.create_app) and can switch off only a few of them. These are
# the ones that its page and gradio_client use here, as regular expressions; the guard refuses every other.
READ_ROUTES = (
    r"/(?:|config/?|theme\.css|favicon\.ico|robots\.txt|manifest\.json|(?:assets|static)/.+"
    r"|gradio_api/(?:info/?|startup-events|theme\.css|app_id/?|login_check/?|user/?|token/?"
    r"|heartbeat/[\w-]+|queue/(?:data|status)|call/.+))"
)
# Of the routes that are written to, those that start a handler of ours.
CALL_ROUTES = r"/gradio_api/(?:queue/join|call/.+|component_server/?)"
WRITE_ROUTES = rf"(?:{CALL_ROUTES}|/gradio_api/(?:cancel|reset/?))"


class Page(gr.Blocks):
    """Blocks whose calls fail with a readable message, and may leave out arguments that have a default.

    Gradio offers neither. When a handler raises, it prints a stack trace with the caller's words into the log and
    tells the caller nothing; when an argument is missing, it raises. We rely on every queued call passing through
    `process_api`, and on its passing `validate_inputs` the list of arguments before it reads them.
    """

    async def process_api(self, *args: Any, **kwargs: Any) -> dict[str, Any]:
        try:
            return await super().process_api(*args, **kwargs)
        except AppError:
            # Gradio's own message for the caller, gr.Error among them.
            raise
        except Exception as error:
            raise gr.Error(explain(error), print_exception=False) from None

    def validate_inputs(self, block_fn: Any, inputs: list[Any]) -> None:
        """Append the defaults of arguments that a caller without gradio_client (curl) left out."""
        for number, block in enumerate(block_fn.inputs[len(inputs) :], start=len(inputs)):
            if not isinstance(block, Api) or block.value is None:
                name = list(inspect.signature(block_fn.fn).parameters)[number]
                raise InputError(f'{name} is missing; send it as number {number + 1} of "data".')
            inputs.append(block.value)


def describe_parameters(page: gr.Blocks, endpoint: Mapping[str, Any], meanings: Mapping[str, str]) -> None:
    """Give the parameters of what `gr.api` returned their names and a meaning each, shown under "Use via API".

    `gr.api` takes types and defaults from the function's signature, but labels the parameters "1st", "2nd", … and
    accepts no description. We rely on `Blocks.fns`, on the `Api` component behind each parameter, on its label being
    the name that /info tells clients, and on the "additional_description" of its JSON schema being shown.
    """
    function: Any = page.fns[endpoint["id"]]
    for name, box in zip(inspect.signature(function.fn).parameters, function.inputs, strict=True):
        box.label = name
        box._api_info["additional_description"] = meanings[name]


def event_data(event: gr.EventData) -> dict[str, Any]:
    """What a component's JavaScript sent with `trigger`; an empty dict where a foreign client sent anything else.

    Publicly an event has one attribute for each key that was sent, and a look at one fails with a TypeError where no
    object was sent. We rely on `EventData._data`.
    """
    data = event._data
    return data if isinstance(data, dict) else {}


def declared_events(events: Sequence[str]) -> str:
    """JavaScript that sets `events`, to be part of an HTML component's `js_on_load`.

    `gr.HTML` has no parameter for the names of a component's own events. We rely on its giving the component a method
    for each name that stands in quotes in `js_on_load`.
    """
    return f"const events = {list(events)!r};"


def hide_space(page: gr.Blocks) -> None:
    """Make the page look the same on a Space as anywhere else.

    On a Space Gradio's page fetches fonts and the Space's likes from other hosts, which our Content-Security-Policy
    forbids, and there is no option against it. We rely on `Blocks.space_id` being what the page is told.
    """
    page.space_id = None


def close_pages(app: FastAPI) -> None:
    """Let the connections that open pages hold end, so that the server can stop. Call it in the server's event loop.

    Gradio does it only for a server that its own `launch` started. We rely on `App.stop_event`, which the heartbeat
    of each page waits for.
    """
    mounted_app(app).stop_event.set()


def tell_server(app: FastAPI, server: uvicorn.Server) -> None:
    """Leave the running server where `launch` leaves its own.

    There `spaces` looks up the port whose connections a forked ZeroGPU worker must close: kept open by the worker,
    they would never end for the clients. We rely on `Blocks.server`, of which `spaces` reads `config.port`.
    """
    mounted_app(app).get_blocks().server = server  # type: ignore[assignment]


def mounted_app(app: FastAPI) -> App:
    """Gradio's app within ours. `gr.mount_gradio_app` returns the outer one; we rely on its adding one `Mount`."""
    (mounted,) = (route.app for route in app.routes if isinstance(route, Mount) and isinstance(route.app, App))
    return mounted
