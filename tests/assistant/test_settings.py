"""One settings object; everything wrong is told at once, with the fix."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from assistant.errors import SettingsError
from assistant.settings import is_loopback, load_settings


def test_defaults_work_and_bind_to_this_machine_only() -> None:
    settings = load_settings()
    assert (settings.host, settings.port, settings.demo) == ("127.0.0.1", 7860, False)
    assert settings.data_dir.is_absolute()
    assert settings.threshold("en") is None


def test_everything_wrong_is_in_one_message(monkeypatch: pytest.MonkeyPatch) -> None:
    for name, value in {
        "PORT": "seven",
        "RESPOSTA_TRESHOLD_EN": "0.4",
        "RESPOSTA_THRESHOLD_PT": "4",
        "RESPOSTA_PRECISION": "95",
        "DATABASE_URL": "mysql://ana:geheim@x",
    }.items():
        monkeypatch.setenv(name, value)
    with pytest.raises(SettingsError) as error:
        load_settings()
    message = str(error.value)
    assert "PORT='seven'" in message
    assert "did you mean RESPOSTA_THRESHOLD_EN?" in message
    assert "RESPOSTA_THRESHOLD_PT='4'" in message
    assert "RESPOSTA_PRECISION='95': Input should be less than or equal to 0.99" in message
    assert "DATABASE_URL: must begin with postgresql://" in message and "geheim" not in message


@pytest.mark.parametrize("environment", [{"HOST": "0.0.0.0"}, {"SPACE_ID": "a/b"}, {"HOST": "example.com"}])
def test_without_users_only_a_demo_may_be_public(monkeypatch: pytest.MonkeyPatch, environment: dict) -> None:
    for name, value in environment.items():
        monkeypatch.setenv(name, value)
    with pytest.raises(SettingsError, match="DEMO=1"):
        load_settings()
    monkeypatch.setenv("DEMO", "1")
    assert load_settings().demo


@pytest.mark.parametrize(
    ("host", "is_own"),
    [("127.0.0.1", True), ("127.9.9.9", True), ("::1", True), ("localhost", True), ("0.0.0.0", False)],
)
def test_loopback(host: str, is_own: bool) -> None:
    assert is_loopback(host) is is_own


def test_a_childs_environment_makes_the_same_settings(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    given = load_settings(
        data_dir=tmp_path,
        database_url=None,
        own_contacts=("a@b.c", "+55 11"),
        demo=True,
        base_model=None,
        threads=3,
        dtype="float32",
    )
    monkeypatch.setenv("DATABASE_URL", "postgresql://elsewhere/x")
    environment = given.environment()
    monkeypatch.setattr(os, "environ", environment)
    assert load_settings() == given


def test_what_visitors_rate_is_kept_in_one_place(monkeypatch: pytest.MonkeyPatch) -> None:
    both = {"feedback_repo": "ana/said", "database_url": "postgresql://somewhere/demo"}
    with pytest.raises(SettingsError, match="would both keep what visitors rate: unset one of them"):
        load_settings(demo=True, **both)
    assert load_settings(**both).feedback_repo
