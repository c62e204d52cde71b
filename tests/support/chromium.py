"""Where Chromium is, and its installation where there is none: `python tests/support/chromium.py`.

`make test` runs this with the system's Python before it sets anything up, so it uses the standard library alone.
"""

from __future__ import annotations

import os
import shutil
import subprocess
import sys

INSTALL = "apt-get update && apt-get install -y --no-install-recommends chromium"


class ChromiumMissing(Exception):
    """There is no Chromium. The message is one line that ends with the fix."""

    def __init__(self, reason: str, fix: str = f"run as root: {INSTALL}") -> None:
        super().__init__(f"The browser tests need Chromium, and {reason}; {fix}")


def find_chromium() -> str | None:
    """The path of the browser that the tests drive, None where it is not installed."""
    return shutil.which("chromium")


def install_chromium() -> None:
    """Install Debian's Chromium. Raises `ChromiumMissing` where that is not possible."""
    if not shutil.which("apt-get"):
        raise ChromiumMissing("there is no apt-get here", "install your system's package, so that PATH has `chromium`")
    as_root = [] if os.geteuid() == 0 else ["sudo"]
    if as_root and not shutil.which("sudo"):
        raise ChromiumMissing("only root may install it here")
    for command in INSTALL.split(" && "):
        # sudo clears the environment, so `env` sets the variable after it.
        ended = subprocess.run([*as_root, "env", "DEBIAN_FRONTEND=noninteractive", *command.split()])
        if ended.returncode:
            raise ChromiumMissing(f"`{command}` failed")
    if not find_chromium():
        raise ChromiumMissing("apt-get installed none that is on PATH", "put `chromium` on PATH")


def main() -> int:
    """Install Chromium where it is missing. Returns 1, after one line on stderr, where that fails."""
    try:
        if not find_chromium():
            install_chromium()
    except ChromiumMissing as missing:
        sys.stderr.write(f"{missing}\n")
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main())
