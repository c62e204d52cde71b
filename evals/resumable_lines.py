"""A file of JSON lines that one process at a time adds to, and that a later one goes on with."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from types import TracebackType
from typing import Self

from filelock import FileLock, Timeout

from assistant.errors import BusyError


class ResumableLines:
    """The lines of `path`, which stays locked by `lock` until it is closed. No line is held in memory.

    The last line is cut off where a process was killed while it wrote it. Raises `BusyError` with the text `busy`
    while another process has the lock.
    """

    def __init__(self, path: Path, lock: Path, busy: str) -> None:
        path.parent.mkdir(parents=True, exist_ok=True)
        self._path = path
        self._lock = FileLock(lock, timeout=0)
        try:
            self._lock.acquire()
        except Timeout:
            raise BusyError(busy) from None
        try:
            self._stream = path.open("a+b")
            self._cut_half_line()
        except BaseException:
            self._lock.release()
            raise

    def _cut_half_line(self) -> None:
        whole = sum(len(line) for line in self if line.endswith(b"\n"))
        self._stream.truncate(whole)

    def append(self, line: str) -> None:
        """Add one line of JSON, which another process can read when this returns."""
        self._stream.write(line.encode() + b"\n")
        self._stream.flush()

    def clear(self) -> None:
        """Remove every line."""
        self._stream.truncate(0)

    def __iter__(self) -> Iterator[bytes]:
        """Every line so far, in order."""
        with self._path.open("rb") as stream:
            yield from stream

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    def close(self) -> None:
        self._stream.close()
        self._lock.release()
