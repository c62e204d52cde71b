"""A process that works for another one lives no longer than that one."""

from __future__ import annotations

import ctypes
import os
import signal
import sys

from assistant.errors import InputError

PR_SET_PDEATHSIG = 1


def end_with(parent: int) -> None:
    """Have the kernel end this process when `parent`, its parent's process id, is killed and cannot end it.

    Only Linux can. Raises `InputError` when the parent is gone already.
    """
    if sys.platform == "linux":
        ctypes.CDLL(None, use_errno=True).prctl(PR_SET_PDEATHSIG, signal.SIGTERM)
        if os.getppid() != parent:
            raise InputError(f"Process {parent}, which started this, is gone: start it again.")
