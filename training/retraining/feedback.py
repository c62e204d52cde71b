"""The export of what agents made of suggestions, as training pairs."""

from __future__ import annotations

import datetime as dt
import json
import tempfile
from collections.abc import Sequence
from contextlib import suppress
from dataclasses import asdict, dataclass
from pathlib import Path

from assistant.bases.weights import files_sha256
from assistant.errors import InputError
from assistant.records import LANGUAGES, JudgedPair
from assistant.settings import Settings
from assistant.store.connection import Store
from assistant.versions.fingerprints import normalized
from evals.data.leaks import find_leaks
from evals.data.named_sets import open_rows, shop_pairs
from evals.data.published import QuestionPair
from evals.runs.measured_version import of_pairs

# What this module writes; a reader refuses what it does not know.
FORMAT = 1
MANIFEST = "manifest.json"
PAIRS = "pairs.jsonl"


@dataclass(frozen=True, slots=True)
class Export:
    """The record of an export, which lies beside its pairs. `until` is the last feedback's id."""

    format: int
    sha256: str
    pairs: int
    same: int
    repeated: int
    measuring: int
    until: int
    created: str


class NothingToExport(InputError):
    """Nobody has said anything yet that can train."""


def evaluation_pairs(files: Sequence[str], settings: Settings) -> list[QuestionPair]:
    """The rows that measure: the shop's, and those of data sets as `evals.run --data` takes them."""
    rows = [pair for language in LANGUAGES for pair in shop_pairs(language)]
    for file in files:
        rows += open_rows(file, settings).pairs
    return rows


def export(store: Store, home: Path, evaluation: Sequence[QuestionPair]) -> tuple[Path, Export]:
    """Write what agents said into a folder below `home` named by its content; the same again changes nothing.

    Raises `NothingToExport`.
    """
    latest: dict[tuple[str, ...], JudgedPair] = {}
    judged = 0
    for judged, pair in enumerate(store.judgements.pairs(), 1):  # noqa: B007
        # Whichever of the two was asked.
        latest[tuple(sorted((normalized(pair.asked), normalized(pair.past))))] = pair
    kept = _unmeasured(list(latest.values()), evaluation)
    if not kept:
        raise NothingToExport(
            f"There is nothing to learn from agents yet ({judged} pairs judged, {len(latest)} of them left out because "
            "they measure adapters): use, edit or reject answers on the Desk, then export again."
        )
    home.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(dir=home, prefix=".exporting-") as draft:
        whole = Path(draft) / "export"
        whole.mkdir()
        lines = [json.dumps(pair.as_row(), ensure_ascii=False) + "\n" for pair in kept]
        (whole / PAIRS).write_text("".join(lines), encoding="utf-8")
        told = Export(
            format=FORMAT,
            sha256=files_sha256([whole / PAIRS]),
            pairs=len(kept),
            same=sum(pair.same for pair in kept),
            repeated=judged - len(latest),
            measuring=len(latest) - len(kept),
            until=max(pair.feedback for pair in latest.values()),
            created=dt.datetime.now(dt.UTC).isoformat(timespec="seconds"),
        )
        (whole / MANIFEST).write_text(json.dumps(asdict(told), indent=1) + "\n", encoding="utf-8")
        folder = home / told.sha256[:12]
        # There is one already where nobody has said anything new.
        with suppress(OSError):
            whole.rename(folder)
    return folder, read_export(folder)


def read_export(folder: Path) -> Export:
    """The record of an export whose pairs are as they were written. Raises `InputError` when they are not."""
    try:
        told = Export(**json.loads((folder / MANIFEST).read_text(encoding="utf-8")))
        whole = told.format == FORMAT and files_sha256([folder / PAIRS]) == told.sha256
    except (OSError, ValueError, TypeError):
        whole = False
    if not whole:
        raise InputError(f"{folder} is no whole export of this version of Resposta: remove it and export again.")
    return told


def said_after(folder: Path, feedback: int) -> int:
    """How many of an export's pairs rest on a word that is newer than `feedback`, an id."""
    with (folder / PAIRS).open(encoding="utf-8") as stream:
        return sum(json.loads(line)["feedback"] > feedback for line in stream)


def _unmeasured(pairs: Sequence[JudgedPair], evaluation: Sequence[QuestionPair]) -> list[JudgedPair]:
    """Those that share no question with the rows that measure, nor nearly."""
    rows = [QuestionPair(pair.asked, pair.past, pair.same, pair.language) for pair in pairs]
    leaks = find_leaks(rows, lambda _: "", of_pairs(evaluation))
    measuring = {*leaks.rows, *leaks.dropped}
    return [pair for number, pair in enumerate(pairs) if number not in measuring]
