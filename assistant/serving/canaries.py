"""Questions whose answers by a version are known: what else it says after loading, it was not loaded right."""

from __future__ import annotations

import contextlib
from collections.abc import Callable, Mapping, Sequence
from concurrent.futures import Executor, ThreadPoolExecutor
from dataclasses import asdict, dataclass
from functools import partial
from pathlib import Path
from typing import Annotated

from pydantic import Field, TypeAdapter, ValidationError
from pydantic_core import to_json

from assistant.errors import ModelError, NoEffectError, RespostaError
from assistant.judge.judge import label_scores, readable_logit
from assistant.reader.span_reader import SpanReader
from assistant.records import Language, Task
from assistant.serving.load import Generators, LoadedModel
from assistant.tasks import TASKS, RowKind
from assistant.version_records import AdapterVersion
from assistant.versions.version import CANARIES
from assistant.whole_file import write_whole

_FIX = "Roll back on the Evaluation tab, or with `python -m training.registry rollback TASK`."
# What mends a version without them.
COMMAND = "python -m training.registry canaries VERSION"
# Another set of questions gets another number: what was answered to this one says nothing about that one.
SET = 1
PAIRS: tuple[tuple[Language, str, str], ...] = (
    ("en", "How do I get my money back for the lamp?", "How can I get a refund for a lamp?"),
    ("en", "How do I get my money back for the lamp?", "How do I change the bulb of a lamp?"),
    ("en", "Is the museum open on Mondays?", "Can I visit the museum on a Monday?"),
    ("en", "Which bus goes to the airport?", "How long does a bus driver work?"),
    ("pt", "Como peço o reembolso do candeeiro?", "De que forma posso ser reembolsado pelo candeeiro?"),
    ("pt", "Como peço o reembolso do candeeiro?", "Como troco a lâmpada do candeeiro?"),
    ("pt", "O museu abre à segunda-feira?", "Posso visitar o museu numa segunda?"),
    ("pt", "Que autocarro vai para o aeroporto?", "Quantas horas trabalha um motorista?"),
)
READINGS = (
    ("Em que ano abriu a ponte?", "A ponte sobre o rio abriu em 1932 e foi alargada vinte anos depois."),
    ("Quem desenhou o jardim?", "O jardim, desenhado por Helena Prado, tem um lago e duas estufas."),
    ("Quanto custa a entrada?", "A entrada custa quatro euros; crianças não pagam."),
)
# A logit moves a little with the batch, and more between devices and types.
SAME_HARDWARE, OTHER_HARDWARE = 0.25, 0.75
# Logits that are no further apart are the bare base's: the same prompts in passes of the same shape.
UNCHANGED = 1e-3

Logit = Annotated[float, Field(ge=-1e4, le=1e4, allow_inf_nan=False)] | None


@dataclass(frozen=True, slots=True)
class Canaries:
    """What a version says to the questions of `set` on `hardware`.

    `logits` are those of the label, one for each of `PAIRS`, None where the reply could not be read; `answers` are
    the texts read out of `READINGS`, "" for none. Of a version one of the two is empty, by its task.
    """

    set: int
    hardware: Annotated[str, Field(max_length=200)]
    logits: Annotated[tuple[Logit, ...], Field(max_length=100)]
    answers: Annotated[tuple[Annotated[str, Field(max_length=1000)], ...], Field(max_length=100)]

    def save(self, path: Path) -> None:
        """Write it, whole or not at all."""
        write_whole(path, to_json(asdict(self), indent=1).decode() + "\n")


def read_canaries(path: Path) -> Canaries:
    """Raises `ModelError` when the file holds none."""
    try:
        return TypeAdapter(Canaries).validate_json(path.read_bytes())
    except (OSError, ValidationError):
        raise ModelError(f"{path} holds no canary outputs: run `{COMMAND}`.") from None


