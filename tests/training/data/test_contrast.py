"""Explanations written from two questions: they fit the label, and quote what matters and stands there."""

from __future__ import annotations

import json
import os
import re
import subprocess
import sys
import unicodedata
from collections.abc import Iterator

import pytest

from assistant import prompts
from assistant.judge.quotations import quoted_phrases
from assistant.library.sample import sample_rows
from assistant.records import LANGUAGES, Language
from assistant.text.language import detect
from assistant.text.words import fold
from tests.support.paths import ROOT
from training.calibration.data import WORDINGS
from training.data.contrast import contrast
from training.data.contrast_sentences import SENTENCES

EXPLAIN = "import json, sys; from training.data.contrast import contrast; print(contrast(*json.loads(sys.argv[1])))"

Pair = tuple[str, str, bool, Language]


def shop_pairs() -> Iterator[Pair]:
    """Customers' wordings of the sample shop against their answer's question, and against three others."""
    for language in LANGUAGES:
        questions = {row["id"]: row["question"] for row in sample_rows(language)}
        ids = list(questions)
        for line in (WORDINGS / f"shop_wordings_{language}.jsonl").read_text(encoding="utf-8").splitlines():
            wording = json.loads(line)
            if wording["answer_id"] not in questions:
                continue
            place = ids.index(wording["answer_id"])
            yield wording["query"], questions[ids[place]], True, language
            for further in (1, 2, 17):
                yield wording["query"], questions[ids[(place + further) % len(ids)]], False, language


ODD: list[Pair] = [
    (first, second, same, language)
    for first, second in (
        ("", ""),
        ("?", "!"),
        ("Why?", "When?"),
        ("Is it?", "Is it?"),
        ("____ is a noun", "____ is a verb"),
        ("x" * 200, "y" * 200),
        ("怎么取消订单" * 20, "如何退款"),
        ('He said "cancel', 'She said "refund" and "return'),
        ("{both} {first}", "{second} %s"),
        ("Why do people say they don't ask questions here?", "Why do people refuse to speak here?"),
        ("Is the same question allowed twice?", "Is the same question allowed again?"),
        ("Are different things sold?", "Are different things bought?"),
        ("São iguais as coisas diferentes?", "Por que são iguais?"),
    )
    for same in (True, False)
    for language in LANGUAGES
]
PAIRS = [*shop_pairs(), *ODD]


@pytest.fixture(scope="module")
def explained() -> list[tuple[Pair, str]]:
    return [(pair, contrast(*pair)) for pair in PAIRS]


def label(same: bool) -> str:
    return "same" if same else "different"


def words(text: str) -> set[str]:
    return set(re.findall(r"\w+", fold(text)))


def test_there_are_many_pairs_of_both_labels_and_languages() -> None:
    assert {(same, language) for *_, same, language in PAIRS} == {(s, ln) for s in (True, False) for ln in LANGUAGES}
    assert len(PAIRS) > 400


def test_none_contradicts_its_label(explained) -> None:
    assert [text for (*_, same, _), text in explained if prompts.contradicts(text, label(same))] == []


def test_every_quoted_word_stands_in_one_of_the_questions(explained) -> None:
    for (first, second, *_), text in explained:
        assert words(" ".join(quoted_phrases(text))) <= words(f"{first} {second}"), text
        assert '"' not in re.sub(r'"[^"]{1,120}"', "", text), f"a quotation that no check would see: {text}"
        assert "{" not in text


def test_it_is_short_and_in_the_language_of_the_pair(explained) -> None:
    for (*_, same, language), text in explained:
        frame = re.sub(r'"[^"]*"', "", text)
        assert detect(f"{prompts.reason_opening(label(same), language)} {frame}", otherwise=language) == language, text
        assert len(text) < 260 and text.endswith(".") and "\n" not in text


@pytest.mark.parametrize("language", LANGUAGES)
@pytest.mark.parametrize("same", [True, False])
def test_sentences_vary(explained, same: bool, language: Language) -> None:
    listed = re.compile(r'"[^"]*"(?:(?:,| and| e) "[^"]*")*')
    assert len({listed.sub("…", text) for pair, text in explained if pair[2:] == (same, language)}) >= 8


def test_every_sentence_fits_its_label_and_language() -> None:
    """Also those that few pairs reach."""
    places = dict.fromkeys(("both", "first", "second", "difference"), '"X"')
    for (language, verdict), kinds in SENTENCES.items():
        for kind, sentences in kinds.items():
            for sentence in sentences:
                text = sentence.format(**places)
                assert not prompts.contradicts(text, verdict), text
                assert detect(f"{prompts.reason_opening(verdict, language)} {text}", otherwise=language) == language
                needed = set(re.findall(r"{(\w+)}", sentence))
                assert needed <= ({"difference"} if kind == "faint" else set(kind.split())), text


