"""The real app with the real `spaces` against a scheduler that gives and refuses GPUs; see `zero_space.py`."""

from __future__ import annotations

import itertools
import json
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, replace
from pathlib import Path

import httpx
import psycopg
import pytest
import torch
from gradio_client import Client
from peft import LoraConfig, get_peft_model
from transformers import AutoModelForCausalLM

from assistant import prompts
from assistant.bases.catalogue import CATALOGUE
from assistant.bases.weights import Weights, locate
from assistant.generator import Generator
from assistant.generator.service import QueuedGenerator
from assistant.generator.zerogpu import seconds
from assistant.judge.judge import label_scores
from assistant.judge.reasons import Explainer
from assistant.reader.span_reader import SpanReader
from assistant.records import Answer, Candidate, Differences, Part, Signals, Verdict
from assistant.settings import load_settings
from assistant.tasks import TASKS, task_of
from assistant.ui.conversation import new_conversation
from assistant.versions.fingerprints import write_fingerprints
from assistant.versions.registry import SHIPPED_FOLDER
from assistant.versions.version import read_version, write_version
from tests.conftest import new_database
from tests.support.adapters import FACTS
from tests.support.app_process import Served, serve
from tests.support.zero_scheduler import Scheduler, scheduling, visitor
from tests.support.zero_space import LARGE

QUESTION = "The cycling helmet is too small, can I swap it for a bigger size of the same one?"
ASKED, TEXT = "Em que ano abriu a ponte?", "A ponte sobre o rio abriu em 1932 e foi alargada vinte anos depois."
REASON_TOKENS = 30
QUOTA = f"The GPU's quota is used up for now: a small model answers in place of {LARGE}."
NO_GPU = f"No GPU is at hand right now: a small model answers in place of {LARGE}."
FAILED = f"The GPU failed on this question: a small model answers in place of {LARGE}."


@dataclass(frozen=True)
class Space:
    """The running app, the one who gives it GPUs, its database, and the large model's two adapters."""

    app: Served
    scheduler: Scheduler
    database: str
    judge: Path
    reader: Path

    @property
    def client(self) -> Client:
        return Client(self.app.url, verbose=False, headers=visitor())

    def suggest(self, reasons: bool = False) -> dict:
        return self.client.predict(QUESTION, "en", reasons, api_name="/suggest")

    def adapter_of(self, interaction: str) -> str:
        with psycopg.connect(self.database) as connection:
            (row,) = connection.execute("SELECT adapter FROM interaction WHERE id = %s", [interaction]).fetchall()
        return row[0]

    @contextmanager
    def called(
        self, event: str, conversation: str | None, about: dict
    ) -> Iterator[tuple[httpx.Client, dict[str, str]]]:
        """An event of the desk (in a conversation) or of the reader, as the page calls it, and what names the call."""
        with httpx.Client(base_url=self.app.url, timeout=120, headers=visitor()) as http:
            for one in http.get("/config").json()["dependencies"]:
                if [target[1] for target in one["targets"]] == [event]:
                    about = {"fn_index": one["id"], "event_data": about}
            session = {"session_hash": new_conversation()}
            joined = http.post(
                "/gradio_api/queue/join", json=about | session | {"data": [conversation] if conversation else []}
            )
            yield http, session | {"fn_index": about["fn_index"], "event_id": joined.json()["event_id"]}

    def page(self, event: str, conversation: str | None, about: dict) -> dict:
        """The last message that the page gets for an event."""
        with self.called(event, conversation, about) as (http, called):
            lines = http.get(
                "/gradio_api/queue/data", params={"session_hash": called["session_hash"]}
            ).text.splitlines()
        messages = [json.loads(line.removeprefix("data: ")) for line in lines if line.startswith("data: ")]
        (value,) = next(m for m in messages if m["msg"] == "process_completed")["output"]["data"]
        return value


@pytest.fixture(scope="module")
def weights() -> Weights:
    return locate(CATALOGUE[LARGE], load_settings().cache_dir)


@pytest.fixture(scope="module")
def adapters(weights: Weights, tmp_path_factory) -> list[Path]:
    """For each task an adapter with small random weights, as a version that was trained on the large base."""
    folders = [tmp_path_factory.mktemp(task) for task in TASKS]
    base = AutoModelForCausalLM.from_pretrained(weights.path)
    for task, folder in zip(TASKS, folders, strict=True):
        torch.manual_seed(len(task))
        model = get_peft_model(base, LoraConfig(r=4, target_modules=["q_proj", "v_proj"], init_lora_weights=False))
        for name, value in model.named_parameters():
            value.data *= 0.3 if "lora_B" in name else 1
        model.save_pretrained(folder)
        base = model.unload()
        write_fingerprints(folder, ["1" * 16], ["2" * 16])
        facts = {"task": task, "base": LARGE, "base_source": weights.source, "base_sha256": weights.sha256}
        write_version(folder, replace(FACTS, **facts))
    return folders


