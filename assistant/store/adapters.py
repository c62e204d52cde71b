"""The adapter registry's tables."""

from __future__ import annotations

import dataclasses
from collections.abc import Callable, Iterable, Iterator
from threading import Event
from typing import Any, Literal

from psycopg.rows import namedtuple_row
from psycopg.types.json import Jsonb
from psycopg_pool import ConnectionPool

from assistant.records import Task
from assistant.store import stage_moves, stage_notifications
from assistant.store.stored_text import storable
from assistant.version_records import (
    Action,
    AdapterVersion,
    Fingerprints,
    Kind,
    RegisteredVersion,
    Stage,
    StageEvent,
    taken_out,
)

_FIELDS = tuple(field.name for field in dataclasses.fields(AdapterVersion))
_COLUMNS = tuple("git_commit" if name == "commit" else name for name in _FIELDS)
_SELECT = f"SELECT {', '.join(_COLUMNS)}, stage, origin, added_at FROM adapter_version"
_INSERT_VERSION = (
    f"INSERT INTO adapter_version ({', '.join(_COLUMNS)}, stage, origin) "
    f"VALUES ({', '.join('%s' for _ in _COLUMNS)}, 'candidate', %s) ON CONFLICT (digest) DO NOTHING"
)
_HASHES: dict[Kind, str] = {"row": "row_hashes", "question": "question_hashes"}


class Adapters:
    """Adapter versions and their stages. Digests are given whole. Safe for many threads and processes.

    Every change is one transaction with its event and its notification on `stage_moves.CHANNEL`.
    """

    def __init__(self, pool: ConnectionPool) -> None:
        self._pool = pool

    def add(self, version: AdapterVersion, fingerprints: Fingerprints, origin: str, who: str, why: str) -> bool:
        """Keep a new version with its fingerprints as a candidate; False when it is known already."""
        values = (_plain(getattr(version, name)) for name in _FIELDS)
        with self._pool.connection() as connection:
            done = connection.execute(_INSERT_VERSION, (*values, storable(origin)))
            if not done.rowcount:
                return False
            connection.execute(
                "INSERT INTO adapter_fingerprints (digest, row_hashes, question_hashes) VALUES (%s, %s, %s)",
                (version.digest, [*map(_number, fingerprints.rows)], [*map(_number, fingerprints.questions)]),
            )
            stage_moves.note(connection, version.digest, "added", None, "candidate", who, why)
        return True

    def find(self, beginning: str) -> list[RegisteredVersion]:
        """Versions whose digest begins with these hex digits."""
        return self._select("WHERE starts_with(digest, %s)", beginning)

    def at(self, task: Task, stage: Stage) -> list[RegisteredVersion]:
        return self._select("WHERE task = %s AND stage = %s", task, stage)

    def all(self) -> list[RegisteredVersion]:
        """Every version, by task, newest first."""
        return self._select("")

    def events(self, digest: str) -> list[StageEvent]:
        """What happened to a version, oldest first."""
        with self._pool.connection() as connection:
            return stage_moves.events(connection, "WHERE digest = %s", digest)

    def move(
        self, digest: str, action: Action, stage: Stage, who: str, why: str, report: dict[str, Any] | None = None
    ) -> None:
        """Bring a version to `stage`; a version that stood there alone is archived.

        Raises `InputError` when it stands there already or is not registered.
        """
        with self._pool.connection() as connection:
            stage_moves.lock(connection)
            stage_moves.move(connection, digest, action, stage, who, why, report)

    def roll_back(self, task: Task, who: str, why: str, check: Callable[[AdapterVersion], None]) -> str:
        """Bring back the production version before the present one; its digest.

        Raises `InputError` when there was none. What `check` raises of it leaves all as it was.
        """
        with self._pool.connection() as connection:
            stage_moves.lock(connection)
            digest = stage_moves.roll_back(connection, task, who, why)
            check(self.find(digest)[0].version)
            return digest

    def move_on(self, digest: str, who: str, why: str) -> bool:
        """Promote a shipped version unless its task's production version was somebody's choice; whether it was."""
        with self._pool.connection() as connection:
            stage_moves.lock(connection)
            return stage_moves.move_on(connection, digest, who, why)

    def note(
        self,
        digest: str,
        action: Literal["published", "calibrated", "refused"],
        who: str,
        why: str,
        report: dict[str, Any] | None = None,
        published: str | None = None,
    ) -> None:
        """Record what happened to a version where it stands; `published` is REPO@COMMIT."""
        with self._pool.connection() as connection:
            stage_moves.lock(connection)
            stage = stage_moves.stage_of(connection, digest)
            stage_moves.note(connection, digest, action, stage, stage, who, why, report, published)

    def line(self, task: Task) -> list[AdapterVersion]:
        """The production version and those that were it before and were not taken out of use, newest first; none where
        nothing is in production."""
        with self._pool.connection() as connection:
            earlier = stage_moves.production_line(connection, task)
        present = [one.version for one in self.at(task, "production")]
        digests = (
            dict.fromkeys(digest for digest in reversed(earlier) if digest != present[0].digest) if present else {}
        )
        kept = [digest for digest in digests if not taken_out(self.events(digest))]
        return present + [self.find(digest)[0].version for digest in kept]

    def tell(self, task: Task) -> None:
        """Notify running apps to look at what is in production."""
        with self._pool.connection() as connection:
            stage_moves.tell(connection, task)

    def moves(self, stopped: Event) -> Iterator[bool]:
        """See `stage_notifications.moves`."""
        given = self._pool.conninfo
        return stage_notifications.moves(given if isinstance(given, str) else given(), stopped)

    def known(self, digest: str, kind: Kind, hashes: Iterable[str]) -> set[str]:
        """Those of `hashes` that are fingerprints of what the version was trained on."""
        asked = {_number(one): one for one in hashes}
        with self._pool.connection() as connection:
            found = connection.execute(
                f"SELECT hash FROM adapter_fingerprints, unnest({_HASHES[kind]}) AS hash "
                "WHERE digest = %s AND hash = ANY(%s)",
                (digest, list(asked)),
            ).fetchall()
        return {asked[number] for (number,) in found}

    def _select(self, condition: str, *values: str) -> list[RegisteredVersion]:
        """`condition` is this module's own words."""
        query = f"{_SELECT} {condition} ORDER BY task, created DESC, digest"
        with self._pool.connection() as connection, connection.cursor(row_factory=namedtuple_row) as cursor:
            rows: list[Any] = cursor.execute(query, values).fetchall()
        return [
            RegisteredVersion(
                AdapterVersion(**{name: getattr(row, column) for name, column in zip(_FIELDS, _COLUMNS, strict=True)}),
                row.stage,
                row.origin,
                row.added_at,
            )
            for row in rows
        ]


def _plain(value: Any) -> Any:
    return Jsonb(value) if isinstance(value, dict | list) else value


def _number(fingerprint: str) -> int:
    """A fingerprint as the eight-byte number that Postgres keeps."""
    return int.from_bytes(bytes.fromhex(fingerprint), signed=True)
