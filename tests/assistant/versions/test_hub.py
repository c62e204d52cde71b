"""Versions go to the Hub and come back byte for byte, by the real client; what goes wrong is one clear line."""

from __future__ import annotations

import socket
from pathlib import Path

import pytest
from pydantic import SecretStr

from assistant.bases.adapter import WEIGHTS
from assistant.errors import InputError, ModelError, SettingsError, UnreachableError
from assistant.settings import load_settings
from assistant.versions.hub import Hub, Pinned, open_hub, parse_pinned
from assistant.versions.version import CARD, FILES, read_version
from tests.support.adapters import make_version
from tests.support.hub_server import READS, WRITES
from tests.support.hub_state import HubState

REPO = "ana/judge"


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    make_version(tmp_path / "version")
    return tmp_path / "version"


@pytest.fixture
def state(hub_server: tuple[str, HubState]) -> HubState:
    return hub_server[1]


def contents(folder: Path) -> dict[str, bytes]:
    return {name: (folder / name).read_bytes() for name in FILES}


def snapshot(state: HubState) -> dict[str, tuple]:
    """What the names of every repository point to."""
    return {name: (dict(found.branches), dict(found.tags)) for name, found in state.repositories.items()}


def refused(hub: Hub, folder: Path, repo: str = REPO, **options) -> str:
    """The one line that a failing push tells."""
    with pytest.raises(ModelError) as error:
        hub.push(folder, repo, ["production"], **options)
    assert "\n" not in str(error.value)
    return str(error.value)


def test_what_was_pushed_is_pulled_byte_for_byte(hub: Hub, state: HubState, folder: Path, tmp_path: Path) -> None:
    commit = hub.push(folder, REPO, ["production", "v-1"])
    pulled = hub.pull(Pinned(REPO, commit), tmp_path / "pulled")
    assert contents(pulled) == contents(folder)
    assert read_version(pulled) == read_version(folder)
    repository = state.repositories[REPO]
    assert repository.tags == {"production": commit, "v-1": commit}
    assert not repository.private
    assert any(request.startswith("PUT /lfs/") for request in state.requests)


def test_tags_move_and_old_commits_stay_what_they_were(hub: Hub, state: HubState, folder: Path, tmp_path: Path) -> None:
    first = hub.push(folder, REPO, ["production", "v-1"])
    make_version(tmp_path / "second", 1)
    second = hub.push(tmp_path / "second", REPO, ["production", "v-2"])
    assert state.repositories[REPO].tags == {"production": second, "v-1": first, "v-2": second}
    assert contents(hub.pull(Pinned(REPO, first), tmp_path / "pulled")) == contents(folder)


def test_the_same_again_makes_no_new_commit_and_uploads_nothing(hub: Hub, state: HubState, folder: Path) -> None:
    first = hub.push(folder, REPO, ["staging"])
    state.requests.clear()
    assert hub.push(folder, REPO, ["production"]) == first
    assert state.repositories[REPO].tags == {"staging": first, "production": first}
    assert not [request for request in state.requests if "PUT" in request or "/commit/" in request]


@pytest.mark.parametrize("fault", ["upload", "commit"])
def test_a_broken_upload_leaves_files_and_tags_as_they_were(
    hub: Hub, state: HubState, folder: Path, tmp_path: Path, fault: str
) -> None:
    first = hub.push(folder, REPO, ["production"])
    make_version(tmp_path / "second", 1)
    state.fault = fault
    message = refused(hub, tmp_path / "second")
    assert message.startswith(f"Publishing to {REPO} ")
    assert message.endswith("Run the command again.")
    repository = state.repositories[REPO]
    assert (repository.branches["main"], repository.tags) == (first, {"production": first})
    state.fault = ""
    assert hub.push(tmp_path / "second", REPO, ["production"]) == repository.tags["production"] != first


