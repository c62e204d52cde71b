"""Which version a task uses is exact, remembered with its reason, and survives races."""

from __future__ import annotations

import datetime as dt
import json
import threading
from pathlib import Path

import psycopg
import pytest

from assistant.errors import InputError, ModelError
from assistant.prompts import VERSIONS
from assistant.settings import Settings
from assistant.store.stage_moves import CHANNEL
from assistant.version_records import AdapterVersion
from assistant.versions.registry import Registry
from assistant.versions.version import VERSION
from tests.support.adapters import TASK, make_version, stages, told


def test_promotion_archives_the_one_before_and_tells_both_why(registry: Registry, made) -> None:
    first, second = made(0), made(1)
    assert registry.production(TASK) is None
    registry.promote(first.digest, "staging", "ana", "looks good")
    registry.promote(f"{TASK}@staging", "production", "ana", "gate passed", {"accuracy": 0.84})
    registry.promote(second.digest[:6], "production", "bob", "better", {"accuracy": 0.85})
    assert stages(registry) == {first.digest: "archived", second.digest: "production"}
    assert registry.production(TASK) == second
    events = registry.show(first.digest)[1]
    assert told(events)[1:] == [
        ("promoted", "candidate", "staging", "ana", "looks good"),
        ("promoted", "staging", "production", "ana", "gate passed"),
        ("displaced", "production", "archived", "bob", f"{second.digest[:12]} took its place: better"),
    ]
    assert [event.report for event in events] == [None, None, {"accuracy": 0.84}, None]
    assert all(abs(event.at - dt.datetime.now(dt.UTC)) < dt.timedelta(minutes=1) for event in events)


def test_tasks_do_not_disturb_each_other(registry: Registry, made) -> None:
    judge, reader = made(0), made(1, task="portuguese-qa")
    registry.promote(judge.digest, "production", "ana", "good")
    registry.promote(reader.digest, "production", "ana", "good")
    assert stages(registry) == {judge.digest: "production", reader.digest: "production"}
    assert registry.find("portuguese-qa@production").version == reader


def test_rollback_walks_back_and_never_returns_to_what_was_rolled_back(registry: Registry, made) -> None:
    first, second, third = made(0), made(1), made(2)
    with pytest.raises(InputError, match="has had no production version before"):
        registry.rollback(TASK, "ana", "bad")
    for version in (first, second, third):
        registry.promote(version.digest, "production", "ana", "next")
    assert registry.rollback(TASK, "bob", "worse").version == second
    assert told(registry.show(second.digest)[1])[-1] == ("rolled back", "archived", "production", "bob", "worse")
    # Taken out of use, not only out of the way: no selection brings it back.
    assert told(registry.show(third.digest)[1])[-1][:3] == ("archived", "production", "archived")
    assert registry.rollback(TASK, "bob", "still worse").version == first
    with pytest.raises(InputError, match="has had no production version before"):
        registry.rollback(TASK, "bob", "more")
    registry.promote(third.digest, "production", "ana", "was right after all")
    assert registry.rollback(TASK, "bob", "no").version == first


def test_an_archived_production_version_can_be_brought_back(registry: Registry, made) -> None:
    version = made(0)
    registry.promote(version.digest, "production", "ana", "good")
    registry.archive(version.digest, "ana", "bad")
    assert registry.production(TASK) is None
    assert registry.rollback(TASK, "ana", "not so bad").version == version


def test_the_line_that_led_to_production_has_nothing_that_was_taken_out_of_use(registry: Registry, made) -> None:
    first, second, third, fourth = made(0), made(1), made(2), made(3)
    assert registry.production_line(TASK) == []
    for version in (first, second, third):
        registry.promote(version.digest, "production", "ana", "next")
    assert registry.production_line(TASK) == [third, second, first]
    registry.archive(third.digest, "ana", "bad")
    assert registry.production_line(TASK) == []
    registry.promote(fourth.digest, "production", "ana", "next")
    assert registry.production_line(TASK) == [fourth, second, first]
    registry.rollback(TASK, "ana", "worse")
    assert fourth not in registry.production_line(TASK)


def test_moves_that_mean_nothing_are_refused(registry: Registry, made) -> None:
    version = made(0)
    registry.promote(version.digest, "staging", "ana", "good")
    with pytest.raises(InputError, match="is staging already"):
        registry.promote(version.digest, "staging", "ana", "good")
    with pytest.raises(InputError, match="needs a person and a reason"):
        registry.promote(version.digest, "production", "ana", " ")
    with pytest.raises(InputError, match="'poetry' is not a task"):
        registry.rollback("poetry", "ana", "bad")
    assert len(registry.show(version.digest)[1]) == 2


