"""Logs to standard error, without customers' text: JSON lines of what serves, plain messages of commands."""

from __future__ import annotations

import json
import logging
import sys
import traceback
from typing import Any

_CHATTY = ("httpx", "httpcore", "uvicorn.access", "asyncio", "urllib3", "filelock", "alembic")
_OWN = frozenset(logging.makeLogRecord({}).__dict__) | {"message", "asctime", "taskName", "color_message"}


class JsonLines(logging.Formatter):
    """Time, level, logger, message, and what was given as `extra`.

    Of an exception only its kind and place are kept: its text may hold what a customer wrote.
    """

    def format(self, record: logging.LogRecord) -> str:
        line: dict[str, Any] = {
            "time": self.formatTime(record, "%Y-%m-%dT%H:%M:%S%z"),
            "level": record.levelname.lower(),
            "logger": record.name,
            "message": record.getMessage(),
        }
        line |= {name: value for name, value in record.__dict__.items() if name not in _OWN}
        if record.exc_info and record.exc_info[0]:
            line["kind"] = record.exc_info[0].__name__
            line["frames"] = places(record.exc_info[1])
        return json.dumps(line, ensure_ascii=False, default=str)


def places(error: BaseException | None) -> list[str]:
    """Where an error came from, innermost last: "file:line function"."""
    if error is None:
        return []
    frames = traceback.extract_tb(error.__traceback__)[-12:]
    return [f"{frame.filename}:{frame.lineno} {frame.name}" for frame in frames]


def log_to_stderr() -> None:
    """Send all logs to standard error; of chatty libraries only warnings."""
    handler = logging.StreamHandler(sys.stderr)
    handler.setFormatter(JsonLines())
    logging.basicConfig(level=logging.INFO, handlers=[handler], force=True)
    for name in _CHATTY:
        logging.getLogger(name).setLevel(logging.WARNING)


def log_for_people() -> None:
    """Send warnings there as plain messages, unless this process logs JSON lines already."""
    if not any(isinstance(handler.formatter, JsonLines) for handler in logging.getLogger().handlers):
        logging.basicConfig(level=logging.WARNING, format="%(message)s", stream=sys.stderr, force=True)
