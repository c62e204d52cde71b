"""The running desk takes what is promoted, and nothing that does not answer as it should."""

from __future__ import annotations

import json
import shutil
import threading
import time
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import fields
from pathlib import Path

import psycopg
import pytest
from safetensors.numpy import load_file, save_file

from assistant.canaries import ask_version, read_canaries
from assistant.desk import Desk
from assistant.opening import open_desk
from assistant.records import Suggestion
from assistant.registry import SHIPPED_FOLDER, Registry, open_registry
from assistant.serving import Served, Serving
from assistant.settings import Settings, load_settings
from assistant.store.connection import Store, open_store
from assistant.versions import CANARIES, FILES, WEIGHTS, VersionFacts, read_version, write_version
from tests.conftest import new_database

JUDGE, READER = SHIPPED_FOLDER / "question-similarity", SHIPPED_FOLDER / "portuguese-qa"
QUESTIONS = ("Where is my parcel?", "Can I cancel the order?", "Onde está a minha encomenda?", "Do you repair tents?")
CLIENTS, SWAPS = 20, 10
PATIENCE = 120


@pytest.fixture(scope="module")
def settings(server: str, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Settings]:
    with new_database(server, "template") as url:
        yield load_settings(
            database_url=url, data_dir=tmp_path_factory.mktemp("swap"), dtype="float32", reason_tokens=8, candidates=3
        )


@pytest.fixture(scope="module")
def store(settings: Settings) -> Iterator[Store]:
    with open_store(settings) as opened:
        yield opened


@pytest.fixture(scope="module")
def registry(settings: Settings, store: Store) -> Registry:
    return open_registry(settings, store)


@pytest.fixture(scope="module")
def desk(settings: Settings, store: Store) -> Iterator[Desk]:
    with open_desk(settings, store, sample=True) as opened:
        yield opened


Make = Callable[..., str]


@pytest.fixture(scope="module")
def weaker(registry: Registry, settings: Settings, tmp_path_factory: pytest.TempPathFactory) -> Make:
    """Register an adapter that is a shipped one with its weights multiplied; its digest."""

    def make(factor: float, shipped: Path = JUDGE, canaries: bool = True, **changes) -> str:
        folder = tmp_path_factory.mktemp("versions") / "version"
        folder.mkdir()
        for name in FILES:
            shutil.copy(shipped / name, folder)
        weights = {
            name: value * factor if "lora_B" in name else value for name, value in load_file(shipped / WEIGHTS).items()
        }
        save_file(weights, folder / WEIGHTS)
        known = read_version(shipped)
        facts = {field.name: getattr(known, field.name) for field in fields(VersionFacts)} | changes
        version = write_version(folder, VersionFacts(**facts))
        if canaries:
            ask_version(version, folder, settings).save(folder / CANARIES)
        return registry.add(folder, "ana").version.digest

    return make


@pytest.fixture(scope="module")
def other(weaker: Make) -> str:
    return weaker(0.8)


def serving(desk: Desk) -> str | None:
    return desk.status().adapter


def wait(until: Callable[[], object]) -> None:
    deadline = time.monotonic() + PATIENCE
    while not until():
        assert time.monotonic() < deadline, "nothing changed"
        time.sleep(0.02)


def promote(registry: Registry, desk: Desk, digest: str) -> None:
    registry.promote(digest, "production", "ana", "a test")
    wait(lambda: serving(desk) == digest)


@pytest.fixture
def shipped(registry: Registry, desk: Desk) -> str:
    """The shipped judge, in service."""
    digest = read_version(JUDGE).digest
    if registry.production("question-similarity").digest != digest:
        promote(registry, desk, digest)
    wait(lambda: serving(desk) == digest and not desk.status().alarms)
    return digest


def logits(suggestion: Suggestion) -> dict[str, float]:
    """What the model said of each shown answer."""
    (part,) = suggestion.parts
    return {v.candidate.answer.id: v.signals.label_logit for v in (*part.matches, *part.near_misses)}


