"""What a demo keeps of its visitors, and what it forgets."""

from __future__ import annotations

import json
from datetime import timedelta
from pathlib import Path

import psycopg
import pytest

from assistant.errors import ModelError
from assistant.people.access import VISITOR
from assistant.people.visitors import Visitors, notice
from assistant.settings import Settings
from assistant.store.connection import Store
from assistant.versions.hub import Hub
from tests.support.hub_server import OWNER, READS, WRITES
from tests.support.hub_state import HubState, Repository
from tests.support.interactions import asked

DATA = f"{OWNER}/feedback"


def aged(store: Store, by: timedelta) -> None:
    with psycopg.connect(store.interactions._pool.conninfo) as connection:
        connection.execute("UPDATE interaction SET asked_at = asked_at - %s", (by,))


def left(store: Store) -> set[str]:
    with psycopg.connect(store.interactions._pool.conninfo) as connection:
        return {row[0] for row in connection.execute("SELECT id::text FROM interaction")}


def test_what_is_old_is_forgotten_and_what_was_rated_stays_in_a_database_of_ones_own(
    store: Store, tmp_path: Path
) -> None:
    rated, _ = asked(store, "Can the kite go back?", "used", who=VISITOR), asked(store, "Do kites fly?", who=VISITOR)
    agents = asked(store, "What does an agent of the same database ask?", who="ana")
    aged(store, timedelta(hours=25))
    new = asked(store, "Who makes kites?", who=VISITOR)
    own = Settings(demo=True, data_dir=tmp_path, database_url="postgresql://somewhere/demo")
    Visitors(own, store, Hub()).tidy()
    assert left(store) == {rated, new, agents}
    Visitors(Settings(demo=True, data_dir=tmp_path, database_url=None), store, Hub()).tidy()
    assert left(store) == {new, agents}


def test_ratings_go_to_a_private_data_set_once_and_before_they_are_forgotten(
    store: Store, tmp_path: Path, hub_server: tuple[str, HubState]
) -> None:
    address, state = hub_server

    def visitors(token: str | None = WRITES) -> Visitors:
        settings = Settings(demo=True, data_dir=tmp_path, database_url=None, feedback_repo=DATA, hf_token=token)
        return Visitors(settings, store, Hub(address, settings.hf_token))

    visitors().tidy()
    assert not state.repositories, "nobody rated anything"
    rated, _ = asked(store, "Can the kite go back?", "used", who=VISITOR), asked(store, "Do kites fly?", who=VISITOR)
    agents = asked(store, "What does an agent of the same database say?", "used", who="ana")
    aged(store, timedelta(hours=25))
    with pytest.raises(ModelError, match="403"):
        visitors(READS).tidy()
    assert left(store) == {rated, agents}, "what was rated is not forgotten before it is kept"
    visitors().tidy()
    assert left(store) == {agents}
    asked(store, "Where do kites go?", "rejected", who=VISITOR)
    following = visitors()
    following.start()
    following.close()
    repository = state.repositories[DATA]
    assert repository.private
    files = repository.commits[repository.branches["main"]]
    rows = [
        json.loads(line)
        for name in sorted(files)
        if name.startswith("feedback/")
        for line in files[name].split(b"\n")
        if line
    ]
    assert [(row["question1"], row["is_duplicate"]) for row in rows] == [
        ("Can the kite go back?", 1),
        ("Where do kites go?", 0),
    ]

    state.repositories[DATA] = Repository(private=False)
    state.repositories[DATA].commit({})
    asked(store, "Are kites public?", "used", who=VISITOR)
    with pytest.raises(ModelError, match="is public, so nothing was added"):
        visitors().tidy()


@pytest.mark.parametrize(
    ("given", "said"),
    [
        ({}, "What you ask and rate is not kept"),
        ({"feedback_repo": DATA, "hf_token": WRITES}, "What you rate is kept, with the question, to train the judge"),
        # A duplicated Space has the variables of the first and none of its secrets.
        ({"feedback_repo": DATA}, "What you ask and rate is not kept"),
        ({"database_url": "postgresql://somewhere/demo"}, "What you rate is kept"),
    ],
)
def test_the_page_says_what_is_kept(given: dict, said: str) -> None:
    unset = {"database_url": None, "feedback_repo": None, "hf_token": None}
    assert said in notice(Settings(demo=True, **unset | given))


def test_without_a_token_nothing_is_sent_and_the_log_says_why(
    store: Store, tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    asked(store, "Can the kite go back?", "used", who=VISITOR)
    aged(store, timedelta(hours=25))
    settings = Settings(demo=True, data_dir=tmp_path, database_url=None, feedback_repo=DATA, hf_token=None)
    Visitors(settings, store, Hub("http://127.0.0.1:9")).tidy()
    assert left(store) == set()
    assert "RESPOSTA_FEEDBACK_REPO needs an HF_TOKEN" in caplog.text
