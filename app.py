"""Resposta's entry point: `build_app` wires the app, `main` serves it."""

from __future__ import annotations

import argparse
import contextlib
import logging
import os
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import TYPE_CHECKING

from assistant.command_line.runner import Command
from assistant.settings import Settings, is_loopback, load_settings
from assistant.ui.browser_secret import browser_secret
from assistant.ui.libraries import silence_libraries
from assistant.ui.server import address, listen, serve

if TYPE_CHECKING:
    from fastapi import FastAPI

    from assistant.desk import Desk
    from assistant.store.connection import Store
    from evals.board import Board

LOOPBACK_NAMES = ("127.0.0.1", "localhost", "::1")
SPACE_FRAMES = ("https://huggingface.co", "https://*.hf.space")
# JSON may write one character as twelve bytes (\ud83d\ude00), and a call holds a little more than its texts.
BYTES_PER_CHARACTER = 12
BYTES_AROUND_TEXT = 64 * 1024

_log = logging.getLogger("resposta")


def build_app(settings: Settings, desk: Desk, board: Board) -> FastAPI:
    """The whole app on an open desk and board: the page at /, its API under /gradio_api, /healthz.

    Call `silence_libraries` before, as Gradio reads the environment when it is imported.
    """
    import gradio as gr
    from fastapi import FastAPI
    from fastapi.responses import PlainTextResponse
    from fastapi.staticfiles import StaticFiles

    from assistant.people.access import Access
    from assistant.ui.component import STATIC, STATIC_PATH
    from assistant.ui.guard import Guard
    from assistant.ui.limit import Limit
    from assistant.ui.page import HEAD, build_page
    from assistant.ui.theme import build_theme

    app = FastAPI(docs_url=None, redoc_url=None, openapi_url=None)
    app.add_middleware(
        Guard,
        max_body=(settings.max_question_chars + settings.max_context_chars) * BYTES_PER_CHARACTER + BYTES_AROUND_TEXT,
        hosts=(*LOOPBACK_NAMES, settings.host) if is_loopback(settings.host) else None,
        framed_by=SPACE_FRAMES if settings.space_id else (),
        limit=Limit(settings.visitor_calls_per_minute) if settings.demo else None,
    )
    app.get("/healthz", response_class=PlainTextResponse)(lambda: "ok")
    app.mount(f"/{STATIC_PATH}", StaticFiles(directory=STATIC))
    page = build_page(desk, board, Access(settings), browser_secret(settings.data_dir), settings.max_queue)
    return gr.mount_gradio_app(
        app,
        page,
        path="/",
        server_name=settings.host,
        server_port=settings.port,
        footer_links=["api"],
        run_history=False,
        show_error=False,
        allowed_paths=[],
        blocked_paths=[str(Path(__file__).parent), str(settings.data_dir)],
        max_file_size=1,
        ssr_mode=False,
        enable_monitoring=False,
        pwa=False,
        mcp_server=False,
        theme=build_theme(),
        head=HEAD,
    )


def _emulate_cuda() -> None:
    """On ZeroGPU, before anything imports torch: `spaces` emulates CUDA in this thread, which then loads the models."""
    # transformers would read the weights in threads of its own, where CUDA is not emulated.
    os.environ["HF_DEACTIVATE_ASYNC_LOAD"] = "1"
    import spaces

    # By default a handler runs in a GPU worker as a whole. Ours need the database, which is in this process; only
    # what the model computes goes to a worker (assistant/generator/zerogpu.py).
    spaces.disable_gradio_auto_wrap()  # type: ignore[attr-defined]


@contextlib.contextmanager
def opened(settings: Settings) -> Iterator[tuple[Desk, Board]]:
    """A desk with its store and model, and the board of the Evaluation tab, all closed at the end."""
    with contextlib.ExitStack() as stack:
        with ThreadPoolExecutor(1) as starting:
            # Postgres starts in this thread while Gradio is imported.
            store = starting.submit(_open_store, settings)
            import assistant.ui.page  # noqa: F401
            from assistant.people.visitors import Visitors
            from assistant.versions.hub import open_hub
            from assistant.versions.registry import open_registry
            from assistant.wiring import open_desk
            from evals.board import Board

            stack.enter_context(store.result())
        desk = stack.enter_context(open_desk(settings, store.result(), sample=True))
        if settings.demo:
            visitors = stack.enter_context(contextlib.closing(Visitors(settings, store.result(), open_hub(settings))))
            visitors.start()
        yield desk, stack.enter_context(Board(settings, open_registry(settings, store.result())))


def _open_store(settings: Settings) -> Store:
    from assistant.store.connection import open_store

    return open_store(settings)


def _work(options: argparse.Namespace) -> None:
    """Serve until SIGTERM or Ctrl-C. uvicorn stops at a signal and then raises it again, which closes store and
    model."""
    begun = time.monotonic()
    silence_libraries()
    settings = load_settings()
    if settings.zero_gpu:
        _emulate_cuda()
    with contextlib.closing(listen(settings)) as listener, opened(settings) as (desk, board):
        app = build_app(settings, desk, board)
        _log.info("ready", extra={"address": address(settings), "seconds": round(time.monotonic() - begun, 1)})
        serve(app, listener)


main = Command("app.py", __doc__, work=_work, server=True)

if __name__ == "__main__":
    main.run()
