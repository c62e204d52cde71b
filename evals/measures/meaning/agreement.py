"""Whether an answer means the same as a gold answer, for Portuguese question answering.

    python -m evals.measures.meaning.agreement [FILE.jsonl] [--chat]

Prints the agreement with the 60 hand-marked cases of evals/data, or with those of a file, by our own similarity adapter
behind a few rules; the adapter alone, exact match and F1 beside it, and with --chat the OpenAI-compatible model of the
settings. The 60 cases measure; the rules and the threshold were chosen on others, semantic_match_dev_pt.jsonl.
"""

from __future__ import annotations

import argparse
import json
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

from sklearn.metrics import cohen_kappa_score, confusion_matrix

from assistant.command_line.progress_bars import progress_bar
from assistant.command_line.runner import Command
from assistant.errors import InputError
from assistant.serving.choose import open_model
from assistant.settings import Settings, load_settings
from evals.data.squad import exact_match, f1
from evals.measures.meaning.by_chat import open_chat_meaning
from evals.measures.meaning.match import Meaning, by_adapter, by_rule_first, semantic_match

CASES = Path(__file__).resolve().parents[2] / "data" / "semantic_match_pt.jsonl"
OURS = "semantic match"


@dataclass(frozen=True, slots=True)
class MeaningCase:
    """A hand-marked answer. `kind` says how it differs from the gold answer."""

    question: str
    gold: str
    prediction: str
    same: bool
    kind: str


@dataclass(frozen=True, slots=True)
class MeaningAgreement:
    """With people's marks: `accuracy` and Cohen's (1960) `kappa` over the cases that could be told, None without one;
    `confusion` is [[tn, fp], [fn, tp]] of "means the same"."""

    accuracy: float | None
    kappa: float | None
    confusion: tuple[tuple[int, int], tuple[int, int]]
    unreadable: int
    cases: int


def agreement(cases: Sequence[MeaningCase], said: Sequence[bool | None]) -> MeaningAgreement:
    """How far `said` agrees with the marks."""
    told = [(case.same, one) for case, one in zip(cases, said, strict=True) if one is not None]
    marks, given = [mark for mark, _ in told], [one for _, one in told]
    (tn, fp), (fn, tp) = confusion_matrix(marks, given, labels=[False, True]).tolist() if told else ((0, 0), (0, 0))
    return MeaningAgreement(
        (tp + tn) / len(told) if told else None,
        float(cohen_kappa_score(marks, given)) if len({*marks, *given}) > 1 else None,
        ((tn, fp), (fn, tp)),
        len(cases) - len(told),
        len(cases),
    )


def load_cases(path: Path = CASES) -> list[MeaningCase]:
    """JSONL with question, gold, prediction, same and kind. Raises `InputError` for another file."""
    try:
        return [MeaningCase(**json.loads(line)) for line in path.read_text(encoding="utf-8").splitlines() if line]
    except (FileNotFoundError, TypeError, json.JSONDecodeError) as error:
        raise InputError(
            f"{path} holds no marked answers ({error}): give JSONL with question, gold, prediction, same and kind."
        ) from None


def _arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("file", type=Path, nargs="?", default=CASES, help="marked cases (default: the 60)")
    parser.add_argument("--chat", action="store_true", help="ask the chat model of the settings as well")
    parser.add_argument("--yes", action="store_true", help="send it what was never asked, for the price shown")


def _work(options: argparse.Namespace) -> None:
    settings = load_settings()
    cases = load_cases(options.file)
    said = {name: _said(cases, meaning) for name, meaning in _meanings(settings, cases, options.chat, options.yes)}
    compared: dict[str, list[bool | None]] = dict(said)
    compared["exact match"] = [exact_match(case.prediction, [case.gold]) == 1 for case in cases]
    compared["F1 of 0.5 or more"] = [f1(case.prediction, [case.gold]) >= 0.5 for case in cases]
    print(f"{len(cases)} cases, {sum(case.same for case in cases)} of which mean the same")
    for name, answers in compared.items():
        print(_shown(name, agreement(cases, answers)))
    by_kind: dict[str, list[bool]] = {}
    for case, one in zip(cases, said[OURS], strict=True):
        by_kind.setdefault(case.kind, []).append(one == case.same)
    print("right by kind:", ", ".join(f"{kind} {sum(right)}/{len(right)}" for kind, right in by_kind.items()))


def _meanings(
    settings: Settings, cases: Sequence[MeaningCase], chat: bool, paid: bool
) -> Iterator[tuple[str, Meaning]]:
    """What can judge, by name; what costs money first, so that it asks before the machine has worked."""
    if chat:
        asked = [(case.question, case.gold, case.prediction) for case in cases]
        with open_chat_meaning(settings, asked, paid) as meaning:
            yield str(settings.teacher_model), meaning
    with open_model(settings) as model:
        alone = by_adapter(model)
        yield OURS, by_rule_first(alone)
        yield "the adapter alone", alone


def _said(cases: Sequence[MeaningCase], meaning: Meaning) -> list[bool | None]:
    bar = progress_bar(cases, unit="case")
    return [semantic_match(case.question, [case.gold], case.prediction, meaning) for case in bar]


def _shown(name: str, found: MeaningAgreement) -> str:
    (tn, fp), (fn, tp) = found.confusion
    figures = ["none" if value is None else f"{value:.3f}" for value in (found.accuracy, found.kappa)]
    return (
        f"{name}: accuracy {figures[0]}  kappa {figures[1]}  rightly the same {tp}, wrongly {fp}, "
        f"rightly different {tn}, wrongly {fn}, unreadable {found.unreadable}"
    )


main = Command("evals.measures.meaning.agreement", __doc__, arguments=_arguments, work=_work)

if __name__ == "__main__":
    main.run()
