"""The named endpoints of the running app, with gradio_client and plain HTTP; and what it must not serve."""

from __future__ import annotations

import json
import uuid

import httpx
import pytest
from gradio_client import Client

from tests.support.app_process import ROOT

ENGLISH = "The cycling helmet is too small, can I swap it for a bigger size of the same one?"
PORTUGUESE = "Perdi o boleto, que ainda não venceu. Como consigo outro?"
REQUIRED = {"id", "question", "answer", "language", "probability", "label", "reason", "base", "adapter"}


@pytest.fixture(scope="module")
def client(served) -> Client:
    return Client(served.url, verbose=False)


@pytest.fixture(scope="module")
def demo_client(demo) -> Client:
    return Client(demo.url, verbose=False)


def _call(url: str, name: str, *data: object) -> tuple[str, object]:
    """What curl does: post the arguments, then read the event it names. Returns its last event."""
    with httpx.Client(base_url=url, timeout=120) as http:
        event = http.post(f"/gradio_api/call/{name}", json={"data": list(data)})
        event.raise_for_status()
        lines = http.get(f"/gradio_api/call/{name}/{event.json()['event_id']}").text.strip().splitlines()
    kind, content = lines[-2:]
    return kind.removeprefix("event: "), json.loads(content.removeprefix("data: "))


def _private(url: str, function: int, data: list, event_data: object = None) -> dict:
    """Call a handler by its number, as the page does, and return its last message."""
    session = "abcdefghij"
    body = {"fn_index": function, "data": data, "event_data": event_data, "session_hash": session}
    with httpx.Client(base_url=url, timeout=120) as http:
        http.post("/gradio_api/queue/join", json=body).raise_for_status()
        lines = http.get("/gradio_api/queue/data", params={"session_hash": session}).text.splitlines()
    messages = [json.loads(line.removeprefix("data: ")) for line in lines if line.startswith("data: ")]
    return next(message for message in messages if message["msg"] == "process_completed")


def _component(url: str, function: str, request: dict) -> httpx.Response:
    config = httpx.get(f"{url}/config").json()
    desk = next(part["id"] for part in config["components"] if part["props"].get("elem_id") == "rp-desk")
    body = {"component_id": desk, "fn_name": function, "session_hash": "abcdefghij", "data": request}
    return httpx.post(f"{url}/gradio_api/component_server", json=body)


@pytest.mark.parametrize(("question", "language"), [(ENGLISH, "en"), (PORTUGUESE, "pt")])
def test_suggest_finds_the_past_answer_in_its_language(client, question, language):
    reply = client.predict(question=question, api_name="/suggest")
    assert {"matches", "near_misses", "no_match", "ambiguous", "interaction_id"} <= reply.keys()
    best = reply["matches"][0]
    assert best.keys() >= REQUIRED
    assert best["question"] == question
    assert best["language"] == language
    assert best["label"] == "same"
    assert 0.5 < best["probability"] <= 1
    assert reply["no_match"] is False
    assert all(one["reason"] or one["reason_hidden"] for one in reply["matches"] + reply["near_misses"])


def test_suggest_without_reasons_writes_none(client):
    reply = client.predict(ENGLISH, "en", False, api_name="/suggest")
    assert [one["reason"] for one in reply["matches"] + reply["near_misses"]] == [None] * (
        len(reply["matches"]) + len(reply["near_misses"])
    )


def test_suggest_says_when_nothing_fits(client):
    reply = client.predict("Which telescope shows the rings of Saturn best?", "en", False, api_name="/suggest")
    assert reply["no_match"] is True
    assert reply["matches"] == []


def test_curl_may_leave_later_arguments_out(served):
    kind, (found,) = _call(served.url, "search", "helmet size")
    assert kind == "complete"
    assert len(found) == 10
    kind, (found,) = _call(served.url, "search", "helmet size", 3)
    assert len(found) == 3


def test_curl_is_told_which_argument_is_missing(served):
    kind, reply = _call(served.url, "answer", "Qual é o prazo?")
    assert kind == "error"
    assert "context is missing" in reply["error"]


def test_answer_gives_the_place_in_the_context(client):
    context = "A loja aceita devoluções. O prazo para pedir o reembolso é de 30 dias após a entrega."
    reply = client.predict("Qual é o prazo para pedir o reembolso?", context, api_name="/answer")
    assert reply["found"] is True
    assert context[reply["start"] : reply["end"]] == reply["answer"]


def test_feedback_is_stored_for_what_was_shown(client):
    reply = client.predict(ENGLISH, "en", False, api_name="/suggest")
    given = client.predict(reply["interaction_id"], reply["matches"][0]["id"], "up", api_name="/feedback")
    assert given == {"stored": True}