def test_failing_to_tag_says_that_the_files_are_there(hub: Hub, state: HubState, folder: Path) -> None:
    state.fault = "tag"
    with pytest.raises(UnreachableError):
        hub.push(folder, REPO, ["production"])
    assert refused(hub, folder).startswith(f"{REPO} has the files, but tagging them failed: the Hub answered 500")
    state.fault = ""
    commit = hub.push(folder, REPO, ["production"])
    assert state.repositories[REPO].tags == {"production": commit}


def test_tokens_that_are_wrong_missing_or_may_only_read(hub: Hub, state: HubState, folder: Path) -> None:
    address = hub.endpoint
    hub.push(folder, REPO, ["staging"])
    for repo in (REPO, "ana/new"):
        before = snapshot(state)
        wrong = refused(Hub(address, SecretStr("hf_wrong")), folder, repo)
        assert wrong.endswith("does not accept the token (401). Put a valid one with write access into HF_TOKEN.")
        reading = refused(Hub(address, SecretStr(READS)), folder, repo)
        assert f"the token may not do this in {repo} (403)" in reading
        assert snapshot(state) == before
    assert "the token may not do this in bob/judge (403)" in refused(hub, folder, "bob/judge")
    assert "put a token into HF_TOKEN" in refused(Hub(address), folder)


def test_a_token_is_never_shown(folder: Path, hub_server) -> None:
    secret = "hf_secret\nX-Evil: 1"
    hub = Hub(hub_server[0], SecretStr(secret))
    assert "Copy it again" in refused(hub, folder)
    assert "hf_secret" not in repr(hub) + refused(hub, folder)


def test_missing_repositories_and_commits(hub: Hub, state: HubState, folder: Path, tmp_path: Path) -> None:
    commit = hub.push(folder, REPO, ["production"], private=True)
    open_to_all = Hub(hub.endpoint)
    for asking, source, reason in (
        (hub, Pinned("ana/nothing", commit), "shows no repository ana/nothing. Check the name"),
        (open_to_all, Pinned(REPO, commit), f"shows no repository {REPO}. Check the name; if it is private, put"),
        (hub, Pinned(REPO, "0" * 40), f"{REPO} has no such commit. Look the commit up"),
        (Hub(hub.endpoint, SecretStr("hf_wrong")), Pinned(REPO, commit), "does not accept the token"),
    ):
        with pytest.raises(ModelError, match=reason) as error:
            asking.pull(source, tmp_path / "pulled")
        assert "\n" not in str(error.value)
    assert state.repositories[REPO].private


def test_a_private_version_never_lands_in_a_public_repository(hub: Hub, state: HubState, folder: Path) -> None:
    hub.push(folder, "ana/hidden", ["production"], private=True)
    assert state.repositories["ana/hidden"].private
    first = hub.push(folder, REPO, ["production"])
    make_version(folder.parent / "second", 1)
    assert "exists and is public, so nothing was published" in refused(hub, folder.parent / "second", private=True)
    assert state.repositories[REPO].branches["main"] == first


def test_no_network_is_one_line(folder: Path, tmp_path: Path, hub_server) -> None:
    with socket.socket() as unused:
        unused.bind(("127.0.0.1", 0))
        address = f"http://127.0.0.1:{unused.getsockname()[1]}"
        hub = Hub(address, SecretStr(WRITES))
        assert f"{address} cannot be reached" in refused(hub, folder)
        with pytest.raises(ModelError, match=r"cannot be reached .* Check the network and HF_ENDPOINT"):
            hub.pull(Pinned(REPO, "0" * 40), tmp_path / "pulled")


def test_a_hub_without_xet_storage_names_the_setting(hub: Hub, state: HubState, folder: Path, monkeypatch) -> None:
    monkeypatch.setattr("huggingface_hub.constants.HF_HUB_DISABLE_XET", False)
    assert refused(hub, folder).endswith(
        "Run the command again with HF_HUB_DISABLE_XET=1 if this Hub has no Xet storage."
    )
    assert not state.repositories[REPO].tags


