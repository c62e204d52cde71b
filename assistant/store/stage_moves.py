"""Moves between stages, inside a transaction that the caller opened. Each writes its event and its notification."""

from __future__ import annotations

from typing import Any

import psycopg
from psycopg.types.json import Jsonb

from assistant.errors import InputError
from assistant.records import Task
from assistant.store.single_row import only_row
from assistant.store.stored_text import storable
from assistant.version_records import SHIPPED, Action, Stage, StageEvent

# Notified with the task's name whenever a version of it moved, or got what it may have lacked.
CHANNEL = "adapter_stage"

_MOVE_LOCK = 7_372_051_004

_INSERT_EVENT = """
INSERT INTO stage_event (digest, action, from_stage, to_stage, who, why, report, published)
VALUES (%s, %s, %s, %s, %s, %s, %s, %s)
"""


def lock(connection: psycopg.Connection) -> None:
    """One move at a time, until the transaction ends: two may want the same stage."""
    connection.execute("SELECT pg_advisory_xact_lock(%s)", (_MOVE_LOCK,))


def move(
    connection: psycopg.Connection,
    digest: str,
    action: Action,
    stage: Stage,
    who: str,
    why: str,
    report: dict[str, Any] | None = None,
) -> None:
    """Bring a version to `stage`; one that stands there alone makes room and is archived."""
    before = stage_of(connection, digest)
    if before == stage:
        raise InputError(f"Version {digest[:12]} is {stage} already; there is nothing to move.")
    (task,) = only_row(connection.execute("SELECT task FROM adapter_version WHERE digest = %s", (digest,)))
    holder = _holder(connection, task, stage) if stage in ("staging", "production") else None
    if holder:
        _set_stage(connection, holder, "archived")
        # A version that is rolled back was found bad; one that only makes room was not.
        left: Action = "archived" if action == "rolled back" else "displaced"
        note(connection, holder, left, stage, "archived", who, f"{digest[:12]} took its place: {why}")
    _set_stage(connection, digest, stage)
    note(connection, digest, action, before, stage, who, why, report)
    tell(connection, task)


def tell(connection: psycopg.Connection, task: Task) -> None:
    """Have running apps look at what is in production."""
    connection.execute("SELECT pg_notify(%s, %s)", (CHANNEL, task))


def roll_back(connection: psycopg.Connection, task: Task, who: str, why: str) -> str:
    """Bring back the production version before the present one; its digest."""
    earlier = production_line(connection, task)
    present = _holder(connection, task, "production")
    while earlier and earlier[-1] == present:
        earlier.pop()
    if not earlier:
        raise InputError(
            f"{task} has had no production version before this one: promote a version instead "
            "(`python -m training.registry list` shows them)."
        )
    move(connection, earlier[-1], "rolled back", "production", who, why)
    return earlier[-1]


def move_on(connection: psycopg.Connection, digest: str, who: str, why: str) -> bool:
    """Promote a shipped version where its task never had a production version, or has an older shipped one
    and never had this one: what a team chose, or took back, stays. Whether it was promoted."""
    task, created = only_row(
        connection.execute("SELECT task, created FROM adapter_version WHERE digest = %s", (digest,))
    )
    had = {event.digest for event in _arrivals(connection, task)}
    older_shipped = connection.execute(
        "SELECT 1 FROM adapter_version WHERE task = %s AND stage = 'production' AND origin = %s AND created < %s",
        (task, SHIPPED, created),
    ).fetchone()
    if had and (not older_shipped or digest in had):
        return False
    move(connection, digest, "promoted", "production", who, why)
    return True


def stage_of(connection: psycopg.Connection, digest: str) -> Stage:
    """Where a version stands. Raises `InputError` when it is not registered."""
    row = connection.execute("SELECT stage FROM adapter_version WHERE digest = %s", (digest,)).fetchone()
    if row is None:
        raise InputError(f"No version {digest[:12]} is registered: add it first.")
    return row[0]


def events(connection: psycopg.Connection, condition: str, value: str) -> list[StageEvent]:
    """Events, oldest first; `condition` is the store's own words."""
    rows = connection.execute(
        "SELECT digest, action, from_stage, to_stage, who, why, at, report, published FROM stage_event "
        f"{condition} ORDER BY id",
        (value,),
    ).fetchall()
    return [StageEvent(*row) for row in rows]


def note(
    connection: psycopg.Connection,
    digest: str,
    action: Action,
    before: Stage | None,
    after: Stage,
    who: str,
    why: str,
    report: dict[str, Any] | None = None,
    published: str | None = None,
) -> None:
    """Write one event."""
    kept = None if report is None else Jsonb(report)
    connection.execute(_INSERT_EVENT, (digest, action, before, after, storable(who), storable(why), kept, published))


def _set_stage(connection: psycopg.Connection, digest: str, stage: Stage) -> None:
    connection.execute("UPDATE adapter_version SET stage = %s WHERE digest = %s", (stage, digest))


def _holder(connection: psycopg.Connection, task: Task, stage: Stage) -> str | None:
    query = "SELECT digest FROM adapter_version WHERE task = %s AND stage = %s"
    row = connection.execute(query, (task, stage)).fetchone()
    return row[0] if row else None


def _arrivals(connection: psycopg.Connection, task: Task) -> list[StageEvent]:
    return events(
        connection,
        "WHERE to_stage = 'production' AND from_stage <> 'production' "
        "AND digest IN (SELECT digest FROM adapter_version WHERE task = %s)",
        task,
    )


def production_line(connection: psycopg.Connection, task: Task) -> list[str]:
    """The versions that led to the present production, oldest first. What was rolled back is no longer in it."""
    line: list[str] = []
    for event in _arrivals(connection, task):
        if event.action == "rolled back":
            while line[-1] != event.digest:
                line.pop()
        else:
            line.append(event.digest)
    return line
