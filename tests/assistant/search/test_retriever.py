"""Search with the real embedding model, and what a change of model does."""

from __future__ import annotations

import pytest

from assistant.errors import StoreError
from assistant.records import Answer
from assistant.search.embedder import Embedder
from assistant.search.retriever import Retriever, embed_missing
from assistant.store.connection import Store, open_store
from tests.conftest import ToyEmbedder
from tests.support.schemas import taken_back

LIBRARY = [
    Answer("1", "How can I get my money back?", "Ask for a refund under My orders.", "en"),
    Answer("2", "Where is my parcel?", "See the tracking page.", "en"),
    Answer("3", "Como troco de senha?", "Em Minha conta.", "pt"),
    Answer("4", "Posso pagar com pix?", "Sim.", "pt", phrasings=("Aceitam transferência instantânea?",)),
]


def test_meaning_is_found_in_both_languages(store: Store, embedder: Embedder) -> None:
    store.answers.upsert(LIBRARY)
    retriever = Retriever(store, embedder)
    assert retriever.candidates("I want a refund", ["en"], 2)[0].answer.id == "1"
    assert retriever.candidates("esqueci a palavra-passe", ["pt"], 2)[0].answer.id == "3"
    best = retriever.candidates("dá para transferir na hora?", ["en", "pt"], 4)[0]
    assert (best.answer, best.phrasing) == (LIBRARY[3], "Aceitam transferência instantânea?")
    assert 0.5 < best.cosine <= 1
    own = embedder.embed(["dá para transferir na hora?", "Sim."])
    assert best.answer_cosine == pytest.approx(float(own[0] @ own[1]), abs=1e-5)


def test_the_very_next_question_finds_a_new_answer(store: Store, toy_embedder: ToyEmbedder) -> None:
    retriever = Retriever(store, toy_embedder)
    assert retriever.candidates("gift wrap", ["en"], 5) == []
    stored = retriever.add(Answer("n", "Do you gift wrap? I am ana@x.com", "Yes.", "en", phrasings=("wrapping",)))
    assert stored.question == "Do you gift wrap? I am [email]"
    assert retriever.candidates("gift wrap", ["en"], 5)[0].answer == stored


def test_another_model_embeds_everything_anew_and_goes_on_where_it_stopped(store: Store) -> None:
    store.answers.upsert(LIBRARY)
    Retriever(store, ToyEmbedder("old", 8))

    class Dying(ToyEmbedder):
        def embed(self, texts):
            if self.embedded:
                raise KeyboardInterrupt
            return super().embed(texts)

    store.answers.upsert([Answer(f"x{n}", f"Question number {n}", "A.", "en") for n in range(100)])
    dying = Dying("new", 12)
    with pytest.raises(KeyboardInterrupt):
        Retriever(store, dying)
    again = ToyEmbedder("new", 12)
    retriever = Retriever(store, again)
    assert len(dying.embedded) == 64
    # 105 phrasings and five distinct answers.
    assert len(again.embedded) == 110 - 64
    assert not set(again.embedded) & set(dying.embedded)
    assert retriever.candidates("Where is my parcel?", ["en"], 1)[0].answer.id == "2"
    for vectors in (store.answers.vectors, store.answers.answer_vectors):
        assert embed_missing(vectors, again) == 0


def test_a_model_that_changed_under_its_name_is_refused(store: Store) -> None:
    store.answers.upsert(LIBRARY)
    Retriever(store, ToyEmbedder("toy", 8))
    with pytest.raises(StoreError, match="give the model another name"):
        Retriever(store, ToyEmbedder("toy", 12))


def test_a_library_from_before_answer_vectors_gets_them(database_url, settings, toy_embedder) -> None:
    """Taken back to the first schema, then opened by this version."""
    with open_store(settings) as store:
        store.answers.upsert(LIBRARY)
    taken_back(database_url, "0001")
    with open_store(settings) as store:
        found = Retriever(store, toy_embedder).candidates("Sim.", ["pt"], 1)[0]
        assert (found.answer, found.answer_cosine) == (LIBRARY[3], pytest.approx(1, abs=1e-5))
