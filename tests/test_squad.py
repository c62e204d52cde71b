"""Exact match, F1 and SQuAD files, against cases worked by hand."""

from __future__ import annotations

import json

import pytest

from assistant.errors import InputError
from evals.squad import exact_match, f1, load_squad, normalize


def test_articles_case_and_punctuation_do_not_count_but_accents_do() -> None:
    assert normalize("A Universidade, em 1990!") == ["universidade", "em", "1990"]
    assert exact_match("a universidade.", ["Universidade"]) == 1
    assert exact_match("avo", ["avó"]) == 0


def test_the_best_of_several_answers_counts() -> None:
    # 2 words in common of 3 predicted and 2 right: 2*2/5.
    assert f1("campus de Sorocaba", ["Sorocaba", "campus Sorocaba"]) == pytest.approx(0.8)
    assert exact_match("Sorocaba", ["campus", "sorocaba"]) == 1


def test_a_repeated_word_counts_as_often_as_both_have_it() -> None:
    assert f1("dez dez", ["dez"]) == pytest.approx(2 / 3)


def test_an_empty_prediction_is_right_only_for_an_empty_answer() -> None:
    assert f1("", ["x"]) == 0
    assert f1("", [""]) == exact_match("", [""]) == 1
    assert f1("x", []) == exact_match("x", []) == 0


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


@pytest.mark.parametrize("content", [None, "{", "{}"])
def test_another_file_is_refused_with_the_form_it_needs(tmp_path, content: str | None) -> None:
    file = tmp_path / "squad.json"
    if content is not None:
        file.write_text(content)
    with pytest.raises(InputError, match="data, paragraphs and qas"):
        load_squad(file)
