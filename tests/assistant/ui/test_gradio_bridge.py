"""Whether the pinned Gradio still has the private parts that assistant/ui/gradio_bridge.py relies on.

A failure names the function of the bridge and the place in Gradio to compare it with.
"""

from __future__ import annotations

import asyncio
import contextvars
import inspect
import json
import re
from collections.abc import Iterator
from contextlib import contextmanager
from types import SimpleNamespace
from typing import Any, cast

import gradio as gr
import pytest
from fastapi import FastAPI
from fastapi.routing import iter_route_contexts
from gradio.context import LocalContext
from starlette.responses import PlainTextResponse
from starlette.testclient import TestClient

from app import build_app
from assistant.errors import InputError
from assistant.settings import load_settings
from assistant.ui.gradio_bridge import (
    Page,
    close_pages,
    declared_events,
    describe_parameters,
    event_data,
    hide_space,
    mounted_app,
    tell_server,
)
from assistant.ui.guard import Guard
from tests.support.paths import ROOT

PINNED = re.findall(r"^gradio==(.+)$", (ROOT / "requirements.txt").read_text(encoding="utf-8"), re.MULTILINE)

# Every route of the pinned version. Open are those that the page or gradio_client uses here.
OPEN = {
    "GET /",
    "HEAD /",
    "GET /assets/{path:path}",
    "GET /config",
    "GET /favicon.ico",
    "GET /manifest.json",
    "GET /robots.txt",
    "GET /static/{path:path}",
    "GET /theme.css",
    "GET /gradio_api/app_id",
    "GET /gradio_api/call/v2/{api_name}/{event_id}",
    "GET /gradio_api/call/{api_name}/{event_id}",
    "GET /gradio_api/heartbeat/{session_hash}",
    "GET /gradio_api/info",
    "GET /gradio_api/login_check",
    "GET /gradio_api/queue/data",
    "GET /gradio_api/queue/status",
    "GET /gradio_api/startup-events",
    "GET /gradio_api/theme.css",
    "GET /gradio_api/token",
    "GET /gradio_api/user",
    "POST /gradio_api/call/v2/{api_name}",
    "POST /gradio_api/call/{api_name}",
    "POST /gradio_api/cancel",
    "POST /gradio_api/component_server",
    "POST /gradio_api/queue/join",
    "POST /gradio_api/reset",
}
REFUSED = {
    "GET /logout",
    "GET /monitoring",
    "GET /monitoring/summary",
    "GET /monitoring/{key}",
    "GET /openapi.json",
    "HEAD /openapi.json",
    "GET /pwa_icon",
    "GET /pwa_icon/{size}",
    "GET /svelte/{path:path}",
    "POST /login",
    "GET /gradio_api/custom_component/{id}/{environment}/{type}/{file_name}",
    "GET /gradio_api/deep_link",
    "GET /gradio_api/dev/reload",
    "GET /gradio_api/file/{path:path}",
    "GET /gradio_api/file={path_or_url:path}",
    "HEAD /gradio_api/file={path_or_url:path}",
    "GET /gradio_api/openapi.json",
    "GET /gradio_api/proxy={url_path:path}",
    "HEAD /gradio_api/proxy={url_path:path}",
    "GET /gradio_api/runs",
    "GET /gradio_api/stream/{session_hash}/{run}/{component_id}/playlist-file",
    "GET /gradio_api/stream/{session_hash}/{run}/{component_id}/playlist.m3u8",
    "GET /gradio_api/stream/{session_hash}/{run}/{component_id}/{segment_id}.{ext}",
    "GET /gradio_api/upload_progress",
    "GET /gradio_api/vibe-code",
    "POST /gradio_api/api/{api_name}",
    "POST /gradio_api/process_recording",
    "POST /gradio_api/run/{api_name}",
    "POST /gradio_api/stream/{event_id}",
    "POST /gradio_api/stream/{event_id}/close",
    "POST /gradio_api/undo-vibe-edit",
    "POST /gradio_api/upload",
    "POST /gradio_api/vibe-code",
    "POST /gradio_api/vibe-edit",
    "POST /gradio_api/vibe-starter-queries",
}