@pytest.mark.parametrize(
    ("name", "arguments", "message"),
    [
        ("suggest", ["   "], "empty"),
        ("suggest", ["x" * 5_000], "4,000"),
        ("suggest", [["a", "list"]], "must be text"),
        ("suggest", ["Where is it?", "klingon"], "klingon"),
        ("suggest", ["Where is it?", "en", "yes"], "true or false"),
        ("search", ["helmet", 0], "1 to"),
        ("search", ["helmet", "ten"], "whole number"),
        ("answer", ["Qual?", ""], "empty"),
        ("feedback", ["no-such-id", "x", "up"], ""),
        ("feedback", ["i", "x", "great"], "up, down"),
        ("feedback", ["i", "x", "up", "n" * 2_000], "1,000"),
    ],
)
def test_wrong_input_gets_a_message_and_no_trace(served, name, arguments, message):
    kind, reply = _call(served.url, name, *arguments)
    assert kind == "error"
    assert reply["error"]
    assert message in reply["error"]
    assert "went wrong" not in reply["error"]
    assert "Traceback" not in served.log.read_text()


def test_only_the_four_endpoints_have_a_name_and_each_parameter_a_meaning(served):
    info = httpx.get(f"{served.url}/gradio_api/info").json()
    assert info["unnamed_endpoints"] == {}
    assert set(info["named_endpoints"]) == {"/suggest", "/answer", "/search", "/feedback"}
    for endpoint in info["named_endpoints"].values():
        assert endpoint["description"]
        for parameter in endpoint["parameters"]:
            assert parameter["python_type"]["type"] in {"str", "int", "bool"}
            assert parameter["python_type"]["description"]


def test_a_demo_suggests_answers_and_searches(demo_client):
    assert demo_client.predict(ENGLISH, "en", False, api_name="/suggest")["matches"]
    assert demo_client.predict("helmet", 2, api_name="/search")


def test_a_demos_visitor_rates_what_was_shown_and_nothing_else(demo):
    _, (shown,) = _call(demo.url, "suggest", ENGLISH, "en", False)
    rated = shown["interaction_id"], shown["matches"][0]["id"], "up"
    assert _call(demo.url, "feedback", *rated) == ("complete", [{"stored": True}])
    kind, reply = _call(demo.url, "feedback", str(uuid.uuid4()), *rated[1:])
    assert kind == "error" and "There is no interaction" in reply["error"]


def test_a_demo_refuses_what_its_page_hides(demo, served):
    request = {"question": "Q?", "answer": ""}
    reply = _component(demo.url, "write", request).json()
    assert reply["ok"] is False
    assert "demo" in reply["error"]
    assert "demo" not in _component(served.url, "write", request).json()["error"]


def test_server_functions_are_only_ours(served):
    for name in ("postprocess", "get_config", "__init__", "unknown"):
        assert _component(served.url, name, {}).status_code == 404


def test_a_conversation_is_its_owners(served):
    dependencies = httpx.get(f"{served.url}/config").json()["dependencies"]
    (reopen,) = (one["id"] for one in dependencies if one["targets"] and one["targets"][0][1] == "load")
    known, thread = _private(served.url, reopen, ["not-an-id"])["output"]["data"]
    assert len(known) == 36
    assert thread["turns"] == []


@pytest.mark.parametrize("name", ["app.py", "assistant/settings.py", "requirements.txt", "Makefile"])
def test_source_files_are_not_served(served, name):
    for path in (
        f"/gradio_api/file={ROOT / name}",
        f"/file={ROOT / name}",
        f"/ui/../{name}",
        f"/ui/%2e%2e/%2e%2e/{name}",
    ):
        assert httpx.get(served.url + path).status_code in {403, 404}


def test_the_data_folder_is_not_served(served):
    secret = served.data_dir / "browser_secret"
    assert secret.stat().st_mode & 0o077 == 0
    assert httpx.get(f"{served.url}/gradio_api/file={secret}").status_code == 404


def test_uploads_are_closed(served):
    assert httpx.post(f"{served.url}/gradio_api/upload", files={"files": b"x"}).status_code == 404


def test_logs_are_json_lines_without_customers_text(served):
    _call(served.url, "suggest", "Where is zanzibarword parcel?", "en", False)
    _call(served.url, "suggest", ["zanzibarword"])
    lines = served.log.read_text().splitlines()
    assert all(json.loads(line)["level"] for line in lines)
    assert "zanzibarword" not in served.log.read_text()
