"""Our own Gradio components: an empty box whose JavaScript module builds and patches its DOM.

Nothing from customers or the library ever becomes markup: values travel as JSON and the
modules only set text. Gradio's template language would have to paste them into HTML.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from pathlib import Path

import gradio as gr

from assistant.ui.gradio_bridge import declared_events

STATIC = Path(__file__).parent / "static"
STATIC_PATH = "ui"


def component(name: str, events: Sequence[str] = (), server_functions: Sequence[Callable] = ()) -> gr.HTML:
    """A box run by `static/NAME.js`, which exports `start({element, trigger, props, server, watch})`.

    `events` are the names the module may trigger; each becomes a method of the component.
    """
    if not (STATIC / f"{name}.js").is_file():
        raise FileNotFoundError(f"static/{name}.js does not exist; add it beside the other modules")
    return gr.HTML(
        value=None,
        html_template=f'<div class="rp-root rp-{name}"></div>',
        js_on_load=(
            f"{declared_events(events)}\n"
            f"import(new URL('{STATIC_PATH}/{name}.js', document.baseURI).href)"
            ".then((module) => module.start({element, trigger, props, server, watch, events}));"
        ),
        apply_default_css=False,
        server_functions=list(server_functions),
        elem_id=f"rp-{name}",
    )


def tell_page(what: str) -> str:
    """JavaScript that tells the modules of a call that never reached its handler (queue full, server gone)."""
    return f"() => {{ window.dispatchEvent(new CustomEvent('resposta:failed', {{detail: '{what}'}})); return []; }}"
