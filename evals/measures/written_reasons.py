"""The reasons that the app writes, measured: whether they fit the label, quote truly, repeat themselves, keep the
language."""

from __future__ import annotations

import re
import statistics
import time
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from itertools import groupby

import numpy as np

from assistant import prompts
from assistant.command_line.progress_bars import progress_bar
from assistant.errors import InputError
from assistant.judge.quotations import quoted_phrases
from assistant.judge.reasons import Explainer
from assistant.records import LANGUAGES, Answer, Candidate, Fault, PairLabel, Part, Verdict
from assistant.search.embedder import Embedder
from assistant.serving.build import make_judge
from assistant.serving.load import LoadedModel
from assistant.settings import Settings
from assistant.text.language import detect
from assistant.text.words import fold
from evals.data.published import QuestionPair
from evals.systems.app_pairs import rivalry

# Words that come again in a row of this many are a repetition.
REPEATED_WORDS = 3

_WORD = re.compile(r"\w+")


@dataclass(frozen=True, slots=True)
class WrittenReason:
    """One reason with what it explains. `verdict` stood in its prompt, `hidden` says why the app does not show it.

    `seconds` pass from the verdict to its first word, `tokens` are the steps it took to write, its end included.
    """

    pair: QuestionPair
    verdict: PairLabel
    text: str
    hidden: Fault | None
    seconds: float
    tokens: int


def measure_reasons(
    model: LoadedModel, embedder: Embedder, pairs: Sequence[QuestionPair], settings: Settings
) -> dict[str, float | int]:
    """Figures of the reasons of `pairs`, by name. Rivals (`evals.systems.app_pairs.rivalry`) are judged together.
    Shares are in [0, 1].

    "written.…" and "shown.…" (those left out that nothing defines): `reasons`; `agrees_with_verdict`, the share that
    does not argue for the other verdict than the one shown; `agrees_with_label`, the share that argues for the true
    label; `quoted_words` and `quoted_words_found`, how many words stand in quotation marks and the share of them that
    a question has, whatever the case and accents; `repetitive`, the share that says some three words in a row twice;
    `distinct`, different reasons per reason; `in_language`, the share recognized as the question's language.
    "hidden" is the share that is not shown, "hidden: …" the number for each fault, "unjudged" the number of pairs
    whose verdict could not be read. "seconds_to_first" is the median from a verdict to its reason's first word,
    "tokens" the mean number of tokens of a reason and "tokens_total" their sum.

    Raises `InputError` when there are no pairs, or none could be judged.
    """
    if not pairs:
        raise InputError("There are no pairs to write reasons for: give a file with at least one row.")
    return reason_figures(write_reasons(model, embedder, pairs, settings), len(pairs))


def write_reasons(
    model: LoadedModel, embedder: Embedder, pairs: Sequence[QuestionPair], settings: Settings
) -> list[WrittenReason]:
    """The reason of every pair that can be judged."""
    judge = make_judge(settings, model, embedder)
    explainer = Explainer(model.generator, model.base.chat, model.identity.adapter, settings.reason_tokens)
    reasons = []
    with progress_bar(total=len(pairs), unit="reason") as progress:
        for _, numbered in groupby(enumerate(pairs), key=lambda row: rivalry(row[1]) or row[0]):
            rivals = [pair for _, pair in numbered]
            candidates = [_candidate(pair, str(place), embedder) for place, pair in enumerate(rivals)]
            for verdict in judge.judge(rivals[0].question1, rivals[0].language, candidates):
                if verdict.label != "unjudged":
                    pair = rivals[int(verdict.candidate.answer.id)]
                    reasons.append(_write(explainer, pair, verdict, verdict.label))
            progress.update(len(rivals))
    return reasons


