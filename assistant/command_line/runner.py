"""Runs a command: arguments, log, signals, and the exit codes of `exit_codes`."""

from __future__ import annotations

import argparse
import signal
import sys
import traceback
from collections.abc import Callable, Sequence
from types import FrameType
from typing import NoReturn

from assistant.command_line.exit_codes import BUSY, DONE, FAILED, INTERRUPTED, REFUSED, TERMINATED
from assistant.errors import BusyError, RefusedError, RespostaError
from assistant.logs import log_for_people, log_to_stderr

Work = Callable[[argparse.Namespace], int | None]


class Command:
    """A command line. A module that has one makes it `main` and ends with `main.run()`; nothing imports such a module.

    `name` is the module as `python -m` takes it, or the path of a file; `description` is shown by --help. `arguments`
    adds what the command takes to its parser, `work` does it and returns an exit code, or None for 0. `next_step`, a
    sentence shown after a stop or an unforeseen error, says what starting the command again does. A `server` runs
    until it is told to stop, so that SIGTERM is its normal end, and logs JSON lines.
    """

    def __init__(
        self,
        name: str,
        description: str,
        *,
        work: Work,
        arguments: Callable[[argparse.ArgumentParser], None] | None = None,
        next_step: str = "",
        server: bool = False,
    ) -> None:
        self.prog = f"python {name}" if name.endswith(".py") else f"python -m {name}"
        self._description = description
        self._work = work
        self._arguments = arguments
        self._next_step = next_step
        self._server = server

    def __call__(self, arguments: Sequence[str] | None = None) -> int:
        """Parse `arguments`, by default those of the process, and do the work; the exit code."""
        try:
            options = self._parser().parse_args(arguments)
        except SystemExit as shown:
            # argparse has printed the help or what is wrong.
            return DONE if shown.code is None else int(shown.code)
        try:
            code = self._work(options)
        except RefusedError as error:
            return _told(error, REFUSED)
        except BusyError as error:
            return _told(error, BUSY)
        except RespostaError as error:
            return _told(error, FAILED)
        except OSError as error:
            return self._told(f"{error}. Check the path and the space on the disk.", FAILED)
        except KeyboardInterrupt:
            return self._stopped(INTERRUPTED)
        except _Terminated:
            return self._stopped(DONE if self._server else TERMINATED)
        except Exception:
            traceback.print_exc()
            return self._told("Mend the cause above, or report it if it is a fault of Resposta.", FAILED)
        return DONE if code is None else code

    def run(self) -> NoReturn:
        """Be the process: set up the log, listen to SIGTERM, work, exit."""
        if self._server:
            log_to_stderr()
            # A server is often started as a background job, which a shell makes deaf to Ctrl-C.
            signal.signal(signal.SIGINT, signal.default_int_handler)
        else:
            log_for_people()
        signal.signal(signal.SIGTERM, _terminate)
        sys.exit(self())

    def _parser(self) -> argparse.ArgumentParser:
        parser = argparse.ArgumentParser(
            prog=self.prog, description=self._description, formatter_class=argparse.RawDescriptionHelpFormatter
        )
        if self._arguments:
            self._arguments(parser)
        return parser

    def _stopped(self, code: int) -> int:
        return code if self._server else self._told("Stopped.", code)

    def _told(self, what: str, code: int) -> int:
        return _told(f"{what} {self._next_step}".rstrip(), code)


class _Terminated(SystemExit):
    """SIGTERM. Code that catches it to clean up catches SystemExit."""


def _terminate(number: int, frame: FrameType | None) -> NoReturn:
    raise _Terminated(TERMINATED)


def _told(what: object, code: int) -> int:
    print(what, file=sys.stderr)
    return code