@contextmanager
def relying(bridge: str, on: str) -> Iterator[None]:
    """Turn whatever goes wrong within into a message that says where to look."""
    try:
        yield
    except Exception as error:
        raise AssertionError(
            f"{bridge} in assistant/ui/gradio_bridge.py relies on {on}, which is not as in Gradio {PINNED}: "
            f"compare the two and adapt the bridge. Gradio {gr.__version__} is installed."
        ) from error


@pytest.fixture(scope="module")
def app(tmp_path_factory: pytest.TempPathFactory) -> FastAPI:
    """The real app. Without a desk and a board it can be laid out and not answer."""
    settings = load_settings(data_dir=tmp_path_factory.mktemp("bridge"))
    return build_app(settings, cast(Any, None), cast(Any, None))


@pytest.fixture(scope="module")
def calls() -> Iterator[TestClient]:
    """A small page with one endpoint."""

    def greet(name: str, times: int = 2) -> str:
        if name == "a customer's words":
            raise ValueError(name)
        if not name:
            raise InputError("The name is empty: write one.")
        return name * times

    with Page(analytics_enabled=False) as page:
        describe_parameters(page, gr.api(greet, api_name="greet"), {"name": "Whom.", "times": "How often."})
    with TestClient(gr.mount_gradio_app(FastAPI(), page, path="/", ssr_mode=False, show_error=False)) as client:
        yield client


def _greet(calls: TestClient, *data: object) -> tuple[str, Any]:
    event = calls.post("/gradio_api/call/greet", json={"data": list(data)}).json()["event_id"]
    kind, content = calls.get(f"/gradio_api/call/greet/{event}").text.strip().splitlines()[-2:]
    return kind.removeprefix("event: "), json.loads(content.removeprefix("data: "))


def test_the_pinned_gradio_is_installed():
    assert [gr.__version__] == PINNED, (
        f"Gradio {gr.__version__} is installed, requirements.txt pins {PINNED}. Install the pinned one, or after a "
        "change of version run this file's other tests against the new one."
    )


def test_the_guard_knows_every_route_of_gradio(app):
    guarded = TestClient(Guard(PlainTextResponse("reached"), max_body=100))
    found: dict[bool, set[str]] = {True: set(), False: set()}
    with relying("mounted_app", "mount_gradio_app in gradio/routes.py"):
        routes = mounted_app(app).routes
    for route in iter_route_contexts(routes):
        sample = re.sub(r"\{\w+\}", "x", re.sub(r"\{\w+:path\}", "x/y", route.path))
        for method in route.methods or ("MOUNT",):
            opens = guarded.request(method, sample).status_code == 200
            found[opens].add(f"{method} {route.path.rstrip('/') or '/'}")
    where = "decide in READ_ROUTES and WRITE_ROUTES of assistant/ui/gradio_bridge.py, then enter it above"
    new = (found[True] | found[False]) - OPEN - REFUSED
    assert not new, f"Gradio {gr.__version__} has new routes {sorted(new)}: {where}"
    gone = (OPEN | REFUSED) - found[True] - found[False]
    assert not gone, f"Gradio {gr.__version__} no longer has the routes {sorted(gone)}: {where}"
    assert found[True] == OPEN, f"the guard differs on {sorted(found[True] ^ OPEN)}: {where}"


def test_a_failed_call_passes_through_process_api(calls, capfd):
    with relying("Page.process_api", "Blocks.process_api in gradio/blocks.py being called for every queued call"):
        assert "The name is empty: write one." in _greet(calls, "")[1]["error"]
        kind, told = _greet(calls, "a customer's words")
        assert kind == "error" and "Something went wrong on the server" in told["error"]
        printed = capfd.readouterr()
        assert "customer" not in printed.out + printed.err


