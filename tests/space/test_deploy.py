"""The app goes to a Space by the real client, exactly as the dry run shows it; what goes wrong is one clear line."""

from __future__ import annotations

import re
import subprocess
import sys

import pytest

from deploy import main
from space_contents import ROOT, SpaceFile, served_files
from space_hub import KEPT, OURS
from tests.support.commands import ran
from tests.support.hub_server import READS
from tests.support.hub_space import SpaceState

REPO = "ana/resposta"
JUDGE, READER = f"ana/Llama-3-judge@{'a' * 40}", f"ana/reader@{'b' * 40}"


@pytest.fixture
def deployed(capsys: pytest.CaptureFixture):
    """Run the command for this Space: its exit code, what it printed, what it complained of."""
    return lambda *options, repo=REPO: ran(main, capsys, ["--repo", repo, *options])


@pytest.fixture
def few_files(monkeypatch: pytest.MonkeyPatch):
    """Let a Space have these files only; a build of all of them takes seconds."""

    def give(*paths: str) -> None:
        files = tuple(SpaceFile(path, path, path.encode()) for path in (*paths, OURS))
        card = SpaceFile("README.md", "spaces/README.md", b"---\ntitle: A\n---\n")
        monkeypatch.setattr("space_plan.served_files", lambda *_: (*files, card))

    give("app.py")
    return give


def committed(state: SpaceState, repo: str = REPO) -> dict[str, bytes]:
    """The Space's files but for what the Hub itself put there."""
    repository = state.repositories[repo]
    files = repository.commits[repository.branches["main"]]
    return {path: content for path, content in files.items() if path not in KEPT}


@pytest.mark.parametrize("hardware", ["t4-small", "zero-a10g"])
def test_what_goes_up_is_what_the_dry_run_shows(hub_state: SpaceState, deployed, hardware: str) -> None:
    code, shown, _ = deployed("--dry-run", "--hardware", hardware)
    assert (code, hub_state.requests) == (0, [])
    code, told, complaints = deployed("--hardware", hardware)
    assert (code, complaints) == (0, "")
    files = {path: int(size.replace(",", "")) for size, path in re.findall(r"^file +([\d,]+)  (\S+)", shown, re.M)}
    assert files == {path: len(content) for path, content in committed(hub_state).items()}
    assert f"total {sum(files.values()):>11,}  bytes in {len(files)} files" in shown
    space = hub_state.spaces[REPO]
    assert dict(re.findall(r"^variable   (\w+)=(.*)$", shown, re.M)) == space.variables
    assert (space.sdk, space.hardware, space.secrets) == ("gradio", hardware, {})
    assert re.findall(r"s  ([A-Z_]+)", told) == ["NO_APP_FILE", "BUILDING", "APP_STARTING", "RUNNING"]
    assert told.splitlines()[-1] == "https://ana-resposta.hf.space"


def test_card_and_requirements_are_replaced_and_the_rest_is_the_tracked_tree(hub_state: SpaceState, deployed) -> None:
    assert deployed()[0] == 0
    files = committed(hub_state)
    assert files["requirements.txt"] == (ROOT / "spaces" / "requirements.txt").read_bytes()
    assert files["README.md"].startswith(b"---\ntitle: Resposta\n")
    tracked = subprocess.run(["git", "ls-files"], cwd=ROOT, check=True, capture_output=True, text=True).stdout.split()
    ours = files.keys() - {"README.md", "requirements.txt"}
    assert ours < set(tracked)
    assert all(files[path] == (ROOT / path).read_bytes() for path in ours)
    assert {path.partition("/")[0] for path in ours} == {"app.py", "assistant", "evals", "LICENSE"}


def test_the_same_again_makes_no_commit_and_sets_nothing(hub_state: SpaceState, few_files, deployed) -> None:
    assert deployed()[0] == 0
    hub_state.requests.clear()
    code, told, _ = deployed()
    assert code == 0 and "which it was before" in told
    assert not [one for one in hub_state.requests if "/commit/" in one or one.startswith(("PUT", "DELETE"))]
    assert not [one for one in hub_state.requests if "POST" in one and "/variables" in one]


