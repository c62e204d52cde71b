"""Run the app here as a Space would: its files and requirements alone, read-only, without rights. Needs root.

    python spaces/rehearse.py [--repo OWNER/NAME] [--port 7860] [--user nobody] [--folder FOLDER]

The first time it makes the Space's environment, which takes minutes and is kept. Then the app is started twice, without
and with converted weights, and asked a question in each language. Exit code 0 when everything answers within the aims,
1 when something fails or an aim is missed, 2 when no rehearsal can be held here.
"""

from __future__ import annotations

import argparse
import shutil
import sys
import time
from dataclasses import dataclass
from pathlib import Path

# Run by its path, a script finds only its own folder.
sys.path.insert(0, str(Path(__file__).resolve().parents[1]))

from assistant.command_line.exit_codes import DONE, REFUSED
from assistant.command_line.runner import Command
from space_environment import FOLDER, RehearsalError, made_environment
from space_measures import Memory, disk
from space_process import USER, LocalSpace, Started, laid_out, running

# Both stand in the sample library as they are.
QUESTIONS = (
    "The cycling helmet is too small, can I swap it for a bigger size of the same one?",
    "Perdi o boleto, que ainda não venceu. Como consigo outro?",
)
TEXT = "A troca pode ser pedida em até 30 dias depois da entrega, com a nota fiscal."
# On two cores, as the free hardware has; it has 16 GiB of memory, half of which are for the container's other needs.
MOST_SECONDS, MOST_MIB = 90, 8 * 1024


@dataclass(frozen=True, slots=True)
class Figure:
    """Something measured; `aim` is the most it may be, None for what is only told."""

    what: str
    value: float
    unit: str
    aim: float | None = None

    @property
    def missed(self) -> bool:
        return self.aim is not None and self.value > self.aim


def rehearse(space: LocalSpace, port: int) -> list[Figure]:
    """Start twice and ask; what it took.

    Raises `RehearsalError` when a start fails or a question is not answered.
    """
    memory = Memory()
    with memory.watching(space):
        with running(space, port) as app:
            first = first_answer(app)
        # A restarted Space has an empty database again.
        shutil.rmtree(space.plan.variables["DATA_DIR"])
        with running(space, port) as app:
            second = first_answer(app)
    return [
        Figure("very first start to first answer", first, "s"),
        Figure("start to first answer, weights in place", second, "s", MOST_SECONDS),
        Figure("peak memory, database included", memory.peak, "MiB", MOST_MIB),
        Figure("disk: environment", disk(space.python.parents[1]), "MiB"),
        Figure("disk: files", disk(space.tree), "MiB"),
        Figure("disk: written by the app", disk(space.writable), "MiB"),
    ]


def first_answer(app: Started) -> float:
    """Seconds from the app's start to its first answer; what else a visitor may call is called as well.

    Raises `RehearsalError` when one of the answers is not what the sample library or the text says.
    """
    from gradio_client import Client

    seconds = []
    client = Client(app.url, verbose=False)
    for question in QUESTIONS:
        matches = client.predict(question, api_name="/suggest")["matches"]
        if question not in [match["question"] for match in matches]:
            raise RehearsalError(f"“{question}” was not answered with what the sample library says of it.")
        seconds.append(time.monotonic() - app.begun)
    for wanted, reply in (
        ("30 dias", client.predict("Em quanto tempo posso pedir a troca?", TEXT, api_name="/answer")),
        (QUESTIONS[1], client.predict("boleto", api_name="/search")),
    ):
        if wanted not in str(reply):
            raise RehearsalError(f"“{wanted}” is not in what the app replied: {reply}")
    return seconds[0]


def _arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("--repo", default="resposta/resposta", metavar="OWNER/NAME", help="default: %(default)s")
    parser.add_argument("--port", type=int, default=7860, help="default: %(default)s")
    parser.add_argument("--user", default=USER, help="who runs the app (default: %(default)s)")
    parser.add_argument("--folder", type=Path, default=FOLDER, help="default: %(default)s")


def _work(options: argparse.Namespace) -> int:
    """Lay out, rehearse, print."""
    python = made_environment(options.folder)
    with laid_out(options.folder, python, options.repo, options.user) as space:
        figures = rehearse(space, options.port)
    for figure in figures:
        aim = f"at most {figure.aim:,} {figure.unit}" if figure.aim else ""
        print(f"{figure.what:<42}{figure.value:>8,.0f} {figure.unit:<4}  {aim}{'  MISSED' if figure.missed else ''}")
    return REFUSED if any(figure.missed for figure in figures) else DONE


main = Command("spaces/rehearse.py", __doc__, arguments=_arguments, work=_work)

if __name__ == "__main__":
    main.run()