def _candidate(pair: QuestionPair, name: str, embedder: Embedder) -> Candidate:
    """The past question of `pair`, as retrieval would propose it."""
    asked, question, answer = embedder.embed([pair.question1, pair.question2, pair.answer or ""])
    past = Answer(id=name, question=pair.question2, answer=pair.answer or "", language=pair.language)
    of_answer = float(np.dot(asked, answer)) if pair.answer else None
    return Candidate(past, pair.question2, float(np.dot(asked, question)), 0.0, of_answer)


def _write(explainer: Explainer, pair: QuestionPair, verdict: Verdict, label: PairLabel) -> WrittenReason:
    part = Part(pair.question1, pair.language, (verdict,), ())
    started = time.perf_counter()
    # The model's thread reports after every token.
    steps = [(time.perf_counter() - started, text, reason) for _, text, reason in explainer.explain(part, [verdict])]
    _, text, reason = steps[-1]
    return WrittenReason(pair, label, text, reason.hidden if reason else None, steps[0][0], len(steps))


def reason_figures(reasons: Sequence[WrittenReason], pairs: int) -> dict[str, float | int]:
    """The figures that `measure_reasons` names, of reasons written for `pairs` pairs."""
    if not reasons:
        raise InputError(f"None of {pairs} pairs could be judged, so there are no reasons: measure a trained adapter.")
    shown = [reason for reason in reasons if reason.hidden is None]
    faults = Counter(reason.hidden for reason in reasons if reason.hidden)
    return {
        **{f"written.{name}": value for name, value in _texts(reasons).items()},
        **({f"shown.{name}": value for name, value in _texts(shown).items()} if shown else {"shown.reasons": 0}),
        "hidden": 1 - len(shown) / len(reasons),
        **{f"hidden: {fault}": count for fault, count in sorted(faults.items())},
        "unjudged": pairs - len(reasons),
        "seconds_to_first": statistics.median(reason.seconds for reason in reasons),
        "tokens": statistics.mean(reason.tokens for reason in reasons),
        "tokens_total": sum(reason.tokens for reason in reasons),
    }


def _texts(reasons: Sequence[WrittenReason]) -> dict[str, float | int]:
    agreeing = [not prompts.contradicts(_behind_opening(reason), reason.verdict) for reason in reasons]
    right = [agrees == ((r.verdict == "same") == r.pair.same) for r, agrees in zip(reasons, agreeing, strict=True)]
    found = [word in _words(f"{r.pair.question1} {r.pair.question2}") for r in reasons for word in quoted_words(r.text)]
    figures: dict[str, float | int] = {
        "reasons": len(reasons),
        "agrees_with_verdict": _share(agreeing),
        "agrees_with_label": _share(right),
        "quoted_words": len(found),
    }
    if found:
        figures["quoted_words_found"] = _share(found)
    return figures | {
        "repetitive": _share([is_repetitive(r.text) for r in reasons]),
        "distinct": len({r.text for r in reasons}) / len(reasons),
        "in_language": _share([is_in(r.text, r.pair.language) for r in reasons]),
    }


def _share(values: Sequence[bool]) -> float:
    return sum(values) / len(values)


def _behind_opening(reason: WrittenReason) -> str:
    return reason.text.removeprefix(prompts.reason_opening(reason.verdict, reason.pair.language))


def quoted_words(text: str) -> list[str]:
    """The words in quotation marks, folded."""
    return _words(" ".join(quoted_phrases(text)))


def is_repetitive(text: str) -> bool:
    """Whether three words in a row come twice."""
    words = _words(text)
    runs = [tuple(words[at : at + REPEATED_WORDS]) for at in range(len(words) - REPEATED_WORDS + 1)]
    return len(set(runs)) < len(runs)


def is_in(text: str, language: str) -> bool:
    """Whether `text` is recognized as `language`; a text that does not tell is not."""
    other = next(one for one in LANGUAGES if one != language)
    return detect(text, otherwise=other) == language


def _words(text: str) -> list[str]:
    return _WORD.findall(fold(text))
