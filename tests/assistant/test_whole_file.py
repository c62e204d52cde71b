"""A file appears whole or not at all, whatever happens while it is written."""

from __future__ import annotations

import os
import signal
import stat
import subprocess
import sys
from pathlib import Path

import pytest

from assistant.whole_file import whole_file, write_whole
from tests.support.paths import ROOT

KILLED = """
import os, signal, sys
from pathlib import Path
from assistant.whole_file import whole_file

with whole_file(Path(sys.argv[1])) as stream:
    stream.write("half of the new conte")
    stream.flush()
    os.kill(os.getpid(), signal.SIGKILL)
"""


@pytest.fixture
def file(tmp_path: Path) -> Path:
    path = tmp_path / "state.json"
    path.write_text("old", encoding="utf-8")
    return path


def names(folder: Path) -> list[str]:
    return sorted(path.name for path in folder.iterdir())


def test_the_content_appears_when_the_block_ends(file: Path) -> None:
    with whole_file(file) as stream:
        stream.write("São Paulo\r\n")
        stream.flush()
        assert file.read_text(encoding="utf-8") == "old"
    assert file.read_bytes() == "São Paulo\r\n".encode()
    assert names(file.parent) == ["state.json"]


@pytest.mark.parametrize("error", [ValueError, KeyboardInterrupt])
def test_an_error_in_the_middle_leaves_the_old_content(file: Path, error: type[BaseException]) -> None:
    with pytest.raises(error), whole_file(file) as stream:
        stream.write("half")
        raise error
    assert (file.read_text(), names(file.parent)) == ("old", ["state.json"])


def test_text_that_cannot_be_encoded_leaves_the_old_content(file: Path) -> None:
    with pytest.raises(UnicodeEncodeError):
        write_whole(file, "half a character: \ud83d")
    assert (file.read_text(), names(file.parent)) == ("old", ["state.json"])
    with whole_file(file, errors="replace") as stream:
        stream.write("half a character: \ud83d")
    assert file.read_text() == "half a character: ?"


def test_a_killed_writer_leaves_the_old_content_and_a_draft_that_a_later_write_removes(file: Path) -> None:
    killed = subprocess.run([sys.executable, "-c", KILLED, str(file)], cwd=ROOT, check=False)
    assert killed.returncode == -signal.SIGKILL
    assert file.read_text() == "old"
    (draft,) = file.parent.glob(".state.json.*.draft")
    # As young as this it may be another process's, which still writes.
    write_whole(file, "new")
    assert draft.exists()
    os.utime(draft, (0, 0))
    write_whole(file, "newer")
    assert (file.read_text(), names(file.parent)) == ("newer", ["state.json"])


def test_two_writers_of_one_file_do_not_share_a_draft(file: Path) -> None:
    with whole_file(file) as first:
        with whole_file(file) as second:
            first.write("first, longer")
            second.write("second")
        assert file.read_text() == "second"
    assert file.read_text() == "first, longer"


def test_the_umask_decides_the_mode_but_of_private_files(tmp_path: Path) -> None:
    before = os.umask(0o027)
    try:
        write_whole(tmp_path / "open", "")
        with whole_file(tmp_path / "secret", private=True):
            pass
    finally:
        os.umask(before)
    modes = [stat.S_IMODE((tmp_path / name).stat().st_mode) for name in ("open", "secret")]
    assert modes == [0o640, 0o600]


def test_a_file_that_is_to_stay_stays(file: Path) -> None:
    with pytest.raises(FileExistsError), whole_file(file, replace=False) as stream:
        stream.write("new")
    assert (file.read_text(), names(file.parent)) == ("old", ["state.json"])
