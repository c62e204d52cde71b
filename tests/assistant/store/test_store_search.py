"""Hybrid search on the real database."""

from __future__ import annotations

import numpy as np
import pytest

from assistant.records import Answer
from assistant.store.connection import Store
from assistant.store.search import _statement
from tests.conftest import ToyEmbedder

LIBRARY = [
    Answer("1", "Não RECEBI o código de acesso", "Peça outro em Minha conta.", "pt", phrasings=("Cadê meu código?",)),
    Answer("2", "How do I return shoes?", "Print the label and post them within thirty days.", "en"),
    Answer("3", "How do I pay by boleto?", "Choose boleto at the checkout.", "en"),
    Answer("4", "Como devolvo um tênis?", "Imprima a etiqueta.", "pt"),
    Answer("5", "Qual o prazo de entrega?", "Cinco dias.", "pt"),
]


@pytest.fixture
def filled(store: Store, toy_embedder: ToyEmbedder) -> Store:
    fill(store, toy_embedder, LIBRARY)
    return store


def fill(store: Store, embedder: ToyEmbedder, answers: list[Answer]) -> None:
    texts = [text for answer in answers for text in (answer.question, *answer.phrasings)]
    store.answers.vectors.put(texts, embedder.name, embedder.embed(texts))
    store.answers.upsert(answers)
    store.answers.vectors.ensure_index(embedder.name, embedder.dimensions)


def ids(store: Store, embedder: ToyEmbedder, query: str, languages=("en", "pt"), limit: int = 10) -> list[str]:
    vector = embedder.embed([query])[0]
    return [found.answer.id for found in store.answers.search(query, vector, embedder.name, languages, limit)]


def test_candidates_carry_the_answer_its_nearest_phrasing_and_the_exact_cosine(filled, toy_embedder) -> None:
    query = "Cadê meu código hoje?"
    vector = toy_embedder.embed([query])[0]
    found = filled.answers.search(query, vector, "toy", ["pt"], 5)
    assert found[0].answer == LIBRARY[0]
    assert found[0].phrasing == "Cadê meu código?"
    assert found[0].cosine == pytest.approx(float(vector @ toy_embedder.embed(["Cadê meu código?"])[0]), abs=1e-5)
    assert [candidate.score for candidate in found] == sorted((c.score for c in found), reverse=True)


@pytest.mark.parametrize(
    ("query", "expected"),
    [
        ("nao recebi codigo", "1"),  # without accents: n-grams
        ("returning a shoe", "2"),  # stems: full text
        ("etiquetas", "4"),  # a word of the answer
        ("bolleto", "3"),  # a typing error: n-grams
    ],
)
def test_each_channel_finds_what_the_vectors_miss(filled, query: str, expected: str) -> None:
    # One vector for everything says nothing.
    vector = np.ones(16, np.float32) / 4
    found = filled.answers.search(query, vector, "toy", ["en", "pt"], 5)
    assert found[0].answer.id == expected


def test_the_answers_own_vector_decides_where_questions_are_equally_near(store: Store, toy_embedder) -> None:
    told = Answer("3", "What then?", "An invoice for the tax office.", "en")
    fill(
        store,
        toy_embedder,
        [Answer("1", "What then?", "It comes.", "en"), Answer("2", "What then?", "No.", "en"), told],
    )
    query = "An invoice for the tax office, perhaps"
    vector = toy_embedder.embed([query])[0]
    found = store.answers.search("xyz", vector, "toy", ["en"], 3)
    assert ([c.answer.id for c in found], found[0].answer_cosine) == (["1", "2", "3"], None)
    store.answers.answer_vectors.put([told.answer], "toy", toy_embedder.embed([told.answer]))
    best = store.answers.search("xyz", vector, "toy", ["en"], 3)[0]
    assert best.answer == told
    assert best.answer_cosine == pytest.approx(float(vector @ toy_embedder.embed([told.answer])[0]), abs=1e-5)


def test_only_the_languages_asked_for(filled, toy_embedder) -> None:
    assert set(ids(filled, toy_embedder, "Como devolvo?", ["en"])) == {"2", "3"}
    assert set(ids(filled, toy_embedder, "How do I return?", ["pt"])) == {"1", "4", "5"}
    assert len(ids(filled, toy_embedder, "boleto", ["en", "pt"])) == 5
    assert ids(filled, toy_embedder, "boleto", []) == []


def test_limit(filled, toy_embedder) -> None:
    assert len(ids(filled, toy_embedder, "prazo", limit=2)) == 2
    assert ids(filled, toy_embedder, "prazo", limit=0) == []


@pytest.mark.parametrize(
    "query",
    [
        "",
        " ",
        "!",
        "🙂🙃",
        "o a de",
        "the of",
        "'; DROP TABLE answer; --",
        "a & | ! b <-> c:*",
        "\\'\\\\''",
        "%s %(x)s {y}",
        "\0\ud800",
        "http://x.y/a?b=c&d='e'",
        "C:\\temp\\x y",
        'don\'t "quote"',
        "(((",
        "-" * 5000,
        "word " * 3000,
        "日本語の質問",
        "e\u0301" * 50,
        "1e400 NaN",
        "x" * 4000,
        "<b>&amp;</b>",
    ],
)
def test_any_text_is_a_query(filled, query: str) -> None:
    vector = np.ones(16, np.float32) / 4
    assert len(filled.answers.search(query, vector, "toy", ["en", "pt"], 10)) == 5


def test_a_language_far_from_the_query_is_not_starved_by_the_other(store: Store, toy_embedder: ToyEmbedder) -> None:
    near = [Answer(f"en{n}", f"parcel parcel parcel {n}", "x", "en") for n in range(2000)]
    far = Answer("pt", "zzz yyy", "x", "pt")
    fill(store, toy_embedder, [*near, far])
    vector = toy_embedder.embed(["parcel parcel"])[0]
    with store.answers._pool.connection() as connection:
        # The index itself must go on to the far row, so the planner may not avoid it.
        connection.execute("SET LOCAL enable_seqscan = off")
        connection.execute("SET LOCAL enable_hashjoin = off")
        connection.execute("SET LOCAL enable_mergejoin = off")
        query = """
            SELECT p.answer_id FROM phrasing_vector v JOIN phrasing p ON p.digest = v.digest
            WHERE v.model = 'toy' AND p.language = 'pt' ORDER BY v.embedding::vector(16) <=> %s::vector(16) LIMIT 5"""
        plan = "\n".join(line for (line,) in connection.execute("EXPLAIN " + query, (vector,)).fetchall())
        assert "Index Scan using phrasing_vector_" in plan
        assert connection.execute(query, (vector,)).fetchall() == [("pt",)]
    assert ids(store, toy_embedder, "parcel parcel", ["pt"]) == ["pt"]


def test_vectors_without_answers_are_invisible(filled, toy_embedder) -> None:
    filled.answers.vectors.put(["orphan words"], "toy", toy_embedder.embed(["orphan words"]))
    assert len(ids(filled, toy_embedder, "orphan words")) == 5


def test_the_statement_shows_the_planner_model_and_dimensions() -> None:
    text = _statement("it's", 7, ("pt",)).as_string()
    assert "v.model = 'it''s'" in text
    assert "vector(7)" in text
