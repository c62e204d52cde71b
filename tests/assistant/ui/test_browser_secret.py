"""The key of what browsers remember."""

from __future__ import annotations

import stat

from assistant.ui.browser_secret import browser_secret


def test_the_browser_secret_is_private_and_stays(tmp_path):
    first = browser_secret(tmp_path / "new")
    assert len(first) >= 24
    assert browser_secret(tmp_path / "new") == first
    assert stat.S_IMODE((tmp_path / "new" / "browser_secret").stat().st_mode) == 0o600
    assert [path.name for path in (tmp_path / "new").iterdir()] == ["browser_secret"]
