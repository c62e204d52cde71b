"""Pictures of a training as PNG files: loss curves and confusion matrices."""

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


def _canvas(width: float, height: float) -> tuple[Figure, Axes]:
    """A figure of its own, in inches; pyplot would keep it in a list that all callers share."""
    figure = Figure(figsize=(width, height), dpi=120, layout="constrained")
    FigureCanvasAgg(figure)
    axes = figure.add_subplot()
    axes.spines[["top", "right"]].set_visible(False)
    axes.spines[["left", "bottom"]].set_color(LINES)
    axes.tick_params(colors=INK)
    return figure, axes


def _curve(history: Sequence[Mapping[str, Any]], key: str) -> tuple[list[float], list[float]]:
    points = [(entry["epoch"], entry[key]) for entry in history if key in entry]
    return [epoch for epoch, _ in points], [loss for _, loss in points]


def _write(figure: Figure, path: Path) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    figure.savefig(path, format="png", facecolor="white")
