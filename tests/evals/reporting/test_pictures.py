"""Loss curves and confusion matrices as PNG files, read back as pixels."""

from __future__ import annotations

from pathlib import Path

from PIL import Image

from evals.reporting.pictures import COLOURS, confusion, loss_curves


def has_colour(image: Image.Image, colour: str) -> bool:
    wanted = tuple(int(colour[at : at + 2], 16) for at in (1, 3, 5))
    return wanted in {pixel for _, pixel in image.convert("RGB").getcolors(1 << 24)}


def test_the_curves_of_all_runs_are_in_one_picture(tmp_path: Path) -> None:
    trained = [{"loss": 3.0 - epoch, "epoch": epoch, "step": epoch} for epoch in (1, 2)]
    validated = [{"eval_loss": 2.5, "epoch": 1, "step": 1}, {"eval_loss": 2.0, "epoch": 2, "step": 2}]
    whole_run = [{"train_runtime": 3.0, "epoch": 2, "step": 2}]
    loss_curves({"one": trained + whole_run, "two": validated}, tmp_path / "new" / "loss.png")
    with Image.open(tmp_path / "new" / "loss.png") as image:
        assert image.format == "PNG"
        plot = image.crop((0, 0, image.width // 2, image.height))  # without the legend
        assert [has_colour(plot, colour) for colour in COLOURS[:3]] == [True, True, False]


def test_a_fuller_cell_is_darker(tmp_path: Path) -> None:
    confusion([[9, 1], [2, 8]], ["different", "same"], tmp_path / "confusion.png")
    with Image.open(tmp_path / "confusion.png") as image:
        grey = image.convert("L")
    left, right, top, bottom = grey.width // 4, grey.width * 3 // 4, grey.height // 6, grey.height * 3 // 4
    # Beside the numbers, in each cell.
    assert grey.getpixel((left, top)) < grey.getpixel((left, bottom))
    assert grey.getpixel((right, bottom)) < grey.getpixel((right, top))
