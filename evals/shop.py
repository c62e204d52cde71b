"""The whole way on the sample library: what an agent is shown for customers' own wordings.

    python -m evals.shop [--language en] [--limit N]

300 wordings have one right answer, 80 have none. Runs on a library of its own in a temporary folder.
"""

from __future__ import annotations

import argparse
import json
import tempfile
from collections.abc import Iterable
from pathlib import Path

from tqdm import tqdm

from assistant.assembly import open_desk
from assistant.records import LANGUAGES, Language, Part
from assistant.settings import load_settings
from assistant.store.connection import open_store
from evals.datasets import Wording, load_wordings

DATA = Path(__file__).with_name("data")


def rivals(language: Language) -> dict[str, set[str]]:
    """For each answer of a decisive pair, those it must not be taken for."""
    others: dict[str, set[str]] = {}
    with (DATA / f"shop_decisive_pairs_{language}.jsonl").open(encoding="utf-8") as stream:
        for row in map(json.loads, stream):
            others.setdefault(row["a"], set()).add(row["b"])
            others.setdefault(row["b"], set()).add(row["a"])
    return others


def share(hits: Iterable[bool]) -> str:
    """A share with its counts, or a dash for no cases."""
    cases = list(hits)
    return f"{sum(cases) / len(cases):.3f} ({sum(cases)}/{len(cases)})" if cases else "–"


def report(language: Language, asked: list[tuple[Wording, Part]]) -> None:
    shown = [(wording, [v.candidate.answer.id for v in part.matches], part) for wording, part in asked]
    answerable = [(w.answer_id, ids, part) for w, ids, part in shown if w.answer_id]
    paired = rivals(language)
    lines = {
        "right answer first": (ids[:1] == [right] for right, ids, _ in answerable),
        "right answer shown": (right in ids for right, ids, _ in answerable),
        "nothing shown": (not ids for _, ids, _ in answerable),
        "wrong answer first": (bool(ids) and ids[0] != right for right, ids, _ in answerable),
        "first one right, where any is shown": (ids[0] == right for right, ids, _ in answerable if ids),
        "its near twin first": (
            ids[:1] != [right] and ids[0] in paired[right] for right, ids, _ in answerable if right in paired and ids
        ),
        "said too close to call": (part.ambiguous for _, _, part in answerable),
        "no answer exists: nothing shown": (not ids for w, ids, _ in shown if not w.answer_id),
    }
    for name, hits in lines.items():
        print(f"{language}  {name:<36} {share(hits)}")


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--language", choices=LANGUAGES, help="only this language")
    parser.add_argument("--limit", type=int, help="ask only the first N wordings of each language")
    options = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        settings = load_settings(data_dir=Path(folder), database_url=None)
        with open_store(settings) as store, open_desk(settings, store, sample=True) as desk:
            for language in [options.language] if options.language else LANGUAGES:
                wordings = load_wordings(DATA / f"shop_queries_{language}.jsonl")[: options.limit]
                asked = [
                    # A wording may hold several questions; the part that shows most counts.
                    (wording, max(desk.suggest(wording.query, language).parts, key=lambda part: len(part.matches)))
                    for wording in tqdm(wordings, unit="query", desc=language)
                ]
                report(language, asked)


if __name__ == "__main__":
    main()
