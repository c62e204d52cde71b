"""Opens what an evaluation asks: the app's judge or reader on a version, or a baseline."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from assistant.errors import InputError, ModelError
from assistant.reader.reader import Reader
from assistant.search.embedder import open_embedder
from assistant.serving.build import span_reader
from assistant.serving.choose import open_models
from assistant.settings import Settings
from evals.data.leaks import TrainedOn
from evals.data.named_sets import RowSet
from evals.data.published import QuestionPair, load_pairs
from evals.data.squad import ReadingQuestion
from evals.measures.meaning.match import by_adapter, by_rule_first
from evals.measures.reading import elsewhere, read_rows
from evals.measures.written_reasons import measure_reasons
from evals.runs.measured_rows import COMMIT
from evals.runs.measured_version import Subject, of_files, of_pairs
from evals.systems.app_pairs import Way, open_app_pairs
from evals.systems.baselines import open_system
from evals.systems.pair_system import PairSystem, described

APP_SYSTEMS = ("judge", "adapter", "reader")


@dataclass(frozen=True, slots=True)
class Evaluation:
    """What is to be measured on `data`. `subject` is None for a baseline, which learns from `train` or is loaded from
    `model`; `paid` says that a model that costs money may be asked. Rows that are leaks end the evaluation, unless
    they are left out (`drop_leaks`) or measured all the same (`allow_leak`). `reasons` is how many of the app's reasons
    are looked at."""

    data: RowSet
    system: str
    subject: Subject | None = None
    train: Path | None = None
    model: Path | None = None
    allow_leak: bool = False
    drop_leaks: bool = False
    reasons: int = 0
    paid: bool = False

    def trained_on(self) -> TrainedOn | None:
        """By what the rows are looked for among training rows; None for a system that has none."""
        if self.subject:
            return self.subject.trained_on
        if self.model:
            return of_files(self.model)
        return of_pairs(load_pairs(self.train)) if self.train else None

    def identity(self, dropped: Sequence[int], system: Opened, commit: str | None) -> dict[str, Any]:
        """What rows must have in common to be of one evaluation: also the code, of which a report names one commit."""
        return {
            COMMIT: commit,
            "system": self.system,
            # Where a version stands does not change what it answers.
            "model": {name: value for name, value in system.model.items() if name != "stage"},
            "data": self.data.sha256,
            "dropped": list(dropped),
        }


@dataclass(frozen=True, slots=True)
class Opened:
    """A system that is ready. `ask` answers rows by their numbers; `wait` does for one row what a person would wait
    for; `model` says what answers; `reasons` looks at the reasons that the app gives for some rows, None for a system
    that writes none; `thresholds` are the app's own, by language."""

    ask: Callable[[Sequence[int]], list[dict[str, Any]]]
    wait: Callable[[int], object]
    model: dict[str, Any]
    reasons: Callable[[Sequence[int]], dict[str, Any]] | None = None
    thresholds: dict[str, float] = field(default_factory=dict)


@contextmanager
def opened(evaluation: Evaluation, settings: Settings) -> Iterator[Opened]:
    """Load what `evaluation` measures."""
    subject, pairs = evaluation.subject, evaluation.data.pairs

    def asking(system: PairSystem, model: dict[str, Any], **more: Any) -> Opened:
        def ask(numbers: Sequence[int]) -> list[dict[str, Any]]:
            return _judged(system, pairs, numbers)

        return Opened(ask, lambda number: ask([number]), model, **more)

    if subject is None:
        given = (evaluation.train, evaluation.model, evaluation.paid, pairs)
        with open_system(evaluation.system, settings, *given) as baseline:
            yield asking(baseline, baseline.model)
        return
    chosen = subject.settings(settings)
    if evaluation.system == "reader":
        with _reader(evaluation.data.questions, subject, chosen) as asked:
            yield asked
        return
    way: Way = "adapter" if evaluation.system == "adapter" else "judge"
    with open_app_pairs(way, chosen) as system:
        if way == "adapter":
            yield asking(system, subject.model | system.model)
            return
        yield asking(
            system,
            subject.model | system.model,
            reasons=lambda numbers: measure_reasons(
                system.loaded, system.embedder, [pairs[number] for number in numbers], chosen
            ),
            thresholds=system.thresholds(chosen),
        )


@contextmanager
def _reader(questions: Sequence[ReadingQuestion], subject: Subject, settings: Settings) -> Iterator[Opened]:
    embedder = open_embedder(settings)
    # The meaning of answers is always compared by the shipped judge, so that versions are held against one measure.
    with open_models(settings) as models:
        model = models.reading
        meaning = by_rule_first(by_adapter(models.judging))
        spans = span_reader(model)
        if model is None or spans is None:
            raise ModelError("The reading adapter cannot be loaded here: see the log above, or choose another version.")
        reader = Reader(embedder, span_reader=spans)
        try:
            foreign: Sequence[str | None] = elsewhere(questions)
        except InputError:
            # All questions are about one document, so that none can be asked of another.
            foreign = [None] * len(questions)

        def ask(numbers: Sequence[int]) -> list[dict[str, Any]]:
            read = read_rows(reader, [questions[n] for n in numbers], [foreign[n] for n in numbers], meaning)
            return [{"row": n} | row for n, row in zip(numbers, read, strict=True)]

        def wait(number: int) -> object:
            return reader.read(questions[number].question, questions[number].context)

        yield Opened(ask, wait, subject.model | described(model))


def _judged(system: PairSystem, rows: Sequence[QuestionPair], numbers: Sequence[int]) -> list[dict[str, Any]]:
    pairs = [rows[number] for number in numbers]
    return [
        {
            "row": number,
            "question1": pair.question1,
            "question2": pair.question2,
            "same": pair.same,
            "language": pair.language,
            "probability": probability,
        }
        for number, pair, probability in zip(numbers, pairs, system.probabilities(pairs), strict=True)
    ]
