"""Opens what an evaluation asks: the app's judge or reader on a version, or a baseline."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from assistant.assembly import open_embedder, span_reader
from assistant.errors import InputError, ModelError
from assistant.models import open_model
from assistant.reader import Reader
from assistant.settings import Settings
from evals.app_pairs import open_app_pairs
from evals.baselines import open_system
from evals.catalogue import RowSet
from evals.environment import environment
from evals.meaning.match import by_adapter, by_rule_first
from evals.reading import elsewhere, read_rows
from evals.reasons import measure_reasons
from evals.subject import Subject
from evals.systems import PairSystem

APP_SYSTEMS = ("judge", "adapter", "reader")


@dataclass(frozen=True, slots=True)
class Evaluation:
    """What is to be measured on `data`. `subject` is None for a baseline, which learns from `train` or is loaded from
    `model`; `paid` says that a model that costs money may be asked. `reasons` is how many of the app's reasons are
    looked at."""

    data: RowSet
    system: str
    subject: Subject | None = None
    train: Path | None = None
    model: Path | None = None
    allow_leak: bool = False
    reasons: int = 0
    paid: bool = False

    def identity(self, dropped: Sequence[int]) -> dict[str, Any]:
        """What rows must have in common to be of one evaluation: also the code, of which a report names one commit."""
        return {
            "commit": environment()["git_commit"],
            "system": self.system,
            "version": self.subject.version.digest if self.subject else None,
            "model": str(self.model) if self.model else None,
            "train": str(self.train) if self.train else None,
            "data": self.data.sha256,
            "dropped": list(dropped),
        }


@dataclass(frozen=True, slots=True)
class Opened:
    """A system that is ready. `ask` answers rows by their numbers; `model` says what answers; `reasons` looks at the
    reasons of the app, None for a system that writes none."""

    ask: Callable[[Sequence[int]], list[dict[str, Any]]]
    model: dict[str, Any]
    reasons: Callable[[], dict[str, Any]] | None = None


@contextmanager
def opened(evaluation: Evaluation, settings: Settings) -> Iterator[Opened]:
    """Load what `evaluation` measures."""
    subject, rows = evaluation.subject, evaluation.data.rows
    if subject is None:
        arguments = (evaluation.train, evaluation.model, evaluation.paid, rows)
        with open_system(evaluation.system, settings, *arguments) as system:
            yield Opened(lambda numbers: _judged(system, rows, numbers), system.model)
        return
    chosen = subject.settings(settings)
    if evaluation.system == "reader":
        with _reader(evaluation, chosen) as asked:
            yield asked
        return
    with open_app_pairs(evaluation.system, chosen) as system:
        explained = rows[: evaluation.reasons] if evaluation.system == "judge" else ()
        yield Opened(
            lambda numbers: _judged(system, rows, numbers),
            subject.model | system.model,
            (lambda: measure_reasons(system.loaded, explained, chosen)) if explained else None,
        )


@contextmanager
def _reader(evaluation: Evaluation, settings: Settings) -> Iterator[Opened]:
    questions = evaluation.data.rows
    embedder = open_embedder(settings)
    # The meaning of answers is always compared by the shipped judge, so that versions are held against one measure.
    with open_model(settings, "portuguese-qa") as model, open_model(settings) as judge:
        meaning = by_rule_first(by_adapter(judge))
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

        described = {"base": model.base.name, "base_sha256": model.identity.base_sha256}
        described |= {"prompt_version": model.identity.prompt_version, "device": model.identity.hardware}
        yield Opened(ask, evaluation.subject.model | described)


def _judged(system: PairSystem, rows: Sequence[Any], numbers: Sequence[int]) -> list[dict[str, Any]]:
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
