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

from assistant.bases.adapter import WEIGHTS
from assistant.desk import Desk
from assistant.errors import BusyError, UnreachableError
from assistant.records import Suggestion
from assistant.serving.canaries import load_checked, read_canaries
from assistant.serving.current import Served
from assistant.settings import Settings, load_settings
from assistant.store.connection import Store, open_store
from assistant.version_records import VersionFacts
from assistant.versions.registry import SHIPPED_FOLDER, Registry, open_registry
from assistant.versions.version import CANARIES, FILES, read_version, write_version
from assistant.wiring import open_desk
from tests.conftest import new_database
from tests.support.adapters import make_version
from tests.support.unfit_adapters import with_weights, without_effect
from training.release.canaries import ask_version

JUDGE, READER = SHIPPED_FOLDER / "question-similarity", SHIPPED_FOLDER / "portuguese-qa"
QUESTIONS = ("Where is my parcel?", "Can I cancel the order?", "Onde está a minha encomenda?", "Do you repair tents?")
BRIDGE = "A ponte sobre o rio abriu em 1932 e foi alargada vinte anos depois."
CLIENTS, SWAPS = 20, 10
# Before it the version has left the memory, so that it is loaded anew; its last requests take twenty seconds to end.
LOADED_ANEW = 3
PATIENCE = 120


