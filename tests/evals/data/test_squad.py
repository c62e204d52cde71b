"""Exact match, F1 and SQuAD files, against cases worked by hand."""

from __future__ import annotations

import json
import unicodedata
from types import SimpleNamespace

import pytest
from transformers.data.metrics import squad_metrics

from assistant.errors import InputError
from evals.data.squad import ReadingQuestion, exact_match, f1, load_squad, normalize

# Without an article of either language, so that SQuAD's own script has to agree. The first are of its first article.
PUBLISHED = (
    ("Denver Broncos", ("Denver Broncos", "Denver Broncos defeated Carolina Panthers 24–10")),
    ("broncos, Denver!", ("Denver Broncos",)),
    ("February 7, 2016", ("February 7, 2016", "February 7", "2016")),
    ("gold gold", ("gold", "golden anniversary")),
    ("$1.2 billion", ("1.2 billion", "12 billion")),
    ("guarda-chuva verde", ("guarda chuva", "guardachuva")),
    ("Levi's Stadium", ("Levis stadium", "stadium in Santa Clara")),
    ("", ("Denver Broncos",)),
    ("", ()),
    ("", ("...",)),
    ("Denver", ()),
    ("Denver", ("?", "Denver city")),
)


@pytest.mark.parametrize(("prediction", "answers"), PUBLISHED)
def test_the_published_script_agrees(prediction: str, answers: tuple[str, ...]) -> None:
    example = SimpleNamespace(qas_id="q", answers=[{"text": text} for text in answers])
    exact, overlap = squad_metrics.get_raw_scores([example], {"q": prediction})
    assert exact_match(prediction, answers) == exact["q"]
    assert f1(prediction, answers) == pytest.approx(overlap["q"])


def test_articles_case_and_punctuation_do_not_count_but_accents_do() -> None:
    assert normalize("A Universidade, em 1990!") == ["universidade", "em", "1990"]
    assert exact_match("a universidade.", ["Universidade"]) == 1
    assert exact_match("avo", ["avó"]) == 0
    assert normalize("“Uns” e umas – um só…") == ["e", "só"]
    assert normalize(unicodedata.normalize("NFD", "Avó")) == ["avó"]


def test_the_best_of_several_answers_counts() -> None:
    # 2 words in common of 3 predicted and 2 right: 2*2/5.
    assert f1("campus de Sorocaba", ["Sorocaba", "campus Sorocaba"]) == pytest.approx(0.8)
    assert exact_match("Sorocaba", ["campus", "sorocaba"]) == 1


def test_a_repeated_word_counts_as_often_as_both_have_it() -> None:
    assert f1("dez dez", ["dez"]) == pytest.approx(2 / 3)


def test_an_empty_prediction_is_right_only_where_there_is_no_answer() -> None:
    assert f1("", ["x"]) == exact_match("", ["x"]) == 0
    assert f1("", [""]) == exact_match("", [""]) == 1
    assert f1("", []) == exact_match("", []) == 1
    assert f1("x", []) == exact_match("x", []) == 0
    # Of an article alone nothing is left, so it is no prediction.
    assert f1("o", ["os dias"]) == 0


def test_questions_know_their_document(tmp_path) -> None:
    def article(*contexts: str) -> dict:
        asked = [{"question": "q?", "answers": [{"text": "a", "answer_start": 0}, {"text": "b", "answer_start": 2}]}]
        return {"paragraphs": [{"context": context, "qas": asked} for context in contexts]}

    file = tmp_path / "squad.json"
    file.write_text(json.dumps({"data": [article("one", "two"), article("three")]}))
    loaded = load_squad(file)
    assert [(q.document, q.context, q.answers) for q in loaded] == [
        (0, "one", ("a", "b")),
        (0, "two", ("a", "b")),
        (1, "three", ("a", "b")),
    ]


def test_questions_without_an_answer_stay(tmp_path) -> None:
    asked = [
        {"question": "v1", "answers": [{"text": "x", "answer_start": 0}]},
        {"question": "v2", "is_impossible": False, "answers": [{"text": "b", "answer_start": 0}]},
        {"question": "impossible", "is_impossible": True, "answers": [], "plausible_answers": [{"text": "c"}]},
        {"question": "marked", "is_impossible": True, "answers": [{"text": "d", "answer_start": 0}]},
        {"question": "empty", "answers": [{"text": "", "answer_start": 0}]},
    ]
    file = tmp_path / "squad.json"
    file.write_text(json.dumps({"data": [{"paragraphs": [{"context": "x b c d", "qas": asked}]}]}))
    loaded = load_squad(file)
    assert [(q.question, q.answers, q.is_answerable) for q in loaded] == [
        ("v1", ("x",), True),
        ("v2", ("b",), True),
        ("impossible", (), False),
        ("marked", (), False),
        ("empty", (), False),
    ]


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig"])
@pytest.mark.parametrize("form", ["NFC", "NFD"])
def test_accents_and_a_byte_order_mark_change_nothing(tmp_path, encoding: str, form: str) -> None:
    asked = [{"question": "Em que município?", "answers": [{"text": "São João", "answer_start": 10}]}]
    content = {"data": [{"paragraphs": [{"context": "A sede fica em São João.", "qas": asked}]}]}
    file = tmp_path / "squad.json"
    file.write_bytes(unicodedata.normalize(form, json.dumps(content, ensure_ascii=False)).encode(encoding))
    assert load_squad(file) == [ReadingQuestion(0, "Em que município?", "A sede fica em São João.", ("São João",))]


@pytest.mark.parametrize("encoding", ["latin-1", "utf-16"])
def test_another_encoding_is_one_message_with_the_fix(tmp_path, encoding: str) -> None:
    file = tmp_path / "squad.json"
    file.write_bytes('{"data": "São João"}'.encode(encoding))
    with pytest.raises(InputError, match=r"it is not UTF-8 .* Save it again as UTF-8 text\."):
        load_squad(file)


@pytest.mark.parametrize("content", [None, "{", "{}", "[]", '{"data": [{}]}', '{"data": [{"paragraphs": "a"}]}'])
def test_another_file_is_refused_with_the_form_it_needs(tmp_path, content: str | None) -> None:
    file = tmp_path / "squad.json"
    if content is not None:
        file.write_text(content)
    with pytest.raises(InputError, match="data, paragraphs and qas"):
        load_squad(file)
