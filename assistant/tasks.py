"""The table of tasks: what an adapter can be trained for, and everything that depends on which task it is.

Code dispatches by a record's fields and never by a task's name. A record holds plain data; a layer that needs behaviour
by kind of rows, by template or by system keeps one mapping of its own.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Annotated, Final, Literal

from pydantic import AfterValidator

from assistant.errors import InputError
from assistant.records import LANGUAGES, Language, Task

# What of the app answers through the task's adapter.
Role = Literal["judge", "reader"]
# What a version is measured on and asked as canary questions: pairs of questions, or questions about a text.
RowKind = Literal["pairs", "readings"]


@dataclass(frozen=True, slots=True)
class Measure:
    """A figure by its name in reports and what people read. `lower_is_better` is its direction."""

    name: str
    label: str
    lower_is_better: bool = False

    def merit(self, value: float) -> float:
        """`value` turned so that more is better."""
        return -value if self.lower_is_better else value


@dataclass(frozen=True, slots=True)
class Recipes:
    """Names of files in `training/recipes`, without ".yaml".

    `small` trains on a CPU, `llama3` on a GPU. `retrain` and `retrain_gpu` are what `training.retrain` takes without
    and with a GPU.
    """

    small: str
    llama3: str
    retrain: str
    retrain_gpu: str

    def for_retraining(self, has_gpu: bool) -> str:
        return self.retrain_gpu if has_gpu else self.retrain


@dataclass(frozen=True, slots=True)
class Sets:
    """What a retrained version is measured on, as `evals.run --data` takes it.

    `shipped` come with Resposta and are always measured, `published` are files below the folder of published sets.
    `instead` is measured where neither is there.
    """

    shipped: tuple[str, ...] = ()
    published: tuple[str, ...] = ()
    instead: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class CardWords:
    """What a model card says of every version: the Hub's pipeline tag, and sentences on purpose and limits."""

    pipeline: str
    purpose: str
    limits: str


@dataclass(frozen=True, slots=True, kw_only=True)
class TaskRecord:
    """One task.

    `setting` is the field of `Settings` that names an adapter; `base_from_settings` says whether RESPOSTA_BASE_MODEL
    chooses the base under a version, `base_alone` whether a base without an adapter serves where there is none, which
    the log then tells in the words of `without_adapter`.

    `templates` are those a recipe may name, the app's own first; `renamed_prompts` gives the present name of a prompt
    version that older folders state under another name; `sources` the kinds of its data sources. `languages`
    are those a version can have. `calibrated` says whether a version gets a calibration, `learns_from_feedback` whether
    agents' feedback trains one.

    `rows` is the kind of rows it is measured on, `canaries` that of its canary questions, `systems` the names of what
    an evaluation can ask through an adapter, the default first. `shown` are the figures of a comparison's table,
    `compared` the score by row whose difference it tests, `scores` all scores by row that the gate may hold against
    production. `ranked` are the held-out figures that order versions, the decisive one first.
    """

    name: Task
    role: Role
    setting: str
    base_from_settings: bool
    base_alone: bool
    without_adapter: str
    templates: tuple[str, ...]
    renamed_prompts: Mapping[str, str] = field(default_factory=dict)
    sources: tuple[str, ...]
    languages: tuple[Language, ...]
    calibrated: bool
    learns_from_feedback: bool
    rows: RowKind
    canaries: RowKind
    systems: tuple[str, ...]
    shown: tuple[str, ...]
    compared: Measure
    scores: tuple[Measure, ...]
    ranked: tuple[Measure, ...]
    recipes: Recipes
    sets: Sets
    card: CardWords


_RECORDS = (
    TaskRecord(
        name="question-similarity",
        role="judge",
        setting="adapter",
        base_from_settings=True,
        base_alone=True,
        without_adapter="the base model judges without an adapter",
        templates=("label-first", "explanation-first"),
        sources=("pairs", "faqs", "intents"),
        languages=LANGUAGES,
        calibrated=True,
        learns_from_feedback=True,
        rows="pairs",
        canaries="pairs",
        systems=("judge", "adapter"),
        shown=("accuracy", "f1", "roc_auc", "average_precision", "brier", "ece"),
        compared=Measure("right", "accuracy"),
        scores=(Measure("right", "rows right"), Measure("brier", "lower Brier score", lower_is_better=True)),
        ranked=(Measure("roc_auc", "worst ROC AUC"), Measure("accuracy", "worst accuracy")),
        recipes=Recipes(
            small="question-similarity-small",
            llama3="question-similarity-llama3",
            retrain="question-similarity-retrain",
            retrain_gpu="question-similarity-llama3-judge",
        ),
        sets=Sets(shipped=("shop-en", "shop-pt"), published=("qqp/dev.csv", "aia_bde")),
        card=CardWords(
            pipeline="text-classification",
            purpose="It judges whether two customer questions ask for the same thing and says why.",
            limits="It was trained on public question pairs. On other subjects its probability is badly scaled until "
            "it is calibrated on pairs of that subject, and a reason it writes explains a verdict without proving it. "
            "Do not let it decide alone what a customer is told.",
        ),
    ),
    TaskRecord(
        name="portuguese-qa",
        role="reader",
        setting="reading_adapter",
        base_from_settings=False,
        base_alone=False,
        without_adapter="answers from texts are whole sentences, without a reading adapter",
        templates=("reading",),
        # Until each template had a version of its own, versions of this task stated the judge's.
        renamed_prompts={"label-first-3": "reading-1"},
        sources=("squad",),
        languages=("pt",),
        calibrated=False,
        learns_from_feedback=False,
        rows="readings",
        canaries="readings",
        systems=("reader",),
        shown=("exact_match", "f1", "semantic_match", "missed", "refused"),
        compared=Measure("f1", "F1"),
        scores=(Measure("right", "rows right"), Measure("f1", "F1")),
        ranked=(Measure("exact_match", "exact match"), Measure("f1", "F1")),
        recipes=Recipes(
            small="portuguese-qa-small",
            llama3="portuguese-qa-llama3",
            retrain="portuguese-qa-small",
            retrain_gpu="portuguese-qa-llama3",
        ),
        sets=Sets(published=("faquad/dev.json",), instead=("faquad-dev",)),
        card=CardWords(
            pipeline="question-answering",
            purpose="It answers a Portuguese question with a passage copied from a given text.",
            limits="It was trained on short Portuguese texts. It can copy the wrong passage, and it does not know when "
            "the text holds no answer unless the caller compares its confidence with a threshold.",
        ),
    ),
)
TASKS: Final[dict[Task, TaskRecord]] = {record.name: record for record in _RECORDS}


def find_task(name: str) -> TaskRecord:
    """The task of that name. Raises `InputError` that lists all names."""
    if name not in TASKS:
        raise InputError(f"{name!r} is not a task: write {' or '.join(TASKS)}.")
    return TASKS[name]


def task_of(role: Role) -> TaskRecord:
    """The task whose adapter does `role` in the app."""
    return next(record for record in TASKS.values() if record.role == role)


def tasks_on(rows: str) -> list[TaskRecord]:
    """The tasks that are measured on rows of that kind, in the table's order."""
    return [record for record in TASKS.values() if record.rows == rows]


def adapter_systems() -> tuple[str, ...]:
    """Everything that an evaluation can ask through an adapter of some task."""
    return tuple(dict.fromkeys(system for record in TASKS.values() for system in record.systems))


def _listed(name: str) -> str:
    if name not in TASKS:
        raise ValueError(f"must be one of {', '.join(TASKS)}")
    return name


# For fields that pydantic validates.
KnownTask = Annotated[Task, AfterValidator(_listed)]