def test_files_and_choices_that_are_gone_are_taken_away(
    hub_state: SpaceState, few_files, deployed, monkeypatch
) -> None:
    few_files("app.py", "assistant/old.py")
    monkeypatch.setenv("SPACE_HF_TOKEN", "hf_spaces")
    monkeypatch.setenv("DATABASE_URL", "postgresql://somewhere/demo")
    assert deployed("--secret", "DATABASE_URL")[0] == 0
    kept = ["--feedback-repo", "ana/said", "--secret", "HF_TOKEN"]
    assert deployed("--adapter", JUDGE, "--reading-adapter", READER, *kept)[0] == 0
    assert hub_state.spaces[REPO].secrets == {"HF_TOKEN": "hf_spaces"}, "never the token that deploys"
    space = hub_state.spaces[REPO]
    chosen = {name: value for name, value in space.variables.items() if "ADAPTER" in name or "FEEDBACK" in name}
    assert chosen == {
        "RESPOSTA_ADAPTER": JUDGE,
        "RESPOSTA_READING_ADAPTER": READER,
        "RESPOSTA_FEEDBACK_REPO": "ana/said",
    }
    space.variables["RESPOSTA_PRECISION"] = "0.95"
    few_files("app.py", "assistant/new.py")
    assert deployed()[0] == 0
    assert committed(hub_state).keys() == {"README.md", "app.py", "assistant/new.py", OURS}
    assert not chosen.keys() & space.variables.keys()
    assert space.variables["RESPOSTA_PRECISION"] == "0.95"


@pytest.mark.parametrize(
    ("stage", "log"), [("BUILD_ERROR", "build"), ("CONFIG_ERROR", "build"), ("RUNTIME_ERROR", "container")]
)
def test_a_build_that_fails_is_told_with_its_log(hub_state: SpaceState, few_files, deployed, stage, log) -> None:
    hub_state.stages, hub_state.because = ("BUILDING", stage), "Exit code: 1"
    code, _, complaint = deployed()
    assert code == 1
    assert f"{REPO} ended in {stage} (Exit code: 1): read http://" in complaint
    assert f"/spaces/{REPO}?logs={log}, correct it and deploy again." in complaint


def test_a_build_that_does_not_end_and_a_space_that_sleeps(hub_state: SpaceState, few_files, deployed) -> None:
    hub_state.stages = ("BUILDING",)
    code, _, complaint = deployed("--timeout", "0.1")
    assert code == 1 and "is still BUILDING after 0 s" in complaint and complaint.endswith("with --timeout.\n")
    hub_state.spaces[REPO].looks = [("PAUSED", None)]
    code, _, complaint = deployed()
    assert code == 1 and "has the files but is PAUSED: restart it on http://127.0.0.1:" in complaint


def test_the_old_app_running_on_is_not_taken_for_the_new_one(hub_state: SpaceState, few_files, deployed) -> None:
    assert deployed()[0] == 0
    few_files("app.py", "assistant/new.py")
    hub_state.stages = ("RUNNING_BUILDING", "BUILD_ERROR")
    code, told, _ = deployed()
    assert code == 1
    assert re.findall(r"s  ([A-Z_]+)", told) == ["RUNNING", "RUNNING_BUILDING", "BUILD_ERROR"]


def test_an_app_that_a_new_variable_restarts_is_waited_for(
    hub_state: SpaceState, few_files, deployed, monkeypatch
) -> None:
    monkeypatch.setattr("space_hub.STALE_SECONDS", 60)
    assert deployed()[0] == 0
    hub_state.stages = ("RUNTIME_ERROR",)
    code, told, _ = deployed("--adapter", JUDGE)
    assert code == 1 and "which it was before" in told
    assert re.findall(r"s  ([A-Z_]+)", told) == ["RUNNING", "APP_STARTING", "RUNTIME_ERROR"]


def test_a_hub_that_does_not_answer_for_a_moment_ends_no_wait(hub_state: SpaceState, few_files, deployed) -> None:
    hub_state.outages = 3
    code, told, _ = deployed()
    assert code == 0 and told.endswith("https://ana-resposta.hf.space\n")


def test_a_space_that_holds_another_app_is_left_as_it_is(hub_state: SpaceState, few_files, deployed) -> None:
    assert deployed()[0] == 0
    files = {".gitattributes": b"", "README.md": b"", "app.py": b"another"}
    hub_state.repositories[REPO].commit(files)
    hub_state.requests.clear()
    code, _, complaint = deployed("--adapter", JUDGE)
    assert code == 2 and "holds another app, whose files this would replace, so nothing was deployed" in complaint
    assert committed(hub_state) == {"README.md": b"", "app.py": b"another"}
    assert not [one for one in hub_state.requests if not one.startswith("GET")]


