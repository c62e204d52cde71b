"""The whole way on the sample library: what an agent is shown for customers' own wordings.

    python -m evals.shop [--language en] [--limit N]

300 wordings have one right answer, 80 have none. Runs on a library of its own in a temporary folder. The figures at
the calibration's other thresholds come from the same pass.
"""

from __future__ import annotations

import argparse
import tempfile
from collections.abc import Iterable, Sequence
from pathlib import Path

from assistant.command_line.arguments import count
from assistant.command_line.progress_bars import progress_bar
from assistant.command_line.runner import Command
from assistant.judge.calibration import OperatingPoint
from assistant.judge.decision import decide
from assistant.records import LANGUAGES, Language, Part
from assistant.settings import Settings, load_settings
from assistant.store.connection import open_store
from assistant.wiring import open_desk
from evals.data.named_sets import near_twins, shop_wordings
from evals.data.published import Wording

# For the table by threshold.
AT_THRESHOLDS = (
    "right answer first",
    "right answer shown",
    "wrong answer shown",
    "first one right, where any is shown",
    "no answer exists: nothing shown",
)


def share(hits: Iterable[bool]) -> str:
    """A share with its counts, or a dash for no cases."""
    cases = list(hits)
    return f"{sum(cases) / len(cases):.3f} ({sum(cases)}/{len(cases)})" if cases else "–"


def measures(language: Language, shown: Sequence[tuple[Wording, Sequence[str]]]) -> dict[str, list[bool]]:
    """Whether each holds, for every wording it is asked of; `shown` are the ids of the answers shown, best first."""
    answerable = [(wording.answer_id, ids) for wording, ids in shown if wording.answer_id]
    paired = near_twins(language)
    return {
        "right answer first": [ids[:1] == [right] for right, ids in answerable],
        "right answer shown": [right in ids for right, ids in answerable],
        "wrong answer shown": [any(one != right for one in ids) for right, ids in answerable],
        "nothing shown": [not ids for _, ids in answerable],
        "wrong answer first": [bool(ids) and ids[0] != right for right, ids in answerable],
        "first one right, where any is shown": [ids[0] == right for right, ids in answerable if ids],
        "its near twin first": [
            ids[0] != right and ids[0] in paired[right] for right, ids in answerable if right in paired and ids
        ],
        "no answer exists: nothing shown": [not ids for wording, ids in shown if not wording.answer_id],
    }


def matches_at(part: Part, threshold: float, margin: float, most: int) -> list[str]:
    """The ids of the answers that the desk would have shown with this threshold on P(same), at most `most`."""
    verdicts = (*part.matches, *part.near_misses)
    decided = decide([verdict.probability for verdict in verdicts], threshold, margin)
    same = [verdict for verdict, label in zip(verdicts, decided, strict=True) if label == "same"]
    return [verdict.candidate.answer.id for verdict in same[:most]]


def report(language: Language, asked: Sequence[tuple[Wording, Part]]) -> None:
    """Print what was shown."""
    shown = [(wording, [v.candidate.answer.id for v in part.matches]) for wording, part in asked]
    answerable = [part for wording, part in asked if wording.answer_id]
    lines = measures(language, shown) | {"said too close to call": [part.ambiguous for part in answerable]}
    for name, hits in lines.items():
        print(f"{language}  {name:<36} {share(hits)}")


def report_thresholds(
    language: Language, asked: Sequence[tuple[Wording, Part]], points: Sequence[OperatingPoint], settings: Settings
) -> None:
    """Print what would have been shown at the calibration's other thresholds."""
    for point in points:
        margin, most = settings.margin(language), settings.max_matches
        shown = [(wording, matches_at(part, point.threshold, margin, most)) for wording, part in asked]
        found = measures(language, shown)
        print(f"{language}  precision {point.target:.2f}, threshold {point.threshold:.3f}")
        for name in AT_THRESHOLDS:
            print(f"{language}    {name:<36} {share(found[name])}")


def _arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("--language", choices=LANGUAGES, help="only this language")
    parser.add_argument("--limit", type=count, help="ask only the first N wordings of each language")


def _work(options: argparse.Namespace) -> None:
    with tempfile.TemporaryDirectory() as folder:
        # As many near misses as may be: at a lower threshold they are what is shown.
        settings = load_settings(data_dir=Path(folder), database_url=None, max_near_misses=10)
        with open_store(settings) as store, open_desk(settings, store, sample=True) as desk:
            for language in [options.language] if options.language else LANGUAGES:
                wordings = shop_wordings(language)[: options.limit]
                asked = [
                    # A wording may hold several questions; the part that shows most counts.
                    (wording, max(desk.suggest(wording.query, language).parts, key=lambda part: len(part.matches)))
                    for wording in progress_bar(wordings, unit="query", desc=language)
                ]
                report(language, asked)
                report_thresholds(language, asked, desk.operating_points(language), settings)


main = Command("evals.shop", __doc__, arguments=_arguments, work=_work)

if __name__ == "__main__":
    main.run()
