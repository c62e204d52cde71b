"""A teacher on a free port of this machine: a real HTTP server that speaks /v1/chat/completions."""

from __future__ import annotations

import asyncio
import json
import re
import threading
import time
from collections.abc import Callable, Iterator, Mapping
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

from pydantic import SecretStr

from evals.chat.client import Endpoint
from evals.chat.cost import Prices
from training.data.rows import PairRow
from training.teaching.teacher import Teacher

KEY = "sk-test-4f1c9b7d2e8a6035"
MODEL = "toy-teacher"


@dataclass(frozen=True, slots=True)
class Answer:
    """What the server sends back. `seconds` pass before; `drop` closes the connection instead."""

    status: int = 200
    body: str = ""
    headers: Mapping[str, str] = field(default_factory=dict)
    seconds: float = 0.0
    drop: bool = False


@dataclass(frozen=True, slots=True)
class Received:
    """One request as it came."""

    at: float
    path: str
    authorization: str | None
    body: dict

    @property
    def pairs(self) -> list[dict]:
        return json.loads(self.body["messages"][-1]["content"])


def sentence(pair: dict) -> str:
    """One that fits the pair: it quotes a word of the first question."""
    word = re.findall(r"\w+", pair["first"])[-1]
    if pair["language"] == "Portuguese":
        return f'o que a loja faz com "{word}".' if pair["label"] == "same" else f'só a primeira fala de "{word}".'
    return f'what the shop does about "{word}".' if pair["label"] == "same" else f'only the first mentions "{word}".'


def completion(content: str | None) -> Answer:
    body = {
        "choices": [{"message": {"role": "assistant", "content": content}, "finish_reason": "stop"}],
        "usage": {"prompt_tokens": 1000, "completion_tokens": 100},
    }
    return Answer(body=json.dumps(body))


def write(received: Received, writer: Callable[[dict], str] = sentence) -> Answer:
    """A reply to every pair that was asked about."""
    return completion(json.dumps({str(pair["pair"]): writer(pair) for pair in received.pairs}))


class Classroom:
    """The server's side: what came, how much at once, and how to answer.

    `answer` gets each request with its number from 0; by default every pair is answered well.
    """

    def __init__(self) -> None:
        self.answer: Callable[[Received, int], Answer] = lambda received, number: write(received)
        self.received: list[Received] = []
        self.most_at_once = 0
        self.url = ""
        self._at_once = 0
        self._lock = threading.Lock()

    @property
    def asked(self) -> list[str]:
        """The first question of every pair that came, in order."""
        return [pair["first"] for received in self.received for pair in received.pairs]

    def take(self, received: Received) -> Answer:
        with self._lock:
            number = len(self.received)
            self.received.append(received)
            self._at_once += 1
            self.most_at_once = max(self.most_at_once, self._at_once)
        answer = self.answer(received, number)
        time.sleep(answer.seconds)
        with self._lock:
            self._at_once -= 1
        return answer

    def teacher(self, folder: Path, **changes: object) -> Teacher:
        given = {"url": self.url, "model": MODEL, "key": SecretStr(KEY), "requests_per_minute": 60_000.0} | changes
        return Teacher(Endpoint(**given), folder / "teacher", Prices(2.0, 8.0))


@contextmanager
def classroom() -> Iterator[Classroom]:
    """Open a classroom; the server ends with it."""
    opened = Classroom()

    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"

        def do_POST(self) -> None:
            body = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
            answer = opened.take(Received(time.monotonic(), self.path, self.headers["Authorization"], body))
            self.close_connection = answer.drop
            if answer.drop:
                return
            content = answer.body.encode()
            try:
                self.send_response(answer.status)
                for name, value in answer.headers.items():
                    self.send_header(name, value)
                self.send_header("Content-Length", str(len(content)))
                self.end_headers()
                self.wfile.write(content)
            except (BrokenPipeError, ConnectionResetError):
                self.close_connection = True  # the caller gave up, as some tests want

        def log_message(self, *arguments: object) -> None:
            """The tests read the log of the caller only."""

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    opened.url = f"http://127.0.0.1:{server.server_port}/v1"
    thread = threading.Thread(target=server.serve_forever, args=(0.02,))
    thread.start()
    try:
        yield opened
    finally:
        server.shutdown()
        thread.join()
        server.server_close()


def pairs(count: int) -> list[PairRow]:
    """Pairs of both labels and languages, every first question another."""
    rows = []
    for number in range(count):
        if number % 3 == 2:
            rows.append(PairRow(f"Onde está o pedido {number}?", "Quando chega o pedido?", number % 2 == 0, "pt"))
        else:
            rows.append(PairRow(f"Where is order {number}?", "When will my order come?", number % 2 == 0, "en"))
    return rows


def apart(coroutine):
    """Run it in a thread of its own: a browser's loop may run in this one."""
    with ThreadPoolExecutor(1) as thread:
        return thread.submit(asyncio.run, coroutine).result()
