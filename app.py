"""Resposta's entry point: `build_app` wires the app, `main` serves it."""

from __future__ import annotations

import argparse
import contextlib
import logging
import os
import secrets
import socket
import sys
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import TYPE_CHECKING

from assistant.command_line.runner import Command
from assistant.errors import SettingsError
from assistant.settings import Settings, is_loopback, load_settings

if TYPE_CHECKING:
    from fastapi import FastAPI

    from assistant.desk import Desk
    from assistant.store.connection import Store
    from evals.board import Board

LOOPBACK_NAMES = ("127.0.0.1", "localhost", "::1")
SPACE_FRAMES = ("https://huggingface.co", "https://*.hf.space")
# JSON may write one character as twelve (\ud83d\ude00), and a call carries a little more than its texts.
BYTES_PER_CHARACTER = 12
BYTES_AROUND_TEXT = 64 * 1024

_log = logging.getLogger("resposta")


def build_app(settings: Settings, desk: Desk, board: Board) -> FastAPI:
    """The whole app on an open desk and board: the page at /, its API under /gradio_api, /healthz."""
    silence_libraries()
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
    app = gr.mount_gradio_app(
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
    app.state.gradio = app.routes[-1].app
    return app


def silence_libraries() -> None:
    """Switch off the libraries' telemetry, history and chatter. They read this when they are imported."""
    os.environ.update(
        GRADIO_ANALYTICS_ENABLED="False",
        GRADIO_RUN_HISTORY="False",
        GRADIO_MCP_SERVER="False",
        HF_HUB_DISABLE_TELEMETRY="1",
        DO_NOT_TRACK="1",
        DISABLE_TELEMETRY="1",
        TOKENIZERS_PARALLELISM="false",
        TRANSFORMERS_VERBOSITY="error",
    )
    if not sys.stderr.isatty():
        os.environ["TQDM_DISABLE"] = "1"


def _emulate_cuda() -> None:
    """On ZeroGPU, before anything imports torch: `spaces` plays CUDA in this thread, which then loads the models."""
    # transformers would read the weights in threads of its own, where nobody plays CUDA.
    os.environ["HF_DEACTIVATE_ASYNC_LOAD"] = "1"
    import spaces

    # What a worker computes is marked where the model is. A handler as a whole belongs here, with the database.
    spaces.disable_gradio_auto_wrap()  # type: ignore[attr-defined]


@contextlib.contextmanager
def opened(settings: Settings) -> Iterator[tuple[Desk, Board]]:
    """A desk with its store and model, and the board that watches over them, all closed at the end."""
    with contextlib.ExitStack() as stack:
        with ThreadPoolExecutor(1) as starting:
            # Postgres starts beside us while the page's library is imported.
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


def browser_secret(data_dir: Path) -> str:
    """The key of what browsers remember; made once, so that a restart can still read it."""
    path = data_dir / "browser_secret"
    data_dir.mkdir(parents=True, exist_ok=True)
    draft = data_dir / f".browser_secret.{os.getpid()}"
    draft.touch(mode=0o600)
    draft.write_text(secrets.token_urlsafe(24))
    # A link appears whole or not at all, so that of two processes starting at once one wins.
    with contextlib.suppress(FileExistsError):
        os.link(draft, path)
    draft.unlink()
    return path.read_text().strip()


def _work(options: argparse.Namespace) -> None:
    """Serve until SIGTERM or Ctrl-C. uvicorn stops at a signal and then raises it again, which closes store and
    model."""
    begun = time.monotonic()
    silence_libraries()
    settings = load_settings()
    if settings.zero_gpu:
        _emulate_cuda()
    with contextlib.closing(_door(settings)) as door, opened(settings) as (desk, board):
        app = build_app(settings, desk, board)
        _log.info("ready", extra={"address": _address(settings), "seconds": round(time.monotonic() - begun, 1)})
        _serve(app, door)


def _serve(app: FastAPI, door: socket.socket) -> None:
    import uvicorn

    class Server(uvicorn.Server):
        async def shutdown(self, sockets: list[socket.socket] | None = None) -> None:
            # Every open page holds a connection, which Gradio would keep for ever.
            app.state.gradio.stop_event.set()
            await super().shutdown(sockets)

    # What is still being answered at a stop has this many seconds.
    config = uvicorn.Config(
        app,
        port=door.getsockname()[1],
        log_config=None,
        access_log=False,
        server_header=False,
        timeout_graceful_shutdown=3,
    )
    server = Server(config)
    # By this, as `launch` leaves it there, `spaces` knows the port whose connections a forked worker must let go of:
    # kept open there, they would never end for those at their other end.
    app.state.gradio.get_blocks().server = server
    server.run(sockets=[door])


def _door(settings: Settings) -> socket.socket:
    """The listening address, taken before anything slow is loaded."""
    door = socket.socket(socket.AF_INET6 if ":" in settings.host else socket.AF_INET, socket.SOCK_STREAM)
    door.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    try:
        door.bind((settings.host, settings.port))
        # Whoever opens the page while the model loads waits instead of being refused.
        door.listen()
    except OSError as error:
        door.close()
        raise SettingsError(
            f"Cannot listen on {settings.host} port {settings.port} ({error.strerror}): "
            f"stop the other program or choose another, for example PORT={settings.port % 65535 + 1}"
        ) from error
    return door


def _address(settings: Settings) -> str:
    host = f"[{settings.host}]" if ":" in settings.host else settings.host
    return f"http://{host}:{settings.port}"


main = Command("app.py", __doc__, work=_work, server=True)

if __name__ == "__main__":
    main.run()
