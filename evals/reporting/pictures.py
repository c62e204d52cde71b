"""Pictures of trainings and evaluations as PNG files."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np
from matplotlib import colormaps
from matplotlib.axes import Axes
from matplotlib.backends.backend_agg import FigureCanvasAgg
from matplotlib.figure import Figure
from matplotlib.lines import Line2D

# Okabe and Ito's colours, which people with colour blindness can tell apart (jfly.uni-koeln.de/color).
COLOURS = ("#0072B2", "#D55E00", "#009E73", "#CC79A7", "#E69F00", "#56B4E9", "#000000")
INK, LINES = "#333333", "#DDDDDD"


def loss_curves(histories: Mapping[str, Sequence[Mapping[str, Any]]], path: Path) -> None:
    """Draw the training (solid) and validation (dashed) loss of one or several runs over their epochs.

    `histories` maps a run's name to the trainer's `log_history`; entries without a loss are passed over.
    """
    figure, axes = _canvas(width=8.0, height=4.5)
    handles = []
    many = len(histories) > len(COLOURS)
    colours = colormaps["turbo"](np.linspace(0.05, 0.95, len(histories))) if many else COLOURS
    for (name, history), colour in zip(histories.items(), colours, strict=False):
        axes.plot(*_curve(history, "loss"), color=colour, linewidth=1.2)
        axes.plot(*_curve(history, "eval_loss"), color=colour, linewidth=1.6, linestyle="--", marker="o", markersize=4)
        handles.append(Line2D([], [], color=colour, linewidth=3, label=name))
    handles.append(Line2D([], [], color=INK, linewidth=1.2, label="training"))
    handles.append(
        Line2D([], [], color=INK, linewidth=1.6, linestyle="--", marker="o", markersize=4, label="validation")
    )
    axes.set_title("Training and validation loss", loc="left", color=INK)
    axes.set_xlabel("Epoch", color=INK)
    axes.set_ylabel("Loss (nats per token)", color=INK)
    axes.grid(color=LINES, linewidth=0.6)
    axes.legend(handles=handles, loc="upper left", bbox_to_anchor=(1.01, 1.0), frameon=False, labelcolor=INK)
    _write(figure, path)


def confusion(matrix: Sequence[Sequence[int]], labels: Sequence[str], path: Path) -> None:
    """Draw a 2 x 2 confusion matrix: rows are the truth, columns the prediction, both in the order of `labels`.

    Every cell shows its count and its share of the row; a cell is the darker the larger the share.
    """
    counts = np.asarray(matrix)
    shares = counts / np.maximum(counts.sum(axis=1, keepdims=True), 1)
    figure, axes = _canvas(width=4.6, height=4.2)
    axes.imshow(shares, cmap="Blues", vmin=0.0, vmax=1.0)
    for row, column in np.ndindex(2, 2):
        axes.text(
            column,
            row,
            f"{counts[row, column]:,}\n{shares[row, column]:.1%}",
            ha="center",
            va="center",
            fontsize=12,
            color="white" if shares[row, column] > 0.55 else INK,
        )
    axes.set_xticks([0, 1], labels)
    axes.set_yticks([0, 1], labels, rotation=90, va="center")
    axes.set_title(f"{counts.sum():,} cases", loc="left", color=INK)
    axes.set_xlabel("Predicted", color=INK)
    axes.set_ylabel("True", color=INK)
    axes.tick_params(length=0)
    _write(figure, path)


def rankings(curves: Mapping[str, Mapping[str, Any]], path: Path) -> None:
    """Draw the ROC and the precision-recall curve of several sets of rows side by side.

    `curves` maps a name to what `evals.reporting.curves.pair_curves` gives for it; a curve without points is passed
    over.
    """
    figure, (left, right) = _canvas(width=9.0, height=4.2, columns=2)
    for (name, found), colour in zip(curves.items(), COLOURS, strict=False):
        for axes, points in ((left, found["roc"]), (right, found["precision_recall"])):
            if points:
                axes.plot(*zip(*points, strict=True), color=colour, linewidth=1.6, label=name)
    left.plot([0, 1], [0, 1], color=LINES, linewidth=1.2, linestyle="--")
    for axes, titles in (
        (left, ("ROC", "False matches (share of different pairs)", "Matches found (share of same pairs)")),
        (right, ("Precision and recall", "Recall", "Precision")),
    ):
        _titled(axes, *titles)
        axes.set(xlim=(-0.02, 1.02), ylim=(-0.02, 1.02))
        if axes.get_legend_handles_labels()[0]:
            axes.legend(frameon=False, labelcolor=INK)
    _write(figure, path)


def reliability_chart(points: Sequence[Sequence[float]], path: Path) -> None:
    """Draw how often pairs were the same against the probability that was said; `points` as
    `evals.measures.classification.reliability` gives them. A dot is the larger the more rows it stands for."""
    figure, axes = _canvas(width=4.8, height=4.4)
    axes.plot([0, 1], [0, 1], color=LINES, linewidth=1.2, linestyle="--")
    said, found, rows = (np.asarray(column, float) for column in zip(*points, strict=True))
    axes.plot(said, found, color=COLOURS[0], linewidth=1.2)
    axes.scatter(said, found, s=20 + 380 * rows / rows.sum(), color=COLOURS[0], alpha=0.75, edgecolor="white")
    _titled(axes, "Reliability", "P(same) that was said", "Share that was the same")
    axes.set(xlim=(-0.02, 1.02), ylim=(-0.02, 1.02))
    _write(figure, path)


def bars(groups: Mapping[str, Mapping[str, tuple[float, tuple[float, float] | None]]], title: str, path: Path) -> None:
    """Draw figures in [0, 1] as horizontal bars, one group by measure: {measure: {name: (value, interval or None)}}."""
    names = list(dict.fromkeys(name for group in groups.values() for name in group))
    figure, all_axes = _canvas(width=1.6 + 3.0 * len(groups), height=1.2 + 0.34 * len(names), columns=len(groups))
    for axes, (measure, group) in zip(np.atleast_1d(all_axes), groups.items(), strict=True):
        for place, name in enumerate(names):
            if name not in group:
                continue
            value, interval = group[name]
            axes.barh(place, value, color=COLOURS[place % len(COLOURS)], alpha=0.85, height=0.7)
            if interval:
                axes.plot(interval, [place, place], color=INK, linewidth=1.4)
            axes.text(0.015, place, f"{value:.3f}", va="center", color="white", fontsize=9, fontweight="bold")
        axes.set_yticks(range(len(names)), names if axes is np.atleast_1d(all_axes)[0] else [""] * len(names))
        axes.invert_yaxis()
        axes.set_xlim(0, 1)
        axes.set_title(measure, loc="left", color=INK)
    figure.suptitle(title, x=0.01, ha="left", color=INK)
    _write(figure, path)


def _titled(axes: Axes, title: str, across: str, upwards: str) -> None:
    axes.set_title(title, loc="left", color=INK)
    axes.set_xlabel(across, color=INK)
    axes.set_ylabel(upwards, color=INK)
    axes.grid(color=LINES, linewidth=0.6)


def _canvas(width: float, height: float, columns: int = 1) -> tuple[Figure, Any]:
    """A figure of its own, in inches, with its axes (an array for several columns); pyplot would keep it in a list
    that all callers share."""
    figure = Figure(figsize=(width, height), dpi=120, layout="constrained")
    FigureCanvasAgg(figure)
    found = figure.subplots(1, columns)
    for axes in np.atleast_1d(found):
        axes.spines[["top", "right"]].set_visible(False)
        axes.spines[["left", "bottom"]].set_color(LINES)
        axes.tick_params(colors=INK)
    return figure, found


def _curve(history: Sequence[Mapping[str, Any]], key: str) -> tuple[list[float], list[float]]:
    points = [(entry["epoch"], entry[key]) for entry in history if key in entry]
    return [epoch for epoch, _ in points], [loss for _, loss in points]


def _write(figure: Figure, path: Path) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    figure.savefig(path, format="png", facecolor="white")
