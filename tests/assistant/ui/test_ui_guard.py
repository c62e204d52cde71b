"""The web server's door: routes, hosts, origins, sizes, headers."""

from __future__ import annotations

import base64
import hashlib

import pytest
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import HTMLResponse, PlainTextResponse
from starlette.routing import Route
from starlette.testclient import TestClient
from starlette.websockets import WebSocketDisconnect

from assistant.ui.guard import Guard
from assistant.ui.limit import Limit

SCRIPT = "window.gradio_config = {};"
PAGE = f'<script>{SCRIPT}</script><script type="module" src="./assets/index.js"></script>'


async def _echo(request: Request) -> PlainTextResponse:
    return PlainTextResponse(str(len(await request.body())))


def _client(**options) -> TestClient:
    inner = Starlette(
        routes=[
            Route("/", lambda _: HTMLResponse(PAGE)),
            Route("/gradio_api/queue/join", _echo, methods=["POST"]),
            Route("/{path:path}", lambda _: PlainTextResponse("reached"), methods=["GET", "POST", "PUT"]),
        ]
    )
    options = {"max_body": 100, "hosts": ("127.0.0.1", "localhost", "::1"), **options}
    return TestClient(Guard(inner, **options), base_url="http://127.0.0.1:7860")


@pytest.mark.parametrize(
    "path",
    [
        "/gradio_api/file=/etc/passwd",
        "/gradio_api/file=http://example.com/x",
        "/gradio_api/file/app.py",
        "/gradio_api/proxy=http://example.com",
        "/gradio_api/deep_link",
        "/gradio_api/stream/a/b/c/playlist.m3u8",
        "/gradio_api/vibe-code",
        "/monitoring",
        "/docs",
        "/openapi.json",
    ],
)
def test_routes_the_app_does_not_use_are_closed(path):
    assert _client().get(path).status_code == 404


@pytest.mark.parametrize("path", ["/gradio_api/upload", "/gradio_api/vibe-edit", "/gradio_api/run/suggest", "/login"])
def test_nothing_can_be_sent_but_calls(path):
    assert _client().post(path, content=b"x").status_code == 404


@pytest.mark.parametrize("path", ["/assets/index.js", "/ui/desk.js", "/healthz", "/gradio_api/info", "/config"])
def test_what_the_page_needs_is_open(path):
    assert _client().get(path).text == "reached"


@pytest.mark.parametrize("method", ["PUT", "DELETE", "PATCH", "OPTIONS"])
def test_other_methods_are_closed(method):
    assert _client().request(method, "/healthz").status_code == 404


@pytest.mark.parametrize("host", ["evil.example", "evil.example:7860", "127.0.0.1.evil.example", ""])
def test_a_foreign_name_for_our_address_is_refused(host):
    assert _client().get("/healthz", headers={"host": host}).status_code == 400


@pytest.mark.parametrize("host", ["127.0.0.1:7860", "localhost:7860", "[::1]:7860", "LOCALHOST"])
def test_our_own_names_are_answered(host):
    assert _client().get("/healthz", headers={"host": host}).status_code == 200


def test_a_public_server_answers_under_any_name():
    assert _client(hosts=None).get("/healthz", headers={"host": "team.hf.space"}).status_code == 200


@pytest.mark.parametrize("origin", ["http://evil.example", "null", "http://127.0.0.1:9999"])
def test_other_sites_cannot_call(origin):
    reply = _client().post("/gradio_api/queue/join", content=b"x", headers={"origin": origin})
    assert reply.status_code == 403


def test_our_own_page_can_call():
    reply = _client().post("/gradio_api/queue/join", content=b"xyz", headers={"origin": "http://127.0.0.1:7860"})
    assert (reply.status_code, reply.text) == (200, "3")


def test_a_body_at_the_limit_passes_and_one_byte_more_does_not():
    client = _client()
    assert client.post("/gradio_api/queue/join", content=b"x" * 100).text == "100"
    refused = client.post("/gradio_api/queue/join", content=b"x" * 101)
    assert refused.status_code == 413
    assert "100 bytes" in refused.json()["detail"]


def test_a_body_without_a_length_is_limited_too():
    chunks = (b"x" * 40 for _ in range(4))
    assert _client().post("/gradio_api/queue/join", content=chunks).status_code == 413


def test_only_the_pages_own_inline_scripts_may_run():
    policy = _client().get("/").headers["content-security-policy"]
    digest = base64.b64encode(hashlib.sha256(SCRIPT.encode()).digest()).decode()
    scripts = next(part for part in policy.split("; ") if part.startswith("script-src"))
    assert scripts == f"script-src 'self' 'unsafe-eval' 'sha256-{digest}'"
    assert "default-src 'self'" in policy
    assert "object-src 'none'" in policy


def test_nobody_may_frame_the_page_unless_it_is_a_space():
    assert "frame-ancestors 'none'" in _client().get("/").headers["content-security-policy"]
    space = _client(framed_by=("https://huggingface.co",)).get("/").headers["content-security-policy"]
    assert "frame-ancestors https://huggingface.co" in space


def test_every_reply_forbids_guessing_its_type():
    client = _client()
    for path in ("/", "/healthz", "/nowhere"):
        assert client.get(path).headers["x-content-type-options"] == "nosniff"


def test_websockets_are_refused():
    with pytest.raises(WebSocketDisconnect) as refused, _client().websocket_connect("/gradio_api/queue/join"):
        pass
    assert refused.value.code == 1008


def test_a_visitor_who_asks_too_much_waits_and_nobody_else_does():
    client = _client(limit=Limit(2))
    join = "/gradio_api/queue/join"
    assert [client.post(join, content=b"x").status_code for _ in range(3)] == [200, 200, 429]
    refused = client.post(join, content=b"x")
    assert "ask again in 30 seconds" in refused.json()["detail"]
    assert client.get("/").status_code == 200

    def said(*heard: str) -> int:
        return client.post(join, content=b"x", headers=[("x-forwarded-for", one) for one in heard]).status_code

    # Behind proxies: the last public address is the one that a proxy heard, whatever the visitor says before it.
    assert [said("8.8.8.8, 10.0.0.1"), said("1.1.1.1, 8.8.8.8, 10.0.0.1")] == [200, 200]
    assert [said("9.9.9.9, 8.8.8.8"), said("9.9.9.9", "8.8.8.8, 10.0.0.1")] == [429, 429]
    assert said("1.1.1.1") == 200
    assert [said("1.1.1.1, ::ffff:7.7.7.7") for _ in range(3)] == [200, 200, 429]
    assert said("nonsense") == 429, "nobody public is named, so it is whoever calls"


def test_calls_come_back_with_time_and_silent_visitors_are_forgotten(monkeypatch):
    now = 0.0
    monkeypatch.setattr("assistant.ui.limit.time.monotonic", lambda: now)
    monkeypatch.setattr("assistant.ui.limit._VISITORS", 2)
    limit = Limit(1)
    assert limit.refusal("a") is None and limit.refusal("a")
    now = 60.0
    assert limit.refusal("a") is None
    assert limit.refusal("b") is None and limit.refusal("c") is None
    assert len(limit._left) == 2 and limit.refusal("b")
