"""The project's modules of the `evaluate` library: loaded without a network, against values known from elsewhere."""

from __future__ import annotations

import json
import math
import os
import subprocess
import sys

import evaluate
import pytest
from sklearn.metrics import accuracy_score, average_precision_score, brier_score_loss, f1_score, roc_auc_score

from assistant.errors import InputError
from tests.support.paths import ROOT

# Any connection fails, so whatever would be fetched is missed.
SCRIPT = """
import json, socket, sys

def refuse(*_):
    raise OSError("no network")

socket.socket.connect = socket.getaddrinfo = refuse
import evaluate

for line in sys.stdin:
    asked = json.loads(line)
    print(json.dumps(evaluate.load(asked.pop("path")).compute(**asked)))
"""


@pytest.fixture(scope="module")
def computed(tmp_path_factory: pytest.TempPathFactory):
    """What a fresh interpreter without a network and with an empty cache computes for each request."""

    def ask(*requests: dict) -> list[dict[str, float]]:
        environment = os.environ | {"HF_HUB_OFFLINE": "1", "HF_HOME": str(tmp_path_factory.mktemp("cache"))}
        done = subprocess.run(
            [sys.executable, "-c", SCRIPT],
            input="".join(json.dumps(request) + "\n" for request in requests),
            cwd=ROOT,
            env=environment,
            capture_output=True,
            text=True,
        )
        assert done.returncode == 0, done.stderr
        return [json.loads(line) for line in done.stdout.splitlines()]

    return ask


def test_the_modules_name_what_they_cannot_measure() -> None:
    pairs = evaluate.load(str(ROOT / "evals/metrics/question_pairs"))
    squad = evaluate.load(str(ROOT / "evals/metrics/squad_pt"))
    with pytest.raises(InputError, match="row 2 is nan"):
        pairs.compute(predictions=[0.5, math.nan], references=[True, False])
    for metric in (pairs, squad):
        with pytest.raises(InputError, match="There are no"):
            metric.compute(predictions=[], references=[])


def test_the_modules_load_without_a_network_and_compute_known_values(computed) -> None:
    probabilities, same = [0.9, 0.2, 0.6, 0.4, 0.7], [True, False, False, True, True]
    portuguese, english_free, absolute, pairs, unread, one_class = computed(
        {
            "path": "evals/metrics/squad_pt",
            # Right but for an article; 2 of 3 predicted and of 2 right words; rightly nothing; wrongly nothing.
            "predictions": ["os requisitos", "campus de Sorocaba", "", ""],
            "references": [["requisitos"], ["campus Sorocaba", "UFSCar"], [], ["1990"]],
        },
        {
            # The example that the published SQuAD metric is documented with.
            "path": "evals/metrics/squad_pt",
            "predictions": ["1976", "Beyonce"],
            "references": [["1976"], ["Beyoncé and Bruno Mars"]],
        },
        {"path": str(ROOT / "evals/metrics/squad_pt"), "predictions": ["não"], "references": [["nao"]]},
        {"path": "evals/metrics/question_pairs", "predictions": probabilities, "references": same},
        {
            "path": "evals/metrics/question_pairs",
            "predictions": [0.9, None, 0.6, 0.4],
            "references": [True, True, False, True],
            "threshold": 0.65,
        },
        {"path": "evals/metrics/question_pairs", "predictions": [0.9, 0.6], "references": [True, True]},
    )
    assert portuguese == {"exact_match": 0.5, "f1": pytest.approx((1 + 0.8 + 1 + 0) / 4)}
    assert english_free == {"exact_match": 0.5, "f1": 0.5}
    assert absolute == {"exact_match": 0.0, "f1": 0.0}

    decided = [probability >= 0.5 for probability in probabilities]
    assert pairs["accuracy"] == pytest.approx(accuracy_score(same, decided))
    assert pairs["f1"] == pytest.approx(f1_score(same, decided))
    assert pairs["roc_auc"] == pytest.approx(roc_auc_score(same, probabilities))
    assert pairs["average_precision"] == pytest.approx(average_precision_score(same, probabilities))
    assert pairs["brier"] == pytest.approx(brier_score_loss(same, probabilities))
    assert pairs["unreadable"] == 0

    # At 0.65 the last of three readable pairs is missed.
    assert (unread["accuracy"], unread["unreadable"]) == (pytest.approx(2 / 3), 0.25)
    assert one_class["accuracy"] == 1 and one_class["roc_auc"] != one_class["roc_auc"]
