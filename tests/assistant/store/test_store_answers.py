"""Answers in the real database: counts, replacement, what becomes of phrasings, vectors and frequencies."""

from __future__ import annotations

import datetime as dt
import threading
from dataclasses import replace

import numpy as np
import pytest

from assistant.errors import StoreError
from assistant.records import Answer
from assistant.store.answers import Changes
from assistant.store.connection import Store
from tests.conftest import ToyEmbedder

ANSWER = Answer(
    "a1",
    "Where is my parcel?",
    "On its way, {name}.",
    "en",
    ("delivery", "parcel"),
    "Ann",
    dt.date(2025, 3, 1),
    ("Has my parcel left?", "Parcel not here"),
)
OTHER = Answer("a2", "Cadê meu pacote?", "Está a caminho.", "pt")


def test_what_goes_in_comes_out(store: Store) -> None:
    assert store.answers.upsert([ANSWER, OTHER]) == Changes(2, 0, 0)
    assert store.answers.get(["a1", "a2", "zzz"]) == {"a1": ANSWER, "a2": OTHER}
    assert list(store.answers) == [ANSWER, OTHER]
    stats = store.answers.stats()
    assert (stats.answers, stats.phrasings, stats.vectors) == ({"en": 1, "pt": 1}, 4, {})


@pytest.mark.parametrize(
    "change",
    [
        {"question": "Where is it?"},
        {"answer": "Lost."},
        {"language": "pt"},
        {"tags": ()},
        {"author": "Bob"},
        {"date": None},
        {"phrasings": ("Has my parcel left?",)},
    ],
)
def test_any_change_of_content_is_a_change_and_the_same_again_is_none(store: Store, change: dict) -> None:
    store.answers.upsert([ANSWER, OTHER])
    changed = replace(ANSWER, **change)
    assert store.answers.upsert([changed, OTHER]) == Changes(0, 1, 1)
    assert store.answers.upsert([changed, OTHER]) == Changes(0, 0, 2)
    assert store.answers.get(["a1"]) == {"a1": changed}


def test_nothing_is_visible_when_a_later_row_fails(store: Store) -> None:
    def rows():
        yield ANSWER
        raise ConnectionError("the file went away")

    with pytest.raises(ConnectionError):
        store.answers.upsert(rows())
    assert store.answers.is_empty()


def test_two_writers_queue(store: Store) -> None:
    batches = [[replace(ANSWER, id=f"{n}", author=str(writer)) for n in range(200)] for writer in range(4)]
    changes: list[Changes] = []
    threads = [
        threading.Thread(target=lambda rows=rows: changes.append(store.answers.upsert(rows))) for rows in batches
    ]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert sorted((change.added, change.changed) for change in changes) == [(0, 200)] * 3 + [(200, 0)]
    assert len({answer.author for answer in store.answers}) == 1


def test_personal_data_and_unstorable_characters_go(store: Store) -> None:
    store.answers.add(replace(OTHER, question="Sou ana@x.com \0\ud800", answer="Ligue (11) 98765-4321"))
    (stored,) = store.answers
    assert (stored.question, stored.answer) == ("Sou [email] \ufffd?", "Ligue [phone]")


def test_delete_takes_phrasings_along(store: Store) -> None:
    store.answers.upsert([ANSWER, OTHER])
    assert store.answers.delete(["a1", "zzz"]) == 1
    assert list(store.answers) == [OTHER]
    assert store.answers.stats().phrasings == 1


def test_token_frequencies_stay_exact(store: Store) -> None:
    store.answers.upsert([replace(ANSWER, id=str(n)) for n in range(5)])
    store.answers.upsert([replace(ANSWER, id="1", question="Completely new"), OTHER])
    store.answers.delete(["2", "3"])
    with store.answers._pool.connection() as connection:
        kept = connection.execute("SELECT kind, token, phrasings FROM token_frequency WHERE phrasings > 0").fetchall()
        counted = connection.execute("""
            SELECT 'term', word, ndoc FROM ts_stat('SELECT terms FROM phrasing')
            UNION SELECT 'ngram', word, ndoc FROM ts_stat('SELECT ngrams FROM phrasing')
            UNION SELECT 'all', '', count(*) FROM phrasing""").fetchall()
    assert sorted(kept) == sorted(counted)


def test_vectors_of_two_models_live_side_by_side(store: Store) -> None:
    store.answers.upsert([ANSWER, OTHER])
    vectors = store.answers.vectors
    for embedder in (ToyEmbedder("small", 8), ToyEmbedder("large", 24)):
        texts = [OTHER.question, ANSWER.question, OTHER.question]
        assert vectors.missing(texts, embedder.name) == texts[:2]
        vectors.put(texts[:2], embedder.name, embedder.embed(texts[:2]))
        vectors.put(texts[:2], embedder.name, embedder.embed(texts[:2]))
        assert vectors.missing(texts, embedder.name) == []
        assert vectors.count_unembedded(embedder.name) == 2
        vectors.ensure_index(embedder.name, embedder.dimensions)
        vectors.ensure_index(embedder.name, embedder.dimensions)
        found = store.answers.search(
            OTHER.question, embedder.embed([OTHER.question])[0], embedder.name, ["en", "pt"], 5
        )
        assert found[0].answer == OTHER
        assert found[0].cosine == pytest.approx(1, abs=1e-5)
    assert store.answers.stats().vectors == {"large": 2, "small": 2}
    with pytest.raises(StoreError, match="give the model another name"):
        vectors.check_dimensions("small", 24)


def test_unused_vectors_are_collected_but_not_those_of_a_running_import(store: Store) -> None:
    store.answers.upsert([OTHER])
    vectors = store.answers.vectors
    vectors.put([OTHER.question, "gone"], "toy", np.ones((2, 3), np.float32))
    assert vectors.collect_unused() == 0
    assert vectors.collect_unused(keep_hours=0) == 1
    assert vectors.missing([OTHER.question, "gone"], "toy") == ["gone"]
