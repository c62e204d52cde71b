"""Waits for notifications of stage moves, whichever process made them."""

from __future__ import annotations

import logging
import threading
from collections.abc import Iterator

import psycopg

from assistant.store.stage_moves import CHANNEL

log = logging.getLogger(__name__)

# A notification that a broken connection lost is made up for after this many seconds.
LOOK_SECONDS = 60.0
# The longest that a stop has to wait.
_PULSE_SECONDS = 0.5
_AGAIN_SECONDS = 5.0


def moves(conninfo: str, stopped: threading.Event) -> Iterator[bool]:
    """Yields at once, at every notification and every `LOOK_SECONDS`, until `stopped`; whether something was said of a
    version, or may have been while nobody listened.

    A lost connection is made again.
    """
    while not stopped.is_set():
        try:
            with psycopg.connect(conninfo, autocommit=True, application_name="resposta: moves") as connection:
                connection.execute(f"LISTEN {CHANNEL}")
                yield from _heard(connection, stopped)
        except psycopg.Error as error:
            log.warning("moves between stages are not heard of right now: %s", " ".join(str(error).split()))
            stopped.wait(_AGAIN_SECONDS)


def _heard(connection: psycopg.Connection, stopped: threading.Event) -> Iterator[bool]:
    yield True
    waited = 0.0
    while not stopped.is_set():
        # Several moves in a row need one look only.
        heard = list(connection.notifies(timeout=_PULSE_SECONDS, stop_after=1))
        waited += _PULSE_SECONDS
        if heard or waited >= LOOK_SECONDS:
            waited = 0.0
            yield bool(heard)