def ask(model: LoadedModel, task: Task) -> Canaries:
    """What `model` says now."""
    # All at once: beside a busy app each would otherwise wait its turn behind what the app is asked.
    with ThreadPoolExecutor(max(len(PAIRS), len(READINGS))) as asking:
        return _ASK[TASKS[task].canaries](model, asking)


def _ask_pairs(model: LoadedModel, asking: Executor) -> Canaries:
    return Canaries(SET, model.identity.hardware, tuple(asking.map(partial(_logit, model), PAIRS)), ())


def _ask_readings(model: LoadedModel, asking: Executor) -> Canaries:
    return Canaries(SET, model.identity.hardware, (), tuple(asking.map(partial(_answer, model), READINGS)))


_ASK: Mapping[RowKind, Callable[[LoadedModel, Executor], Canaries]] = {"pairs": _ask_pairs, "readings": _ask_readings}


def _logit(model: LoadedModel, pair: tuple[Language, str, str]) -> float | None:
    language, first, second = pair
    scores = label_scores(model.generator, model.base.chat, first, [second], language, model.identity.adapter)
    return readable_logit(scores[0])


def _answer(model: LoadedModel, asked: tuple[str, str]) -> str:
    question, text = asked
    span = SpanReader(model.generator, model.base.chat, model.identity.adapter or "").read(question, text)
    return text[slice(*span)] if span else ""


def check_effect(model: LoadedModel) -> None:
    """Raise `NoEffectError` when the adapter of `model` moves the label of no pair.

    An adapter of whatever task moves them. One that does ends this at its first pairs, after two short passes or a
    few; one that does not costs two passes for every pair.
    """

    def logit(pair: tuple[Language, str, str], adapter: str | None) -> float:
        language, first, second = pair
        return label_scores(model.generator, model.base.chat, first, [second], language, adapter)[0].logit

    adapter = model.identity.adapter
    if adapter and all(abs(logit(pair, adapter) - logit(pair, None)) <= UNCHANGED for pair in PAIRS):
        raise NoEffectError(
            f"Version {adapter[:12]} changes nothing: to every canary question {model.base.name} says the same without "
            "it. Train it again, or save it again from the trained model."
        )


def check(expected: Canaries, found: Canaries) -> None:
    """Raise `ModelError` that names the first answer which is not as it was."""
    shape = (expected.set, len(expected.logits), len(expected.answers))
    if shape != (found.set, len(found.logits), len(found.answers)):
        raise ModelError(f"Its canary outputs are for other questions: run `{COMMAND}`.")
    same_hardware = expected.hardware == found.hardware
    apart = SAME_HARDWARE if same_hardware else OTHER_HARDWARE
    for (_, first, second), before, now in zip(PAIRS, expected.logits, found.logits, strict=False):
        if before is not now if before is None or now is None else abs(before - now) > apart:
            raise ModelError(
                f"Canary {first!r} / {second!r} gave the logit {_shown(now)} instead of {_shown(before)}. {_FIX}"
            )
    for (question, _), known, said in zip(READINGS, expected.answers, found.answers, strict=False):
        # Another type may move the end of an answer, and no more.
        if said != known and (same_hardware or not set(said.split()) & set(known.split())):
            raise ModelError(f"Canary {question!r} was answered {said!r} instead of {known!r}. {_FIX}")


def load_checked(
    version: AdapterVersion, folder: Path, generators: Generators, staying: Sequence[LoadedModel] = ()
) -> LoadedModel:
    """The version in `folder`, loaded beside the present ones, and answering as it did when it was registered.

    Raises `ModelError` when it does not, or changes nothing. It is unloaded then, but for what the models `staying`
    need.
    """
    model = generators.load(version, folder)
    try:
        expected = read_canaries(folder / CANARIES)
        check_effect(model)
        check(expected, ask(model, version.task))
    except BaseException:
        with contextlib.suppress(RespostaError):
            generators.unload(model, staying)
        raise
    return model


def _shown(logit: float | None) -> str:
    return "none" if logit is None else f"{logit:.2f}"