def test_what_this_code_cannot_load_is_not_promoted(registry: Registry, made, tmp_path: Path) -> None:
    old = made(0, prompt_version="label-first-0")
    with pytest.raises(ModelError, match="trained on the prompts 'label-first-0'"):
        registry.promote(old.digest, "production", "ana", "good")
    make_version(tmp_path / "unknown", 1)
    facts = json.loads((tmp_path / "unknown" / VERSION).read_text()) | {"base": "llama-9"}
    (tmp_path / "unknown" / VERSION).write_text(json.dumps(facts))
    unknown = registry.add(tmp_path / "unknown", "ana").version
    with pytest.raises(ModelError, match="needs the base 'llama-9', which this Resposta does not know"):
        registry.promote(unknown.digest, "staging", "ana", "good")
    assert set(stages(registry).values()) == {"candidate"}


def test_what_this_code_cannot_load_is_not_brought_back(registry: Registry, made, monkeypatch) -> None:
    old, new = made(0, prompt_version="label-first-0"), made(1)
    with monkeypatch.context() as before_the_update:
        before_the_update.setitem(VERSIONS, "label-first", "label-first-0")
        registry.promote(old.digest, "production", "ana", "good")
    registry.promote(new.digest, "production", "ana", "new prompts")
    with pytest.raises(ModelError, match="trained on the prompts 'label-first-0'"):
        registry.rollback(TASK, "bob", "worse")
    assert stages(registry) == {old.digest: "archived", new.digest: "production"}


def test_a_reworded_judge_leaves_the_readers_usable(registry: Registry, made, monkeypatch) -> None:
    judge, reader = made(0), made(1, task="portuguese-qa")
    monkeypatch.setitem(VERSIONS, "label-first", "label-first-99")
    registry.promote(reader.digest, "production", "ana", "its prompts are as they were")
    with pytest.raises(ModelError, match="trained on the prompts 'label-first-3' and this Resposta writes 'label-fi"):
        registry.promote(judge.digest, "production", "ana", "good")


def test_references_name_exactly_one_version(registry: Registry, settings: Settings, made) -> None:
    version = made(0)
    assert registry.find(version.digest[:4]).version == version
    for unknown in ("0" * 64, f"{TASK}@production", f"{TASK}@archived"):
        with pytest.raises(InputError, match="There is no version"):
            registry.find(unknown)
    for nonsense in ("abc", "../..", "%%%%", "ABCDEF", ""):
        with pytest.raises(InputError, match="names no version"):
            registry.find(nonsense)
    with psycopg.connect(settings.database_url) as connection:
        connection.execute("CREATE TEMP TABLE copy AS SELECT * FROM adapter_version")
        for digit in "01":
            connection.execute("UPDATE copy SET digest = %s", ("abcd" * 15 + f"000{digit}",))
            connection.execute("INSERT INTO adapter_version SELECT * FROM copy")
    with pytest.raises(InputError, match="'abcd' is the beginning of abcdabcdabcd, abcdabcdabcd: write more digits"):
        registry.find("abcd")


def test_many_promote_at_once_and_one_stays(registry: Registry, made) -> None:
    versions = [made(seed) for seed in range(6)]
    start, failures = threading.Barrier(len(versions)), []

    def promote(version: AdapterVersion) -> None:
        try:
            start.wait()
            registry.promote(version.digest, "production", "ana", "race")
        except BaseException as error:
            failures.append(error)

    threads = [threading.Thread(target=promote, args=(version,)) for version in versions]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert failures == []
    assert sorted(stages(registry).values()) == ["archived"] * 5 + ["production"]
    moves = [event.action for version in versions for event in registry.show(version.digest)[1]]
    assert (moves.count("promoted"), moves.count("displaced")) == (6, 5)


def test_the_database_itself_allows_one_production_version(registry: Registry, settings: Settings, made) -> None:
    first, second = made(0), made(1)
    registry.promote(first.digest, "production", "ana", "good")
    with (
        psycopg.connect(settings.database_url) as connection,
        pytest.raises(psycopg.errors.UniqueViolation, match="adapter_version_production"),
    ):
        connection.execute("UPDATE adapter_version SET stage = 'production' WHERE digest = %s", (second.digest,))


def test_listeners_hear_of_moves_that_happened_and_of_no_others(registry: Registry, settings: Settings, made) -> None:
    first, reader = made(0), made(1, task="portuguese-qa")
    with psycopg.connect(settings.database_url, autocommit=True) as connection:
        connection.execute(f"LISTEN {CHANNEL}")
        registry.promote(first.digest, "production", "ana", "good")
        with pytest.raises(InputError):
            registry.promote(first.digest, "production", "ana", "again")
        registry.promote(reader.digest, "staging", "ana", "good")
        heard = [notice.payload for notice in connection.notifies(timeout=10, stop_after=2)]
        assert heard == [TASK, "portuguese-qa"]
        assert list(connection.notifies(timeout=0.2)) == []