@pytest.fixture(scope="module")
def settings(server: str, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Settings]:
    with new_database(server, "template") as url:
        yield load_settings(
            database_url=url, data_dir=tmp_path_factory.mktemp("swap"), dtype="float32", reason_tokens=8, candidates=1
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


def test_ten_swaps_under_load(
    desk: Desk, registry: Registry, store: Store, shipped: str, other: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    right: dict[tuple[str | None, str], dict[str, float]] = {}
    for digest in (other, shipped):
        promote(registry, desk, digest)
        right |= {(digest, question): logits(desk.suggest(question)) for question in QUESTIONS}
    for question in QUESTIONS:
        # Else nobody could tell who answered.
        (first, *_), (second, *_) = right[shipped, question].items(), right[other, question].items()
        assert abs(first[1] - second[1]) > 0.2
    # What was replaced is kept no longer than a request needs it, so that it is loaded anew for the next swap.
    monkeypatch.setattr(Served.retire, "__defaults__", (0.0,))
    loaded = desk._served.current.judging.generator._engine.adapters

    def has_left(digest: str) -> bool:
        registry._adapters.tell("question-similarity")
        return digest not in loaded

    over = threading.Event()
    answered: list[tuple[str, Suggestion]] = []

    def reads() -> None:
        while not over.wait(1):
            assert desk.read("Em que ano abriu a ponte?", BRIDGE).answer == "1932"

    def client(number: int) -> None:
        question = QUESTIONS[number % len(QUESTIONS)]
        while not over.is_set():
            suggestion = desk.suggest(question, who=f"client {number}")
            answered.append((question, suggestion))
            if number % 5 == 0:
                assert all(update.text for update in desk.reasons(suggestion, near_misses=False))

    with ThreadPoolExecutor(CLIENTS) as pool:
        clients = [pool.submit(reads), *(pool.submit(client, number) for number in range(1, CLIENTS))]
        try:
            for swap in range(SWAPS):
                before = len(answered)
                left, taken = (shipped, other) if swap % 2 == 0 else (other, shipped)
                promote(registry, desk, taken)
                if swap + 1 == LOADED_ANEW:
                    wait(lambda: has_left(left) or any(c.done() for c in clients))  # noqa: B023
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
    desk: Desk, registry: Registry, settings: Settings, store: Store, shipped: str, weaker: Make
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
    # Nor does a restart let it in.
    with open_desk(settings, store) as restarted:
        assert restarted.status().adapter == shipped and restarted.status().alarms == desk.status().alarms
    assert registry.show(false)[1] == events
    registry.rollback("question-similarity", "ana", "it is not taken")
    wait(lambda: not desk.status().alarms)
    assert serving(desk) == shipped
    registry.promote(false, "production", "ana", "once more")
    wait(lambda: desk.status().alarms)
    # Put right it is taken.
    told["logits"][2] -= 1
    registry.keep(registry.find(false).version, CANARIES, lambda path: path.write_text(json.dumps(told)))
    wait(lambda: serving(desk) == false and not desk.status().alarms)
    registry.rollback("question-similarity", "ana", "back")
    wait(lambda: serving(desk) == shipped)


def test_what_only_a_moment_kept_out_is_tried_again(
    desk: Desk, registry: Registry, shipped: str, other: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    failures = [BusyError("64 requests are waiting already."), UnreachableError("The Hub is away."), MemoryError()]

    def load(*given):
        if failures:
            raise failures.pop(0)
        return load_checked(*given)

    monkeypatch.setattr("assistant.serving.swap.load_checked", load)
    monkeypatch.setattr("assistant.store.stage_notifications.LOOK_SECONDS", 3.0)
    registry.promote(other, "production", "ana", "a test")
    wait(lambda: desk.status().alarms)
    assert "64 requests are waiting already" in desk.status().alarms[0]
    wait(lambda: serving(desk) == other and not desk.status().alarms)
    assert not failures and "refused" not in [event.action for event in registry.show(other)[1]]


def test_what_is_taken_out_of_production_goes_on_and_that_is_said(desk: Desk, registry: Registry, shipped: str) -> None:
    registry.archive(shipped, "ana", "by mistake")
    wait(lambda: desk.status().alarms)
    assert "Nothing is in production for question-similarity" in desk.status().alarms[0] and serving(desk) == shipped
    registry.promote(shipped, "production", "ana", "back")
    wait(lambda: not desk.status().alarms)


@pytest.mark.parametrize(
    ("changes", "why"),
    [
        ({"canaries": False}, "holds no canary outputs: run `python -m training.registry canaries VERSION`"),
        ({"base_sha256": "b" * 64}, "was trained on gemma-3-270m from package:"),
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


def test_a_version_whose_base_needs_a_gpu_is_not_taken(
    desk: Desk, registry: Registry, shipped: str, tmp_path: Path
) -> None:
    version = make_version(tmp_path / "large", base="llama-3-8b")
    registry.add(tmp_path / "large", "ana")
    registry.promote(version.digest, "production", "ana", "looks good")
    wait(lambda: desk.status().alarms)
    assert "in 4 bits needs a CUDA GPU" in desk.status().alarms[0] and serving(desk) == shipped


def test_an_adapter_without_effect_is_not_taken(desk: Desk, registry: Registry, shipped: str, tmp_path: Path) -> None:
    """Registered before that was asked, with canaries that are the bare base's."""
    version = with_weights(JUDGE, tmp_path / "bare", without_effect)
    shutil.copy(JUDGE / CANARIES, tmp_path / "bare")
    registry.add(tmp_path / "bare", "ana")
    registry.promote(version.digest, "production", "ana", "looks good")
    wait(lambda: desk.status().alarms)
    assert f"Version {version.digest[:12]} changes nothing: to every" in desk.status().alarms[0]
    assert serving(desk) == shipped
    assert registry.show(version.digest)[1][-1].action == "refused"


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
    assert desk.read("Em que ano abriu a ponte?", BRIDGE).answer == "1932"
    # With next to nothing of its adapter's weights the base reads badly, and says so from then on.
    spoilt = weaker(0.02, READER)
    expected = read_canaries(registry.files(registry.find(spoilt).version) / CANARIES).answers
    registry.promote(spoilt, "production", "ana", "a test")
    served = desk._served
    wait(lambda: served.current.reading.identity.adapter == spoilt)
    assert desk.read("Em que ano abriu a ponte?", BRIDGE).answer != "1932" or expected[0] == "1932"
    assert serving(desk) == shipped
    registry.rollback("portuguese-qa", "ana", "it reads badly")
    wait(lambda: served.current.reading.identity.adapter == read_version(READER).digest)
    assert desk.read("Em que ano abriu a ponte?", BRIDGE).answer == "1932"


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