def test_an_argument_left_out_is_filled_in_by_validate_inputs(calls):
    with relying("Page.validate_inputs", "Blocks.preprocess_data in gradio/blocks.py and gr.api in gradio/events.py"):
        assert list(inspect.signature(gr.Blocks.validate_inputs).parameters) == ["self", "block_fn", "inputs"]
        assert _greet(calls, "Ana") == ("complete", ["AnaAna"])
        assert "name is missing" in _greet(calls)[1]["error"]


def test_parameters_are_described(calls):
    with relying("describe_parameters", "Blocks.fns, Api._api_info in gradio/components/api_component.py, gr.api"):
        endpoint = calls.get("/gradio_api/info").json()["named_endpoints"]["/greet"]
        shown = [(one["label"], one["python_type"]["description"]) for one in endpoint["parameters"]]
        assert shown == [("name", "Whom."), ("times", "How often.")]


def test_an_event_holds_what_was_sent():
    with relying("event_data", "EventData._data in gradio/events.py"):
        assert event_data(gr.EventData(None, {"key": "k"})) == {"key": "k"}
        assert [event_data(gr.EventData(None, sent)) for sent in (None, 7, ["key"], "key")] == [{}] * 4


def test_names_in_quotes_are_events():
    with (
        relying("declared_events", "HTML.__getattr__ in gradio/components/html.py"),
        gr.Blocks(analytics_enabled=False),
    ):
        box = gr.HTML(js_on_load=declared_events(["ask", "halt"]))
        assert callable(box.ask) and callable(box.halt)
        assert not hasattr(box, "explain")


def test_the_page_is_not_told_of_its_space(monkeypatch):
    monkeypatch.setenv("SYSTEM", "spaces")
    monkeypatch.setenv("SPACE_ID", "team/desk")
    with relying("hide_space", "Blocks.space_id in gradio/blocks.py"):
        page = gr.Blocks(analytics_enabled=False)
        assert page.get_config_file()["space_id"] == "team/desk"
        hide_space(page)
        assert page.get_config_file()["space_id"] is None


def test_open_pages_end_with_the_server(app):
    async def heartbeat() -> None:
        begun = asyncio.Event()

        async def send(message: Any) -> None:
            assert message.get("status", 200) == 200
            begun.set()

        async def receive() -> Any:
            await asyncio.Event().wait()

        path = "/gradio_api/heartbeat/abc"
        scope = {"type": "http", "method": "GET", "path": path, "raw_path": path.encode(), "query_string": b""}
        scope |= {"headers": [(b"host", b"127.0.0.1")], "scheme": "http", "server": ("127.0.0.1", 80), "root_path": ""}
        page = asyncio.create_task(app(scope, receive, send))
        await asyncio.wait_for(begun.wait(), 10)
        await asyncio.sleep(0.1)
        assert not page.done()
        close_pages(app)
        await asyncio.wait([page], timeout=5)
        assert page.done()

    with relying("close_pages", "App.stop_event and the route /heartbeat in gradio/routes.py"):
        asyncio.run(heartbeat())


def test_spaces_finds_the_servers_port(app):
    from spaces.zero.gradio import get_server_port

    def port() -> int | None:
        LocalContext.blocks.set(mounted_app(app).get_blocks())
        return get_server_port()

    with relying(
        "tell_server", "Blocks.server in gradio/blocks.py, which get_server_port in spaces/zero/gradio.py reads"
    ):
        tell_server(app, cast(Any, SimpleNamespace(config=SimpleNamespace(port=7861))))
        assert contextvars.copy_context().run(port) == 7861


def test_only_the_bridge_touches_private_parts():
    private = re.compile(r"\.fns\b|_api_info|\._data\b|\.space_id = |\.stop_event|\.get_blocks|from gradio\.\w+ import")
    files = [ROOT / "app.py", *(ROOT / "assistant" / "ui").glob("*.py")]
    assert [file.name for file in files if private.search(file.read_text(encoding="utf-8"))] == ["gradio_bridge.py"]