def test_it_is_the_same_in_every_process() -> None:
    """A run that goes on must see the very texts it began with."""
    pair = ("Can I cancel my order before dispatch?", "Can I change my order after dispatch?", False, "en")
    shown = {
        subprocess.run(
            [sys.executable, "-c", EXPLAIN, json.dumps(pair)],
            env=os.environ | {"PYTHONHASHSEED": seed},
            cwd=ROOT,
            capture_output=True,
            text=True,
            check=True,
        ).stdout.strip()
        for seed in ("1", "2")
    }
    assert shown == {contrast(*pair)}


DECISIVE = [
    # Question words and fillers say nothing beside a topic, on either side.
    ("What is the cost of express delivery?", "What about free delivery?", False, "cost express", "what about"),
    ("How much RAM do I really need to game?", "How much RAM to game?", True, "ram game", "much really"),
    # ... but they are quoted where they alone tell two questions apart.
    ("Where do I renew my passport?", "When do I renew my passport?", False, "where when", "renew"),
    ("Should I cancel the order?", "Can I cancel the order?", False, "should can", "cancel"),
    # A negation decides, however short it is; it is no topic that two share.
    ("Why is express overnight shipping not offered abroad?", "Why is it offered?", False, "not", "why"),
    ("What will not fit a briefcase?", "What does not fit a suitcase?", True, "fit briefcase suitcase", "not"),
    # Names and numbers before longer words.
    ("What do banks charge in Goa for paper cheque?", "What do banks charge Pune drivers nightly?", False, "goa", "do"),
    ("Are cars of 2015 cheaper, smaller and quicker?", "Are cars of 2016 good?", False, "2015 2016", "smaller"),
    # "instrument" is the stem of both, but only "music" stands in both.
    ("How is instrumental music made?", "Which instruments suit music?", True, "music", "instrumental"),
]
PORTUGUESE = [
    ("Como posso trocar o tamanho?", "Qual é o tamanho?", False, "trocar", "como qual"),
    ("Onde renovo o passaporte?", "Quando renovo o passaporte?", False, "onde quando", "renovo"),
    ("Não recebi o pedido completo", "Não recebi o pedido", False, "completo", "nao"),
    # Two spellings of one word are no difference.
    ("Onde peço o cartão colectivo?", "Quanto custa o cartão coletivo?", False, "peco custa", "colectivo coletivo"),
]


@pytest.mark.parametrize(
    ("first", "second", "same", "quoted", "left_out", "language"),
    [(*case, "en") for case in DECISIVE] + [(*case, "pt") for case in PORTUGUESE],
)
def test_it_quotes_what_matters(first, second, same, quoted: str, left_out: str, language: Language) -> None:
    phrases = quoted_phrases(contrast(first, second, same, language))
    found = words(" ".join(phrases))
    assert set(quoted.split()) <= found
    assert not set(left_out.split()) & found


def test_neighbours_are_quoted_together_only_where_they_stand_together() -> None:
    assert '"Hillary Clinton"' in contrast("Is Hillary Clinton?", "Was Hillary Clinton?", True, "en")
    assert '"Hillary" and "Clinton"' in contrast("Is Hillary Clinton?", "Is Clinton Hillary?", True, "en")


def test_a_letter_with_a_separate_accent_stays_one_word() -> None:
    apart = unicodedata.normalize("NFD", "Onde compro o título de mecânico?")
    text = contrast(apart, "Quanto custa o título?", False, "pt")
    assert '"mecânico"' in text


def test_nothing_is_said_of_words_that_are_not_quoted() -> None:
    """The second has more words than are quoted, so it may not be said to be about those only."""
    first = "May members of the upper chamber vote in public elections {}?"
    for extra in ("twice", "abroad", "early", "online", "annually", "jointly", "secretly", "openly"):
        text = contrast(first.format(extra), first.format(""), False, "en")
        assert f'"{extra}"' in text
        assert not re.search(r"second (?:is|asks) (?:only )?about", text)


def test_quoted_words_that_would_contradict_the_label_are_not_quoted() -> None:
    texts = [contrast(f"Why do people say they don't ask {x}?", "Why?", True, "en") for x in "abcdefgh"]
    assert not any(prompts.contradicts(text, "same") for text in texts)
    assert prompts.contradicts('with or without "don\'t ask".', "same")
