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

# A model that gives both labels together less than this did not answer the question that was put.
READABLE_MASS = 1e-4

# Retrieval's order by rank alone drops some right answers between the tenth and the thirtieth place.
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
    """All signals of one pair. `answer` is None where only questions are known, `score` before the model was asked."""
    one_language = answer_language == language
    return Signals(
        cosine=cosine,
        label_logit=readable_logit(score) if score else None,
        differing_share=compare(asked, past, language)[1] if one_language else None,
        uncovered_share=uncovered_share(asked, f"{past} {answer}", language) if one_language and answer else None,
        answer_cosine=answer_cosine,
    )


def readable_logit(score: LabelScore) -> float | None:
    """The logit of a reply that was one of the labels; None for any other."""
    # The comparison is False for NaN too.
    return score.logit if score.mass >= READABLE_MASS else None


class Judge:
    """Judges candidates by all signals at hand.

    `thresholds` and `margins`, by language, are those of `assistant.judge.decision`. The language model reads the
    `candidates` that score best without it.
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
        """One verdict for each of the best candidates, all with different answers, most probable first;
        unjudged ones last."""
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
        """The candidates that score best by all signals but the model's, which costs most.

        Several questions may lead to one answer, which would be its own rival: only the best of them stays.
        Scores of different fits are compared here, near enough to choose what is looked at.
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
        """The names of the signals that decide for questions in `language`."""
        weights = self._calibration.deciding(language, self._model).weights
        return tuple(name for name, weight in weights.items() if weight)

    def points(self, language: Language) -> tuple[OperatingPoint, ...]:
        """The thresholds to choose from for questions in `language`, by rising precision."""
        return self._calibration.deciding(language, self._model).points


def _surest_first(row: tuple[Candidate, Signals, float | None]) -> float:
    probability = row[2]
    return 1.0 if probability is None else -probability
