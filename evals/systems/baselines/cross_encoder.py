"""A cross-encoder: one small encoder reads both questions together and gives P(same).

Nogueira and Cho 2019 (arXiv:1901.04085). Its folder is written by `python -m training.cross_encoder`.
"""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

import torch
from transformers import (
    AutoModelForSequenceClassification,
    AutoTokenizer,
    BatchEncoding,
    PreTrainedModel,
    PreTrainedTokenizerBase,
)

from assistant.bases.weights import files_sha256
from assistant.errors import ModelError
from assistant.judge.calibration import sigmoid
from evals.data.published import QuestionPair

RECORD, WEIGHTS = "cross_encoder.json", "model.safetensors"

# Tokens of both questions together; Quora's longest have about this many. Longer ones are cut.
MAX_TOKENS = 256
TOGETHER = 64


@dataclass(frozen=True, slots=True, kw_only=True)
class Record:
    """What a folder says of itself. P(same) = sigmoid(`scale` * logit + `offset`), Platt's fit on held-out pairs.

    `data_sha256` names the bytes of the training file, `rows` how many pairs of it trained; `heldout` are figures on
    those that did not. `commit` is the code's git commit, "" when unknown.
    """

    base: str
    seed: int
    scale: float
    offset: float
    parameters: dict[str, Any]
    rows: int
    data_sha256: str
    heldout: dict[str, float]
    created: str
    commit: str

    def write(self, folder: Path) -> None:
        (folder / RECORD).write_text(json.dumps(asdict(self), indent=1) + "\n", encoding="utf-8")


def read_record(folder: Path) -> Record:
    """Raises `ModelError` when the folder holds none."""
    try:
        return Record(**json.loads((folder / RECORD).read_text(encoding="utf-8")))
    except (OSError, ValueError, TypeError) as error:
        raise ModelError(
            f"{folder} holds no cross-encoder ({error}): train one with "
            "`python -m training.cross_encoder QQP/train.csv --out FOLDER`."
        ) from None


class CrossEncoder:
    """The system "cross-encoder". Not thread-safe."""

    name = "cross-encoder"

    def __init__(self, folder: Path, threads: int) -> None:
        self._record = read_record(folder)
        device = "cuda" if torch.cuda.is_available() else "cpu"
        if device == "cpu":
            torch.set_num_threads(threads)
        self._tokenizer = AutoTokenizer.from_pretrained(folder)
        self._model = (
            AutoModelForSequenceClassification.from_pretrained(folder, use_safetensors=True, trust_remote_code=False)
            .to(device)
            .eval()
        )
        self._digest = files_sha256([folder / WEIGHTS])

    @property
    def model(self) -> dict[str, Any]:
        return {
            "version": self._digest,
            "name": f"cross-encoder, seed {self._record.seed}",
            "base": self._record.base,
            "device": str(self._model.device),
        }

    def logits(self, pairs: Sequence[QuestionPair]) -> list[float]:
        """The calibrated logit of P(same) of each pair."""
        raw = pair_logits(self._model, self._tokenizer, [(pair.question1, pair.question2) for pair in pairs])
        return [self._record.scale * logit + self._record.offset for logit in raw]

    def probabilities(self, pairs: Sequence[QuestionPair]) -> list[float | None]:
        return [sigmoid(logit) for logit in self.logits(pairs)]


def pair_logits(
    model: PreTrainedModel, tokenizer: PreTrainedTokenizerBase, pairs: Sequence[tuple[str, str]]
) -> list[float]:
    """The model's own logit of every pair, the mean of both orders: which question came first says nothing."""
    both = [*pairs, *((second, first) for first, second in pairs)]
    # Pairs of a length share a batch, so that little of it is padding.
    order = sorted(range(len(both)), key=lambda place: sum(map(len, both[place])))
    logits = [0.0] * len(both)
    with torch.inference_mode():
        for start in range(0, len(order), TOGETHER):
            places = order[start : start + TOGETHER]
            found = model(**encode(tokenizer, [both[place] for place in places]).to(model.device)).logits[:, 0]
            for place, logit in zip(places, found.float().tolist(), strict=True):
                logits[place] = logit
    return [(one + other) / 2 for one, other in zip(logits[: len(pairs)], logits[len(pairs) :], strict=True)]


def encode(tokenizer: PreTrainedTokenizerBase, pairs: Sequence[tuple[str, str]]) -> BatchEncoding:
    """One padded batch, as training and measuring give it to the model."""
    first, second = zip(*pairs, strict=True)
    return tokenizer(
        list(first), list(second), padding=True, truncation="longest_first", max_length=MAX_TOKENS, return_tensors="pt"
    )