def test_a_full_disk_stays_what_it_is(hub: Hub, folder: Path, tmp_path: Path) -> None:
    commit = hub.push(folder, REPO, ["production"])
    (tmp_path / "file").touch()
    with pytest.raises(NotADirectoryError):
        hub.pull(Pinned(REPO, commit), tmp_path / "file" / "below")


def test_a_changed_byte_on_the_way_is_noticed(hub: Hub, state: HubState, folder: Path, tmp_path: Path) -> None:
    commit = hub.push(folder, REPO, ["production"])
    state.fault = "download"
    with pytest.raises(ModelError, match=f"{WEIGHTS} of {REPO}@{commit} arrived damaged: fetch it again"):
        hub.pull(Pinned(REPO, commit), tmp_path / "pulled")


def test_only_the_files_of_a_version_are_fetched(hub: Hub, state: HubState, folder: Path, tmp_path: Path) -> None:
    hub.push(folder, REPO, ["production"])
    repository = state.repositories[REPO]
    files = repository.commits[repository.branches["main"]]
    commit = repository.commit(files | {"modeling.py": b"raise SystemExit", "adapter_model.bin": b"pickle"})
    pulled = hub.pull(Pinned(REPO, commit), tmp_path / "pulled")
    assert {path.name for path in pulled.iterdir() if path.is_file()} == set(FILES)
    assert not [request for request in state.requests if "modeling.py" in request or ".bin" in request]
    commit = repository.commit({name: content for name, content in files.items() if name != CARD})
    with pytest.raises(ModelError, match=f"holds no adapter version: {CARD} is missing"):
        hub.pull(Pinned(REPO, commit), tmp_path / "other")
    commit = repository.commit(files | {CARD: b"x" * (FILES[CARD] + 1)})
    with pytest.raises(ModelError, match="more than 1,048,576 bytes and was not fetched"):
        hub.pull(Pinned(REPO, commit), tmp_path / "other")


def test_a_card_that_the_hub_does_not_take(hub: Hub, folder: Path) -> None:
    (folder / CARD).write_text("no front matter")
    assert "Invalid metadata in README.md" in refused(hub, folder)


def test_repositories_are_named_with_a_whole_commit() -> None:
    assert parse_pinned(f"ana/judge@{'a' * 40}") == Pinned("ana/judge", "a" * 40)
    assert str(Pinned("ana/judge", "a" * 40)) == f"ana/judge@{'a' * 40}"
    for path in ("runs/judge", "a/b/c@main", "judge@main", "/tmp/x@1", "../a@1"):
        assert parse_pinned(path) is None
    for loose in ("ana/judge@main", "ana/judge@production", f"ana/judge@{'a' * 39}", "ana/judge@"):
        with pytest.raises(InputError, match="is not a commit: write ana/judge@ and the commit's 40 hex digits"):
            parse_pinned(loose)


def test_address_and_token_come_from_the_settings(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("HF_ENDPOINT", "https://mirror.example/")
    monkeypatch.setenv("HF_TOKEN", " hf_secret\n")
    assert open_hub(load_settings()) == Hub("https://mirror.example", SecretStr("hf_secret"))
    assert "hf_secret" not in repr(load_settings())
    monkeypatch.setenv("HF_TOKEN", "")
    monkeypatch.setenv("HF_ENDPOINT", "")
    assert open_hub(load_settings()) == Hub()
    monkeypatch.setenv("HF_ENDPOINT", "mirror.example")
    with pytest.raises(SettingsError, match=r"HF_ENDPOINT='mirror\.example': must begin with https://"):
        load_settings()


@pytest.mark.parametrize("repo", ["judge", "a/b/c", "ana/../etc", "", "ana/ju dge", "ána/judge"])
def test_names_that_no_repository_has(hub: Hub, state: HubState, folder: Path, repo: str) -> None:
    with pytest.raises(InputError, match="is not a repository's name: write OWNER/NAME"):
        hub.push(folder, repo, ["production"])
    assert state.requests == []
