"""What counts as "same": one rule for the app, for the calibration's operating points, and for reports.

A candidate is "same" when its P(same) reaches the threshold. If the top two are close (less than `margin` apart),
their sum is compared with the threshold as well: then one of the two is probably right although neither reaches the
threshold alone, and both are shown.
"""

from __future__ import annotations

from collections.abc import Sequence

from assistant.records import Label


def decide(probabilities: Sequence[float | None], threshold: float, margin: float) -> list[Label]:
    """The label of each candidate of one question.

    `probabilities` are the candidates' P(same) in [0, 1], in falling order, with None (unjudged) last.
    """
    found: list[Label] = ["unjudged" if p is None else "same" if p >= threshold else "different" for p in probabilities]
    if too_close(probabilities, margin) and shown_from(probabilities, margin)[0] >= threshold:
        found[:2] = ["same", "same"]
    return found


def too_close(probabilities: Sequence[float | None], margin: float) -> bool:
    """Whether the first two of the candidates, in falling order, are less than `margin` apart."""
    first, second = [*probabilities, None, None][:2]
    return first is not None and second is not None and first - second < margin


def shown_from(probabilities: Sequence[float | None], margin: float) -> list[float]:
    """For each candidate, the highest threshold at which `decide` calls it "same"; -inf for an unjudged one.

    That is its own P(same), and the sum of both for each of the first two when they are close.
    """
    found = [float("-inf") if p is None else p for p in probabilities]
    if too_close(probabilities, margin):
        found[:2] = [found[0] + found[1]] * 2
    return found
