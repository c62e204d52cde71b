"""The listening address, and the web server on it."""

from __future__ import annotations

import socket
from typing import TYPE_CHECKING

from assistant.errors import SettingsError
from assistant.settings import Settings

if TYPE_CHECKING:
    from fastapi import FastAPI

# Time for the answers that are being written when the server is told to stop.
STOP_SECONDS = 3


def listen(settings: Settings) -> socket.socket:
    """The listening socket on the settings' host and port. Raises `SettingsError` where they cannot be had."""
    listener = socket.socket(socket.AF_INET6 if ":" in settings.host else socket.AF_INET, socket.SOCK_STREAM)
    listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    try:
        listener.bind((settings.host, settings.port))
        # A browser that comes while the model still loads waits instead of being refused.
        listener.listen()
    except OSError as error:
        listener.close()
        raise SettingsError(
            f"Cannot listen on {settings.host} port {settings.port} ({error.strerror}): "
            f"stop the other program or choose another, for example PORT={settings.port % 65535 + 1}"
        ) from error
    return listener


def address(settings: Settings) -> str:
    """The URL to open in a browser."""
    host = f"[{settings.host}]" if ":" in settings.host else settings.host
    return f"http://{host}:{settings.port}"


def serve(app: FastAPI, listener: socket.socket) -> None:
    """Answer on `listener` until a signal ends the server."""
    # Slow to import, and `listen` must come before everything slow.
    import uvicorn

    from assistant.ui.gradio_bridge import close_pages, tell_server

    class Server(uvicorn.Server):
        async def shutdown(self, sockets: list[socket.socket] | None = None) -> None:
            close_pages(app)
            await super().shutdown(sockets)

    config = uvicorn.Config(
        app,
        port=listener.getsockname()[1],
        log_config=None,
        access_log=False,
        server_header=False,
        timeout_graceful_shutdown=STOP_SECONDS,
    )
    server = Server(config)
    tell_server(app, server)
    server.run(sockets=[listener])
