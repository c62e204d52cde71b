"""The account that Postgres runs as when we are root, since it refuses root, and its access to folders."""

from __future__ import annotations

import logging
import os
import pwd
import stat
import subprocess
from pathlib import Path

from assistant.errors import StoreError

log = logging.getLogger(__name__)

ACCOUNT = "resposta"


def server_account(cluster: Path) -> pwd.struct_passwd | None:
    """The account to run the server as, or None when it is the caller's own.

    Raises `StoreError` when the folder belongs to somebody else, or when root finds no
    account to use and cannot make one.
    """
    owner = cluster.stat().st_uid if cluster.exists() else None
    if os.geteuid() != 0:
        if owner not in (None, os.geteuid()):
            name = _name(owner)
            raise StoreError(
                f"{cluster} belongs to the user {name}, not to {_name(os.geteuid())}: run as root or {name}, "
                f"give the folder away with `chown -R {_name(os.geteuid())} {cluster}`, or set another DATA_DIR"
            )
        return None
    if owner:
        try:
            return pwd.getpwuid(owner)
        except KeyError:
            log.info("the owner %d of %s has no account here; it is given to %s", owner, cluster, ACCOUNT)
    return _existing_or_new()


def _existing_or_new() -> pwd.struct_passwd:
    try:
        return pwd.getpwnam(ACCOUNT)
    except KeyError:
        pass
    command = ["useradd", "--system", "--user-group", "--no-create-home", "--shell", "/usr/sbin/nologin", ACCOUNT]
    try:
        subprocess.run(command, check=True, capture_output=True, text=True)
        return pwd.getpwnam(ACCOUNT)
    except (OSError, subprocess.CalledProcessError, KeyError) as error:
        try:
            # Two first starts may race for useradd; and a server image may have this one.
            return next(pwd.getpwnam(name) for name in (ACCOUNT, "postgres") if _exists(name))
        except StopIteration:
            raise StoreError(
                f"Postgres cannot run as root and no account could be made for it ({error}): "
                f"run `{' '.join(command)}`, run Resposta as another user, or set DATABASE_URL"
            ) from error


def own(folder: Path, account: pwd.struct_passwd) -> None:
    """Give `folder` and all in it to `account`, following no link."""
    os.chown(folder, account.pw_uid, account.pw_gid, follow_symlinks=False)
    for root, folders, files in os.walk(folder):
        for name in folders + files:
            os.chown(os.path.join(root, name), account.pw_uid, account.pw_gid, follow_symlinks=False)


def grant_traverse(target: Path, account: pwd.struct_passwd) -> None:
    """Let `account` walk through the parents of `target`: o+x where needed, never o+r.

    Raises `StoreError` naming the folder that stays closed.
    """
    groups = set(os.getgrouplist(account.pw_name, account.pw_gid))
    opened = []
    for folder in reversed(target.resolve().parents):
        status = folder.stat()
        if _may_traverse(status, account, groups):
            continue
        try:
            folder.chmod(stat.S_IMODE(status.st_mode) | stat.S_IXOTH)
            status = folder.stat()
        except OSError as error:
            raise StoreError(_closed(folder, account)) from error
        if not _may_traverse(status, account, groups):
            raise StoreError(_closed(folder, account))
        opened.append(str(folder))
    if opened:
        log.warning(
            "others may now walk through (o+x, not list or read) %s, so that the database account %s reaches %s",
            ", ".join(opened),
            account.pw_name,
            target,
        )


def _may_traverse(status: os.stat_result, account: pwd.struct_passwd, groups: set[int]) -> bool:
    if status.st_uid == account.pw_uid:
        return bool(status.st_mode & stat.S_IXUSR)
    if status.st_gid in groups:
        return bool(status.st_mode & stat.S_IXGRP)
    return bool(status.st_mode & stat.S_IXOTH)


def _closed(folder: Path, account: pwd.struct_passwd) -> str:
    return (
        f"the database account {account.pw_name} cannot walk through {folder}: run `chmod o+x {folder}`, "
        "put DATA_DIR and the virtual environment elsewhere, or set DATABASE_URL"
    )


def _exists(name: str) -> bool:
    try:
        pwd.getpwnam(name)
    except KeyError:
        return False
    return True


def _name(uid: int) -> str:
    try:
        return pwd.getpwuid(uid).pw_name
    except KeyError:
        return str(uid)
