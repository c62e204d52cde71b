"""What a command's exit code says. All commands use these and no others."""

from __future__ import annotations

import signal

DONE = 0
# The check that the command ran says no.
REFUSED = 1
# The user has to mend something, or an unforeseen error happened: Python's own 1 would say that a check failed.
FAILED = 2
# Another run holds what this one needs: trying again later will work (EX_TEMPFAIL of sysexits.h).
BUSY = 75


def of_signal(number: int) -> int:
    """The exit code of a command that the signal `number` stopped, as shells report it."""
    return 128 + number


# Ctrl-C and SIGTERM.
INTERRUPTED, TERMINATED = of_signal(signal.SIGINT), of_signal(signal.SIGTERM)