@pytest.fixture(scope="module")
def space(server: str, adapters: list[Path], tmp_path_factory) -> Iterator[Space]:
    folder = tmp_path_factory.mktemp("space")
    with new_database(server, "template") as url, scheduling() as scheduler:
        environment = {
            "SPACES_ZERO_GPU": "true",
            "SPACES_ZERO_DEVICE_API_URL": scheduler.url,
            "ZEROGPU_OFFLOAD_DIR": str(folder / "tensors"),
            "DEMO": "1",
            "DATABASE_URL": url,
            "RESPOSTA_ADAPTER": str(adapters[0]),
            "RESPOSTA_READING_ADAPTER": str(adapters[1]),
            "RESPOSTA_DTYPE": "float32",
            "RESPOSTA_CANDIDATES": "2",
            "RESPOSTA_REASON_TOKENS": str(REASON_TOKENS),
        }
        with serve(folder, ("-m", "tests.support.zero_space"), **environment) as app:
            yield Space(app, scheduler, url, *adapters)


@pytest.fixture(autouse=True)
def giving(space: Space) -> None:
    space.scheduler.mood = "gives"
    space.scheduler.asked.clear()


@pytest.fixture(scope="module")
def here(weights: Weights, adapters: list[Path]) -> Iterator[Generator]:
    """The large model as it computes in one process."""
    generator = QueuedGenerator(weights, 2, 8, "float32")
    for folder in adapters:
        generator.load_adapter(folder)
    yield generator
    generator.close()


def test_a_call_is_longer_the_more_there_is_to_read_and_write() -> None:
    assert seconds(200, 0) < seconds(20_000, 0) < seconds(20_000, 60)
    assert seconds(2000, 0) - seconds(0, 0) == 1 and seconds(0, 60) - seconds(0, 0) == 6


def test_the_weights_are_handed_over_before_anybody_asks(space: Space) -> None:
    assert space.scheduler.calls[0] == ("/startup-report", {})
    (pack,) = (space.app.log.parent / "tensors").iterdir()
    assert pack.stat().st_size > 4 * 134_000_000


def test_labels_and_reasons_are_those_of_the_model_in_one_process(space: Space, here: Generator) -> None:
    reply = space.suggest(reasons=True)
    groups = [group for group in (reply["matches"], reply["near_misses"]) if group]
    shown = [entry for group in groups for entry in group]
    digest, chat = read_version(space.judge).digest, CATALOGUE[LARGE].chat
    assert len(shown) == 2 and {entry["adapter"] for entry in shown} == {digest}
    pasts = [entry["phrasing"] for entry in shown]
    expected = label_scores(here, chat, QUESTION, pasts, "en", digest)
    assert [entry["signals"]["label_logit"] for entry in shown] == pytest.approx([s.logit for s in expected], abs=2e-3)
    explainer = Explainer(here, chat, digest, REASON_TOKENS)
    for entry, (reason, hidden) in zip(shown, itertools.chain(*(written(explainer, g) for g in groups)), strict=True):
        assert (entry["reason"], entry["reason_hidden"]) == (None if hidden else reason, hidden)
    # In the visitor's name, for as long as the tokens take.
    judged, *explained = space.scheduler.asked
    pairs = [prompts.label_first(QUESTION, past, "en", chat) for past in pasts]
    tokens = sum(map(here.token_count, [pairs[0].head, pairs[0].asked, *(pair.past for pair in pairs)]))
    assert judged["durationSeconds"] == str(seconds(tokens, 0))
    assert [one["token"] for one in space.scheduler.asked] == [visitor()["x-ip-token"]] * (1 + len(groups))
    assert all(int(one["durationSeconds"]) > int(judged["durationSeconds"]) for one in explained)
    # The worker that judged, which holds no connection of the page's, wrote the reasons.
    (ports,) = space.scheduler.ports
    assert int(space.app.url.rpartition(":")[2]) not in ports


