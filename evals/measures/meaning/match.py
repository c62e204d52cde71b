"""Whether two answers to one Portuguese question mean the same."""

from __future__ import annotations

from collections.abc import Callable, Sequence

from assistant.serving.load import LoadedModel
from assistant.text.words import content_words
from evals.data.published import QuestionPair
from evals.data.squad import exact_match
from evals.measures.meaning.quantities import agree, quantities
from evals.systems.labels import label_logits

# Whether a question's gold answer and a prediction mean the same; None where it cannot be told.
Meaning = Callable[[str, str, str], bool | None]

# Least mean of the two label logits; chosen on semantic_match_dev_pt.jsonl.
LEAST_LOGIT = 0.5

# Words that negate or confirm, folded as content words are.
_POLAR = frozenset("nao nem nunca jamais sem sim".split())
_CONFIRMING = frozenset({"sim"})


def semantic_match(question: str, answers: Sequence[str], prediction: str | None, meaning: Meaning) -> bool | None:
    """Whether `prediction` means the same as any of the gold `answers`; None where `meaning` could not tell.

    None or "" is "not in the text", which is right where there is no answer, and only there.
    """
    if exact_match(prediction or "", answers):
        return True
    if not prediction or not any(answers):
        return False
    said = [meaning(question, answer, prediction) for answer in dict.fromkeys(answers)]
    return True if True in said else None if None in said else False


def by_adapter(model: LoadedModel) -> Meaning:
    """The similarity adapter alone, asked about two questions, both ways round."""

    def meaning(question: str, gold: str, prediction: str) -> bool | None:
        ours, theirs = as_question(question, gold), as_question(question, prediction)
        logits = list(
            label_logits(model, [QuestionPair(ours, theirs, True, "pt"), QuestionPair(theirs, ours, True, "pt")])
        )
        read = [logit for logit in logits if logit is not None]
        return sum(read) / 2 >= LEAST_LOGIT if len(read) == 2 else None

    return meaning


def by_rule_first(otherwise: Meaning) -> Meaning:
    """Numbers, dates and measures are compared as such, and words that only add something pass; `otherwise` is asked
    about the rest."""

    def meaning(question: str, gold: str, prediction: str) -> bool | None:
        decided = _by_rule(question, gold, prediction)
        return otherwise(question, gold, prediction) if decided is None else decided

    return meaning


def as_question(question: str, answer: str) -> str:
    """A question that asks whether `answer` is the answer: the adapter compares questions."""
    return f"{question} É {answer}?"


def _by_rule(question: str, gold: str, prediction: str) -> bool | None:
    """What numbers and words alone decide; None where the meaning has to."""
    (ours, our_rest), (theirs, their_rest) = quantities(gold), quantities(prediction)
    if ours and not agree(ours, theirs):
        return False
    right, said = (set(content_words(rest, "pt")) for rest in (our_rest, their_rest))
    if ours and not (right - said and said - right):
        return True
    denied = bool(right & _POLAR - _CONFIRMING), bool(said & _POLAR - _CONFIRMING)
    if right - _POLAR == said - _POLAR and right != said:
        return denied[0] == denied[1]
    asked = content_words(question, "pt").keys()
    if not theirs and said <= asked and not right <= asked:
        # The answer only repeats the question.
        return False
    return True if right and right <= said and denied[0] == denied[1] else None
