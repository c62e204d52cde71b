"""The configuration files of the embedded cluster, written anew before every start."""

from __future__ import annotations

import os
from pathlib import Path

from assistant.whole_file import whole_file

ROLE = "resposta"

# For one small team on a laptop or a Space. Statements and DETAIL lines would carry
# customers' text into the log, so neither is written there; the log keeps one week.
# Parallel index builds need more /dev/shm than containers usually have.
_CONF = """\
listen_addresses = ''
unix_socket_directories = '{socket_dir}'
unix_socket_permissions = 0700
max_connections = 50
shared_buffers = 128MB
maintenance_work_mem = 256MB
work_mem = 16MB
max_wal_size = 512MB
fsync = on
synchronous_commit = on
full_page_writes = on
jit = off
max_parallel_workers_per_gather = 0
max_parallel_maintenance_workers = 0
timezone = 'UTC'
log_timezone = 'UTC'
lc_messages = 'C'
logging_collector = on
log_directory = 'log'
log_filename = 'postgres-%a.log'
log_truncate_on_rotation = on
log_rotation_age = 1d
log_rotation_size = 0
log_min_messages = warning
log_checkpoints = off
log_min_error_statement = panic
log_error_verbosity = terse
"""


def write_configuration(cluster: Path, socket_dir: Path, system_users: list[str], owner: tuple[int, int]) -> None:
    """Write postgresql.conf, pg_hba.conf and pg_ident.conf.

    Only `system_users` may connect, over the socket, and the kernel vouches for them
    (peer); there is no password and no TCP. `owner` is the (uid, gid) of the server.
    """
    users = "".join(f'resposta "{user}" {ROLE}\n' for user in system_users)
    _write(cluster / "postgresql.conf", _CONF.format(socket_dir=socket_dir), owner)
    _write(cluster / "pg_hba.conf", "local all all peer map=resposta\n", owner)
    _write(cluster / "pg_ident.conf", users, owner)


def _write(path: Path, text: str, owner: tuple[int, int]) -> None:
    with whole_file(path, private=True) as file:
        os.chown(file.fileno(), *owner)
        file.write(text)