def written(explainer: Explainer, entries: list[dict]) -> list[tuple[str, str | None]]:
    """The reason of each entry, and why it is hidden."""
    part = Part(QUESTION, "en", (), ())
    verdicts = [
        Verdict(
            Candidate(Answer(e["id"], e["question"], e["answer"], "en"), e["phrasing"], 0.0, 0.0),
            e["probability"],
            e["label"],
            Signals(0.0, None, None),
            Differences((), ()),
        )
        for e in entries
    ]
    return [(r.text, r.hidden) for *_, r in explainer.explain(part, verdicts) if r is not None]


def test_a_text_is_read_as_in_one_process(space: Space, here: Generator) -> None:
    expected = SpanReader(here, CATALOGUE[LARGE].chat, read_version(space.reader).digest).read(ASKED, TEXT)
    reply = space.client.predict(ASKED, TEXT, api_name="/answer")
    assert (reply["start"], reply["end"]) == expected
    assert len(space.scheduler.asked) == 1


@pytest.mark.parametrize(("mood", "told"), [("quota", QUOTA), ("nothing left", NO_GPU), ("kills", FAILED)])
def test_without_a_gpu_the_small_model_answers_and_the_page_says_so(space: Space, mood: str, told: str) -> None:
    large, small = read_version(space.judge).digest, read_version(SHIPPED_FOLDER / task_of("judge").name).digest
    space.scheduler.end_worker()
    space.scheduler.mood = mood
    conversation = new_conversation()
    message = space.page("ask", conversation, {"text": QUESTION, "language": "en", "key": "k"})
    assert message["turn"]["adapter"] == small == space.adapter_of(message["turn"]["id"])
    assert told in message["status"]["notices"]
    assert len(space.scheduler.asked) == 1
    space.scheduler.mood = "gives"
    message = space.page("ask", conversation, {"text": QUESTION, "language": "en", "key": "k"})
    assert message["turn"]["adapter"] == large == space.adapter_of(message["turn"]["id"])
    assert len(message["status"]["notices"]) == 1 and told not in message["status"]["notices"]


def test_a_visitor_may_have_to_wait_for_a_gpu(space: Space) -> None:
    space.scheduler.mood = "lets wait"
    message = space.page("ask", new_conversation(), {"text": QUESTION, "language": "en", "key": "k"})
    assert message["turn"]["adapter"] == read_version(space.judge).digest


def test_stopped_reasons_let_go_of_the_gpu(space: Space) -> None:
    conversation = new_conversation()
    turn = space.page("ask", conversation, {"text": QUESTION, "language": "en", "key": "k"})["turn"]
    space.scheduler.calls.clear()
    with (
        space.called("explain", conversation, {"id": turn["id"], "key": "k"}) as (http, called),
        http.stream("GET", "/gradio_api/queue/data", params={"session_hash": called["session_hash"]}) as messages,
    ):
        next(line for line in messages.iter_lines() if "process_generating" in line)
        http.post("/gradio_api/cancel", json=called).raise_for_status()
    wait(lambda: [query["fail"] for path, query in space.scheduler.calls if path == "/release"] == ["false"])
    # One for the judge, one for the reason of the match; the near misses' reasons were not begun.
    assert len(space.scheduler.asked) == 2
    worker = space.scheduler.worker
    assert space.suggest()["interaction_id"] and space.scheduler.worker == worker


def wait(until: Callable[[], object]) -> None:
    deadline = time.monotonic() + 20
    while not until():
        assert time.monotonic() < deadline, "nothing changed"
        time.sleep(0.02)


def test_reasons_and_readings_go_on_without_a_gpu(space: Space) -> None:
    conversation = new_conversation()
    turn = space.page("ask", conversation, {"text": QUESTION, "language": "en", "key": "k"})["turn"]
    space.scheduler.mood = "quota"
    explained = space.page("explain", conversation, {"id": turn["id"], "key": "k"})
    assert explained["notice"] == QUOTA and len(explained["reasons"]) == 2
    assert all(reason["done"] for reason in explained["reasons"].values())
    # Of what the small model judged it writes the reasons too: nobody asks for a GPU.
    turn = space.page("ask", conversation, {"text": QUESTION, "language": "en", "key": "k"})["turn"]
    space.scheduler.mood = "gives"
    asked = len(space.scheduler.asked)
    explained = space.page("explain", conversation, {"id": turn["id"], "key": "k"})
    assert len(explained["reasons"]) == 2 and explained["notice"] is None and len(space.scheduler.asked) == asked
    space.scheduler.mood = "quota"
    reading = space.page("read", None, {"question": ASKED, "context": TEXT, "key": 1})
    assert (reading["answer"], reading["notice"]) == ("1932", QUOTA)
