"""What a demo keeps of its visitors, and what it forgets."""

from __future__ import annotations

import json
from datetime import timedelta
from pathlib import Path

import psycopg
import pytest

from assistant.errors import ModelError
from assistant.hub import Hub
from assistant.settings import Settings
from assistant.store.connection import Store
from assistant.visitors import Visitors, notice
from tests.hub_server import OWNER, READS, WRITES
from tests.hub_state import HubState, Repository
from tests.interactions import asked

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
    rated, _ = asked(store, "Can the kite go back?", "used"), asked(store, "Do kites fly?")
    aged(store, timedelta(hours=25))
    new = asked(store, "Who makes kites?")
    own = Settings(demo=True, data_dir=tmp_path, database_url="postgresql://somewhere/demo")
    Visitors(own, store, Hub()).tidy()
    assert left(store) == {rated, new}
    Visitors(Settings(demo=True, data_dir=tmp_path, database_url=None), store, Hub()).tidy()
    assert left(store) == {new}


def test_ratings_go_to_a_private_data_set_once_and_before_they_are_forgotten(
    store: Store, tmp_path: Path, hub_server: tuple[str, HubState]
) -> None:
    address, state = hub_server
    settings = Settings(demo=True, data_dir=tmp_path, database_url=None, feedback_repo=DATA)

    def visitors(token: str = WRITES) -> Visitors:
        return Visitors(settings, store, Hub(address, token and Settings(hf_token=token).hf_token))

    visitors().tidy()
    assert not state.repositories, "nobody rated anything"
    asked(store, "Can the kite go back?", "used")
    aged(store, timedelta(hours=25))
    with pytest.raises(ModelError, match="403"):
        visitors(READS).tidy()
    assert len(left(store)) == 1, "nothing is forgotten before it is kept"
    visitors().tidy()
    assert left(store) == set()
    asked(store, "Where do kites go?", "rejected")
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
    asked(store, "Are kites public?", "used")
    with pytest.raises(ModelError, match="is public, so nothing was added"):
        visitors().tidy()


@pytest.mark.parametrize(
    ("given", "said"),
    [
        ({}, "What you ask and rate is not kept"),
        ({"feedback_repo": DATA}, "What you rate is kept, with the question, to train the judge"),
        ({"database_url": "postgresql://somewhere/demo"}, "What you rate is kept"),
    ],
)
def test_the_page_says_what_is_kept(given: dict, said: str) -> None:
    assert said in notice(Settings(demo=True, **{"database_url": None, "feedback_repo": None} | given))
