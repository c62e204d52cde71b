"""A local server that speaks as much of ZeroGPU's device API as `spaces` 0.51 calls, and gives or refuses GPUs.

Written from what that client sends and reads. As there, a worker that failed is ended.
"""

from __future__ import annotations

import base64
import json
import os
import signal
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any, Literal
from urllib.parse import parse_qsl, urlsplit

import psutil

Mood = Literal["gives", "lets wait", "quota", "nothing left", "kills"]


@dataclass
class Scheduler:
    """What was asked, and what is answered from now on: see `Mood`."""

    url: str = ""
    mood: Mood = "gives"
    worker: int | None = None
    # The query of every /schedule, and the other paths with their queries.
    asked: list[dict[str, str]] = field(default_factory=list)
    calls: list[tuple[str, dict[str, str]]] = field(default_factory=list)
    # The local ports of a new worker's connections, when it asks for its GPU.
    ports: list[set[int]] = field(default_factory=list)

    def end_worker(self) -> None:
        if self.worker:
            with suppress(ProcessLookupError):
                os.kill(self.worker, signal.SIGKILL)
        self.worker = None

    def answer(self, path: str, query: dict[str, str]) -> tuple[int, Any]:
        if path != "/schedule":
            self.calls.append((path, query))
        if path == "/schedule":
            return self._schedule(query)
        if path == "/allow":
            self.worker = int(query["pid"])
            self.ports.append({one.laddr.port for one in psutil.Process(self.worker).net_connections("tcp")})
            if self.mood == "kills":
                self.end_worker()
        if path == "/release" and query["fail"] == "true":
            self.end_worker()
        return 200, None

    def _schedule(self, query: dict[str, str]) -> tuple[int, Any]:
        self.asked.append(query)
        if self.mood == "quota":
            return 429, {"left": 3, "wait": "PT1H"}
        if self.mood == "nothing left":
            return 503, None
        idle = bool(self.worker and psutil.pid_exists(self.worker))
        given = {"idle": idle, "nvidiaIndex": 0, "nvidiaUUID": "GPU-0", "allowToken": f"token {len(self.asked)}"}
        return 200, [
            "event: ping",
            f"event: succeeded\ndata: {json.dumps(given)}",
        ] if self.mood == "lets wait" else given


@contextmanager
def scheduling() -> Iterator[Scheduler]:
    """The server, for as long as it is needed."""
    scheduler = Scheduler()

    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"

        def log_message(self, *_: Any) -> None:
            """A test's output is no place for access logs."""

        def do_POST(self) -> None:
            parts = urlsplit(self.path)
            status, content = scheduler.answer(parts.path, dict(parse_qsl(parts.query)))
            self.send_response(status)
            if isinstance(content, list):
                self._send_events(content)
                return
            body = json.dumps(content).encode()
            self.send_header("Content-Type", "application/json")
            self.send_header("Content-Length", str(len(body)))
            self.end_headers()
            self.wfile.write(body)

        def _send_events(self, events: list[str]) -> None:
            self.send_header("Content-Type", "text/event-stream")
            self.send_header("Connection", "close")
            self.end_headers()
            for event in events:
                self.wfile.write(f"{event}\n\n".encode())
                self.wfile.flush()
                # Its reader takes what comes together for one event.
                time.sleep(0.2)

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    scheduler.url = f"http://127.0.0.1:{server.server_port}"
    threading.Thread(target=server.serve_forever, daemon=True).start()
    try:
        yield scheduler
    finally:
        scheduler.end_worker()
        server.shutdown()
        server.server_close()


def visitor() -> dict[str, str]:
    """The header by which the Hub's proxy says who a visitor is."""
    return {"x-ip-token": ".".join(("e30", base64.urlsafe_b64encode(b'{"user": "ana"}').decode().rstrip("="), "x"))}
