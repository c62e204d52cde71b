"""Candidates to verdicts: one calibrated P(same) for each, best first."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace

from assistant import prompts
from assistant.generator import Generator, LabelScore, TreePrompt
from assistant.judge.calibration import Calibration, JudgeModel, OperatingPoint
from assistant.judge.decision import decide
from assistant.prompts import ChatFormat
from assistant.records import Candidate, Language, Signals, Verdict
from assistant.text.words import compare, uncovered_share

# If the model gives both labels together less probability than this, its reply was something else.
READABLE_MASS = 1e-4

# The judge needs this many times its candidates: retrieval ranks some right answers between 10 and 30.
POOL = 3


def label_scores(
    generator: Generator, chat: ChatFormat, asked: str, pasts: Sequence[str], language: Language, adapter: str | None
) -> list[LabelScore]:
    """The model's label scores of one question against several past ones, in one pass."""
    if not pasts:
        return []
    pairs = [prompts.label_first(asked, past, language, chat) for past in pasts]
    return generator.score(TreePrompt(pairs[0].head, pairs[0].asked, tuple(pair.past for pair in pairs)), adapter)


def measure(
    asked: str,
    past: str,
    answer: str | None,
    language: Language,
    answer_language: Language,
    cosine: float,
    answer_cosine: float | None,
    score: LabelScore | None,
) -> Signals:
    """All signals of one pair of questions.

    `answer` is None if the past question has no known answer, `score` is None before the model was asked.
    """
    one_language = answer_language == language
    return Signals(
        cosine=cosine,
        label_logit=readable_logit(score) if score else None,
        differing_share=compare(asked, past, language)[1] if one_language else None,
        uncovered_share=uncovered_share(asked, f"{past} {answer}", language) if one_language and answer else None,
        answer_cosine=answer_cosine,
    )


def readable_logit(score: LabelScore) -> float | None:
    """The logit of a reply that was one of the labels, None for any other reply."""
    # The comparison is False for NaN too.
    return score.logit if score.mass >= READABLE_MASS else None


class Judge:
    """Judges candidates by all signals that are available.

    `thresholds` and `margins`, by language, are those of `assistant.judge.decision`. The language model reads only the
    `candidates` (a number) that score best without it.
    """

    def __init__(
        self,
        generator: Generator,
        chat: ChatFormat,
        calibration: Calibration,
        model: JudgeModel,
        thresholds: Mapping[Language, float],
        margins: Mapping[Language, float],
        candidates: int,
    ) -> None:
        self._generator = generator
        self._chat = chat
        self._calibration = calibration
        self._model = model
        self._thresholds = thresholds
        self._margins = margins
        self._candidates = candidates

    @property
    def base(self) -> str:
        return self._generator.base

    @property
    def adapter(self) -> str | None:
        return self._model.adapter

    @property
    def prompt_version(self) -> str:
        """The version of the template that it asks with."""
        return self._model.prompt_version

    @property
    def pool(self) -> int:
        """How many candidates to retrieve for `judge`."""
        return POOL * self._candidates

    def judge(self, asked: str, language: Language, pool: Sequence[Candidate]) -> list[Verdict]:
        """Verdicts on the best candidates of `pool`, each with another answer, most probable first, unjudged last."""
        best = self._shortlist(asked, language, pool)
        candidates = [candidate for candidate, _ in best]
        scores = label_scores(
            self._generator, self._chat, asked, [c.phrasing for c in candidates], language, self._model.adapter
        )
        measured = [
            replace(signals, label_logit=readable_logit(score))
            for (_, signals), score in zip(best, scores, strict=True)
        ]
        probabilities = self._calibration.probabilities(language, measured, self._model)
        rows = sorted(zip(candidates, measured, probabilities, strict=True), key=_surest_first)
        decided = decide([probability for *_, probability in rows], self._thresholds[language], self._margins[language])
        return [
            Verdict(candidate, probability, label, signals, compare(asked, candidate.phrasing, language)[0])
            for (candidate, signals, probability), label in zip(rows, decided, strict=True)
        ]

    def _shortlist(self, asked: str, language: Language, pool: Sequence[Candidate]) -> list[tuple[Candidate, Signals]]:
        """The candidates that score best by all signals except the model's, which costs most.

        If several candidates have the same answer, only the best of them is kept: otherwise the answer would be its
        own rival. Scores of different fits are compared with each other here, which is accurate enough for a shortlist.
        """
        ranked = []
        for c in pool:
            signals = measure(
                asked, c.phrasing, c.answer.answer, language, c.answer.language, c.cosine, c.answer_cosine, None
            )
            ranked.append((self._calibration.fit_for(language, signals, self._model).score(signals), c, signals))
        ranked.sort(key=lambda row: row[0], reverse=True)
        by_answer: dict[str, tuple[Candidate, Signals]] = {}
        for _, candidate, signals in ranked:
            by_answer.setdefault(candidate.answer.answer, (candidate, signals))
        return list(by_answer.values())[: self._candidates]

    def signals_used(self, language: Language) -> tuple[str, ...]:
        """The names of the signals that the judge uses for questions in `language`."""
        weights = self._calibration.deciding(language, self._model).weights
        return tuple(name for name, weight in weights.items() if weight)

    def points(self, language: Language) -> tuple[OperatingPoint, ...]:
        """The thresholds that a team may choose for questions in `language`, by rising precision."""
        return self._calibration.deciding(language, self._model).points


def _surest_first(row: tuple[Candidate, Signals, float | None]) -> float:
    probability = row[2]
    return 1.0 if probability is None else -probability