@pytest.mark.parametrize(
    ("token", "fix"),
    [
        ("hf_wrong", "does not accept the token (401). Put a valid one with write access into HF_TOKEN."),
        (READS, f"the token may not do this in {REPO} (403). Put one with write access there into HF_TOKEN."),
    ],
)
def test_a_token_that_will_not_do(hub_state: SpaceState, few_files, deployed, monkeypatch, token, fix) -> None:
    monkeypatch.setenv("HF_TOKEN", token)
    code, told, complaint = deployed()
    assert (code, told) == (2, "")
    assert complaint.endswith(f"{fix}\n") and token not in complaint
    assert hub_state.repositories == {}


def test_hardware_that_is_refused_leaves_the_app_as_it_runs(hub_state: SpaceState, few_files, deployed) -> None:
    assert deployed()[0] == 0
    before = hub_state.repositories[REPO].branches["main"]
    few_files("app.py", "assistant/new.py")
    code, _, complaint = deployed("--hardware", "t5-huge")
    assert code == 2 and "Invalid hardware flavor t5-huge" in complaint
    assert hub_state.repositories[REPO].branches["main"] == before


def test_a_broken_upload_can_be_run_again(hub_state: SpaceState, few_files, deployed) -> None:
    hub_state.fault = "commit"
    code, _, complaint = deployed()
    assert code == 2 and complaint.endswith("Run the command again.\n")
    hub_state.fault = ""
    assert deployed()[0] == 0


def test_private_is_never_public(hub_state: SpaceState, few_files, deployed) -> None:
    assert deployed("--private", repo="ana/hidden")[0] == 0
    assert hub_state.repositories["ana/hidden"].private
    assert deployed()[0] == 0
    code, _, complaint = deployed("--private")
    assert code == 2 and "exists and is public, so nothing was deployed" in complaint


def test_secrets_arrive_and_are_never_shown(hub_state: SpaceState, few_files, deployed, monkeypatch) -> None:
    hidden = "postgresql://ana:geheim@db.example/resposta"
    monkeypatch.setenv("DATABASE_URL", hidden)
    outputs = [deployed("--secret", "DATABASE_URL", *more) for more in (["--dry-run"], [])]
    assert [output[0] for output in outputs] == [0, 0]
    assert "secret     DATABASE_URL" in outputs[0][1]
    assert hub_state.spaces[REPO].secrets == {"DATABASE_URL": hidden}
    assert "geheim" not in str(outputs) + str(hub_state.spaces[REPO].variables)
    assert not any(b"geheim" in content for content in committed(hub_state).values())


def test_a_secret_on_the_command_line_or_nowhere_is_refused_without_repeating_it(
    hub_state: SpaceState, deployed, monkeypatch
) -> None:
    code, told, complaint = deployed("--secret", "HF_TOKEN=hf_geheim")
    assert code == 2 and "--secret takes a name alone" in complaint
    assert "geheim" not in told + complaint
    monkeypatch.delenv("DATABASE_URL", raising=False)
    code, _, complaint = deployed("--secret", "DATABASE_URL")
    assert code == 2 and "DATABASE_URL is not in the environment" in complaint
    assert hub_state.requests == []


@pytest.mark.parametrize(
    ("options", "fix"),
    [
        (["--adapter", "ana/judge@main"], "write ana/judge@ and the commit's 40 hex digits"),
        (["--reading-adapter", "runs/reader"], "is no adapter on the Hub: write OWNER/NAME@"),
        (["--feedback-repo", "said"], "'said' is not a repository's name: write OWNER/NAME."),
        (["--feedback-repo", "ana/said"], "--feedback-repo needs --secret HF_TOKEN"),
        (["--repo", "resposta"], "'resposta' is not a repository's name: write OWNER/NAME."),
    ],
)
def test_names_that_are_none(hub_state: SpaceState, deployed, options, fix) -> None:
    code, _, complaint = deployed(*options)
    assert code == 2 and fix in complaint
    assert hub_state.requests == []


def test_the_command_runs_by_its_path_from_anywhere(tmp_path) -> None:
    command = [sys.executable, ROOT / "spaces" / "deploy.py", "--repo", REPO, "--dry-run"]
    shown = subprocess.run(command, cwd=tmp_path, capture_output=True, text=True, check=True).stdout
    assert len(re.findall("^file ", shown, re.M)) == len(served_files())
