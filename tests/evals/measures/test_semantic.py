"""Answers that mean the same: rules on hand-worked cases, the agreement against scikit-learn, the marked cases."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from sklearn.metrics import accuracy_score, cohen_kappa_score, confusion_matrix

from assistant.errors import InputError
from evals.measures.meaning.agreement import CASES, MeaningCase, agreement, load_cases
from evals.measures.meaning.match import as_question, by_adapter, by_rule_first, semantic_match
from evals.measures.meaning.quantities import agree, quantities


def unasked(question: str, gold: str, prediction: str) -> bool | None:
    raise AssertionError(f"nobody should have been asked about {prediction!r}")


@pytest.mark.parametrize(
    ("first", "second"),
    [
        ("uma hora e meia", "90 minutos"),
        ("doze mil e quinhentas pessoas", "12.500"),
        ("dois milhões e trezentos mil", "2.300.000"),
        ("quarenta reais", "R$ 40,00"),
        ("metade", "50%"),
        ("um milhão de reais", "R$ 1.000.000,00"),
        ("meia hora", "30 minutos"),
        ("cento e vinte e uma", "121"),
        ("cinco por cento", "5%"),
        ("dois mil metros", "2 km"),
        ("um quilo e meio", "1,5 kg"),
        ("dois anos", "24 meses"),
        ("15 de novembro de 1998", "15/11/1998"),
        ("segunda-feira, 4 de março, às 8h", "4 de março"),
        ("30 dias", "30"),
        ("no mês 9", "em setembro"),
    ],
)
def test_quantities_agree_however_they_are_written(first: str, second: str) -> None:
    assert agree(quantities(first)[0], quantities(second)[0])
    assert agree(quantities(second)[0], quantities(first)[0])


@pytest.mark.parametrize(
    ("first", "second"),
    [
        ("três", "quatro"),
        ("12 meses", "12 dias"),
        ("2 metros", "2 cm"),
        ("R$ 25,00", "R$ 250,00"),
        ("4 de março", "4 de abril"),
        ("15/11/1998", "15/11/1989"),
        ("sábados e domingos", "domingo"),
        ("vinte e duas", "vinte"),
        ("30 dias", "amanhã"),
    ],
)
def test_other_quantities_do_not(first: str, second: str) -> None:
    assert not agree(quantities(first)[0], quantities(second)[0])


def test_articles_are_no_numbers_and_other_words_stay() -> None:
    assert quantities("em uma vila do Ceará") == (frozenset(), "em uma vila do ceara")
    assert quantities("") == (frozenset(), "")
    stated, rest = quantities("três professores da rede")
    assert {quantity.value for quantity in stated} == {3.0}
    assert rest == "professores da rede"


@pytest.mark.parametrize(
    ("question", "gold", "prediction", "same"),
    [
        ("Qual é a capital?", "São Luís", "sao luis", True),
        ("Quem assina?", "o diretor", "o diretor da empresa é quem assina", True),
        ("Quais são as cores?", "verde e branco", "branco e verde", True),
        ("Quantos são?", "três", "3", True),
        ("Quantos são?", "três", "muitos", False),
        ("Quantos são?", "três professores", "3", True),
        ("O ingresso pode ser transferido?", "pode ser transferido", "não pode ser transferido", False),
        ("Qual é o telefone da loja?", "0800 727 1234", "o telefone", False),
        ("Qual é o motivo da greve?", "os salários atrasados", "o motivo", False),
    ],
)
def test_numbers_and_words_decide_what_they_can(question: str, gold: str, prediction: str, same: bool) -> None:
    assert semantic_match(question, [gold], prediction, by_rule_first(unasked)) is same


def test_numbers_that_agree_count_other_things_only_when_asked() -> None:
    assert by_rule_first(lambda *_: None)("Quem veio?", "três professores", "três alunos") is None


def test_any_gold_answer_will_do_and_none_needs_the_empty_one() -> None:
    assert semantic_match("q?", ["a casa", "Casa!"], "casa", unasked) is True
    assert semantic_match("q?", [], None, unasked) is True
    assert semantic_match("q?", [], "casa", unasked) is False
    assert semantic_match("q?", ["casa"], None, unasked) is False
    said = {"casa": False, "lar": True, "teto": None}
    assert semantic_match("q?", ["casa", "lar"], "moradia", lambda q, gold, p: said[gold]) is True
    assert semantic_match("q?", ["casa", "teto"], "moradia", lambda q, gold, p: said[gold]) is None
    assert semantic_match("q?", ["casa"], "moradia", lambda q, gold, p: said[gold]) is False


def test_the_agreement_is_scikit_learns() -> None:
    marks = [True, True, False, False, True, False]
    said = [True, False, False, True, True, None]
    cases = [MeaningCase("q?", "g", "p", mark, "kind") for mark in marks]
    found = agreement(cases, said)
    assert found.accuracy == accuracy_score(marks[:5], said[:5])
    assert found.kappa == pytest.approx(cohen_kappa_score(marks[:5], said[:5]))
    assert [list(row) for row in found.confusion] == confusion_matrix(marks[:5], said[:5]).tolist()
    assert (found.unreadable, found.cases) == (1, 6)
    assert agreement(cases[:1], [None]).accuracy is None
    assert agreement(cases[:1], [True]).kappa is None


def test_the_adapter_tells_a_paraphrase_from_another_name(model) -> None:
    meaning = by_adapter(model)
    assert meaning("Como o café chega ao porto?", "de trem", "por via férrea") is True
    assert meaning("Quem preside a comissão?", "Marta Reis", "Lúcia Braga") is False
    assert as_question("Quem preside?", "Marta Reis") == "Quem preside? É Marta Reis?"


@pytest.mark.parametrize(("name", "count"), [("semantic_match_pt.jsonl", 60), ("semantic_match_dev_pt.jsonl", 36)])
def test_the_marked_cases_are_half_and_half_and_unlike(name: str, count: int) -> None:
    cases = load_cases(CASES.with_name(name))
    assert len(cases) == len(set(cases)) == count
    assert sum(case.same for case in cases) == count // 2


def test_what_tunes_does_not_measure() -> None:
    measuring = {(case.gold, case.prediction) for case in load_cases()}
    tuning = {(case.gold, case.prediction) for case in load_cases(CASES.with_name("semantic_match_dev_pt.jsonl"))}
    assert not measuring & tuning


@pytest.mark.parametrize("content", [None, "{", json.dumps({"question": "q?"})])
def test_another_file_is_refused_with_the_form_it_needs(tmp_path: Path, content: str | None) -> None:
    file = tmp_path / "cases.jsonl"
    if content is not None:
        file.write_text(content)
    with pytest.raises(InputError, match="give JSONL with question, gold, prediction, same and kind"):
        load_cases(file)