def test_ten_swaps_under_load(desk: Desk, registry: Registry, store: Store, shipped: str, other: str) -> None:
    right: dict[tuple[str | None, str], dict[str, float]] = {}
    for digest in (other, shipped):
        promote(registry, desk, digest)
        right |= {(digest, question): logits(desk.suggest(question)) for question in QUESTIONS}
    for question in QUESTIONS:
        # Else nobody could tell who answered.
        (first, *_), (second, *_) = right[shipped, question].items(), right[other, question].items()
        assert abs(first[1] - second[1]) > 0.2
    over = threading.Event()
    answered: list[tuple[str, Suggestion]] = []

    def client(number: int) -> None:
        question = QUESTIONS[number % len(QUESTIONS)]
        while not over.is_set():
            suggestion = desk.suggest(question, who=f"client {number}")
            answered.append((question, suggestion))
            if number % 5 == 0:
                assert all(update.text for update in desk.reasons(suggestion, near_misses=False))

    with ThreadPoolExecutor(CLIENTS) as pool:
        clients = [pool.submit(client, number) for number in range(CLIENTS)]
        try:
            for swap in range(SWAPS):
                before = len(answered)
                promote(registry, desk, other if swap % 2 == 0 else shipped)
                wait(lambda: len(answered) > before + CLIENTS // 2 or any(c.done() for c in clients))  # noqa: B023
        finally:
            over.set()
        for one in clients:
            one.result()
    assert {suggestion.adapter for _, suggestion in answered} == {shipped, other}
    for question, suggestion in answered:
        assert logits(suggestion) == pytest.approx(right[suggestion.adapter, question], abs=0.05)
    with psycopg.connect(store.interactions._pool.conninfo) as connection:
        kept = dict(
            connection.execute("SELECT id::text, adapter FROM interaction WHERE who LIKE 'client %'").fetchall()
        )
    assert kept == {suggestion.interaction_id: suggestion.adapter for _, suggestion in answered}


def test_a_version_that_answers_otherwise_stays_out_and_a_rollback_ends_the_alarm(
    desk: Desk, registry: Registry, shipped: str, weaker: Make
) -> None:
    false = weaker(0.5)
    path = registry.files(registry.find(false).version) / CANARIES
    told = json.loads(path.read_text())
    told["logits"][2] += 1
    path.write_text(json.dumps(told))
    registry.promote(false, "production", "ana", "looks good")
    wait(lambda: desk.status().alarms)
    (alarm,) = desk.status().alarms
    assert f"Version {false[:12]}" in alarm and f"{shipped[:12]} goes on. Canary 'Is the museum" in alarm
    assert serving(desk) == shipped and desk.suggest(QUESTIONS[0]).adapter == shipped
    events = registry.show(false)[1]
    assert events[-1].action == "refused" and events[-1].who == "resposta" and "Is the museum" in events[-1].why
    registry.rollback("question-similarity", "ana", "it is not taken")
    wait(lambda: not desk.status().alarms)
    assert serving(desk) == shipped
    # Put right and promoted again it is taken.
    told["logits"][2] -= 1
    path.write_text(json.dumps(told))
    promote(registry, desk, false)
    registry.rollback("question-similarity", "ana", "back")
    wait(lambda: serving(desk) == shipped)


@pytest.mark.parametrize(
    ("changes", "why"),
    [
        ({"canaries": False}, "holds no canary outputs: run `python -m training.registry canaries VERSION`"),
        ({"base_sha256": "b" * 64}, "was trained on gemma-3-270m from package:"),
        ({"base": "llama-3-8b"}, "in 4 bits needs a CUDA GPU"),
    ],
)
def test_what_cannot_be_trusted_is_not_taken(
    desk: Desk, registry: Registry, shipped: str, weaker: Make, changes: dict, why: str
) -> None:
    unfit = weaker(0.6 + len(why) / 1000, **({"canaries": False} | changes))
    registry.promote(unfit, "production", "ana", "looks good")
    wait(lambda: desk.status().alarms)
    assert why in desk.status().alarms[0] and serving(desk) == shipped
    assert desk.suggest(QUESTIONS[0]).adapter == shipped


def test_damaged_files_are_not_taken(desk: Desk, registry: Registry, shipped: str, weaker: Make) -> None:
    damaged = weaker(0.7, canaries=False)
    folder = registry.files(registry.find(damaged).version)
    (folder / WEIGHTS).write_bytes((folder / WEIGHTS).read_bytes()[:-1])
    registry.promote(damaged, "production", "ana", "looks good")
    wait(lambda: desk.status().alarms)
    assert "are missing or damaged here" in desk.status().alarms[0] and serving(desk) == shipped


def test_a_lost_connection_loses_no_move(
    desk: Desk, registry: Registry, store: Store, shipped: str, other: str
) -> None:
    with psycopg.connect(store.interactions._pool.conninfo, autocommit=True) as connection:
        gone = "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE application_name = 'resposta: moves'"
        assert connection.execute(gone).rowcount >= 1
    promote(registry, desk, other)


def test_the_reader_is_swapped_too(desk: Desk, registry: Registry, shipped: str, weaker: Make) -> None:
    text = "A ponte sobre o rio abriu em 1932 e foi alargada vinte anos depois."
    assert desk.read("Em que ano abriu a ponte?", text).answer == "1932"
    # Without its adapter's weights the base reads badly, and says so from then on.
    spoilt = weaker(0.0, READER)
    expected = read_canaries(registry.files(registry.find(spoilt).version) / CANARIES).answers
    registry.promote(spoilt, "production", "ana", "a test")
    served = desk._served
    wait(lambda: served.current.reading.identity.adapter == spoilt)
    assert desk.read("Em que ano abriu a ponte?", text).answer != "1932" or expected[0] == "1932"
    assert serving(desk) == shipped
    registry.rollback("portuguese-qa", "ana", "it reads badly")
    wait(lambda: served.current.reading.identity.adapter == read_version(READER).digest)
    assert desk.read("Em que ano abriu a ponte?", text).answer == "1932"


def test_what_was_replaced_leaves_the_memory_and_may_come_back(
    desk: Desk, registry: Registry, shipped: str, other: str
) -> None:
    served: Served = desk._served
    engine = served.current.judging.generator._engine
    promote(registry, desk, other)
    earlier = desk.suggest(QUESTIONS[0])
    promote(registry, desk, shipped)
    with served.lease(other) as held:
        assert held.judge.adapter == other
        served.retire(0)
        # A request holds it.
        assert other in engine.adapters
    assert earlier.adapter == other
    served.retire(0)
    assert other not in engine.adapters and shipped in engine.adapters
    assert read_version(READER).digest in engine.adapters
    promote(registry, desk, other)
    assert logits(desk.suggest(QUESTIONS[0])) == pytest.approx(logits(earlier), abs=0.05)


def test_a_lease_outlives_a_replacement() -> None:
    unloaded = []

    class Scripted:
        def __init__(self, adapter: str) -> None:
            self.adapter = self.identity = adapter

    def one(adapter: str) -> Serving:
        model = Scripted(adapter)
        return Serving(model, None, model, None, None)

    first, second = one("a"), one("b")
    served = Served(first, lambda model, staying: unloaded.append((model.adapter, [m.adapter for m in staying])))
    with served.lease() as held:
        served.replace(second)
        assert held is first and served.current is second
        served.retire(0)
        assert unloaded == []
        with served.lease("a") as reasons:
            assert reasons is first
    served.retire()
    assert unloaded == []
    served.retire(0)
    assert unloaded == [("a", ["b"])]
    with served.lease("a") as now:
        assert now is second
