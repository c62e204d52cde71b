"""Opens what an evaluation asks: the app's judge or reader on a version, or a baseline."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import AbstractContextManager, contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from assistant.errors import InputError, ModelError
from assistant.reader.reader import Reader
from assistant.records import Language
from assistant.search.embedder import open_embedder
from assistant.serving.build import span_reader
from assistant.serving.choose import open_models
from assistant.settings import Settings
from assistant.tasks import TASKS, TaskRecord, tasks_on
from evals.data.leaks import TrainedOn
from evals.data.named_sets import RowSet
from evals.data.published import QuestionPair, load_pairs
from evals.measures.meaning.match import by_adapter, by_rule_first
from evals.measures.reading import elsewhere, read_rows
from evals.measures.written_reasons import measure_reasons
from evals.row_records import MeasuredPair, MeasuredRow
from evals.runs.measured_rows import COMMIT
from evals.runs.measured_version import Subject, of_files, of_pairs
from evals.systems.app_pairs import open_app_pairs
from evals.systems.baselines import open_system
from evals.systems.pair_system import PairSystem, described


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

    @property
    def task(self) -> TaskRecord:
        """The version's; of a baseline the first task that is measured on such rows."""
        return TASKS[self.subject.version.task] if self.subject else tasks_on(self.data.kind)[0]

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
            # A version's stage does not change its answers.
            "model": {name: value for name, value in system.model.items() if name != "stage"},
            "data": self.data.sha256,
            "dropped": list(dropped),
        }


@dataclass(frozen=True, slots=True)
class Opened:
    """A system that is ready. `ask` answers rows by their numbers; `wait` does for one row what a person would wait
    for; `model` says what answers; `reasons` looks at the reasons that the app gives for some rows, None for a system
    that writes none; `thresholds` are the app's own, by language."""

    ask: Callable[[Sequence[int]], Sequence[MeasuredRow]]
    wait: Callable[[int], object]
    model: dict[str, Any]
    reasons: Callable[[Sequence[int]], dict[str, Any]] | None = None
    thresholds: dict[Language, float] = field(default_factory=dict)


@contextmanager
def opened(evaluation: Evaluation, settings: Settings) -> Iterator[Opened]:
    """Load what `evaluation` measures."""
    data, subject = evaluation.data, evaluation.subject
    if subject is None:
        given = (evaluation.train, evaluation.model, evaluation.paid, data.pairs)
        with open_system(evaluation.system, settings, *given) as baseline:
            yield _asking(baseline, data.pairs, baseline.model)
        return
    with SYSTEMS[evaluation.system](subject, data, subject.settings(settings)) as asked:
        yield asked


@contextmanager
def _judge(subject: Subject, data: RowSet, settings: Settings) -> Iterator[Opened]:
    """P(same) as the app calibrates it, with the app's reasons and thresholds."""
    pairs = data.pairs
    with open_app_pairs("judge", settings) as system:
        yield _asking(
            system,
            pairs,
            subject.model | system.model,
            reasons=lambda numbers: measure_reasons(
                system.loaded, system.embedder, [pairs[number] for number in numbers], settings
            ),
            thresholds=system.thresholds(settings),
        )


@contextmanager
def _adapter(subject: Subject, data: RowSet, settings: Settings) -> Iterator[Opened]:
    """The label alone, without calibration."""
    with open_app_pairs("adapter", settings) as system:
        yield _asking(system, data.pairs, subject.model | system.model)


@contextmanager
def _reader(subject: Subject, data: RowSet, settings: Settings) -> Iterator[Opened]:
    questions = data.questions
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
            # All questions are about one document, so there is no foreign text to ask.
            foreign = [None] * len(questions)

        def ask(numbers: Sequence[int]) -> Sequence[MeasuredRow]:
            return read_rows(reader, [questions[n] for n in numbers], [foreign[n] for n in numbers], meaning, numbers)

        def wait(number: int) -> object:
            return reader.read(questions[number].question, questions[number].context)

        yield Opened(ask, wait, subject.model | described(model))


# What an evaluation can ask through an adapter, by the names of the tasks' `systems`.
SYSTEMS: Mapping[str, Callable[[Subject, RowSet, Settings], AbstractContextManager[Opened]]] = {
    "judge": _judge,
    "adapter": _adapter,
    "reader": _reader,
}


def _asking(system: PairSystem, pairs: Sequence[QuestionPair], model: dict[str, Any], **more: Any) -> Opened:
    def ask(numbers: Sequence[int]) -> Sequence[MeasuredRow]:
        return _judged(system, pairs, numbers)

    return Opened(ask, lambda number: ask([number]), model, **more)


def _judged(system: PairSystem, rows: Sequence[QuestionPair], numbers: Sequence[int]) -> list[MeasuredPair]:
    pairs = [rows[number] for number in numbers]
    return [
        MeasuredPair(
            row=number,
            question1=pair.question1,
            question2=pair.question2,
            same=pair.same,
            language=pair.language,
            probability=probability,
        )
        for number, pair, probability in zip(numbers, pairs, system.probabilities(pairs), strict=True)
    ]
