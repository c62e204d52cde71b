"""What a deployment consists of, complete before anything is sent."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import PurePosixPath

from assistant.errors import InputError
from assistant.versions.hub import Pinned, check_repo, parse_pinned
from space_contents import SpaceFile, described_commit, served_files

# A Space's only folder that every user may write to. It is emptied at each restart.
WRITABLE = PurePosixPath("/tmp/resposta")
# May be handed over as secrets, whose values nobody can read again; each with the variable that holds its value here.
# The token that deploys may write to everything of its owner's, so a Space gets another one.
SECRETS = {"DATABASE_URL": "DATABASE_URL", "HF_TOKEN": "SPACE_HF_TOKEN"}
# Set only when asked for, so taken away again when no longer asked for.
FEEDBACK_REPO = "RESPOSTA_FEEDBACK_REPO"
CHOSEN = ("RESPOSTA_ADAPTER", "RESPOSTA_READING_ADAPTER", FEEDBACK_REPO)


@dataclass(frozen=True, slots=True)
class SpacePlan:
    """A Space's files, variables and names of secrets; `hardware` None leaves it as it is."""

    repo: str
    commit: str
    files: tuple[SpaceFile, ...]
    variables: dict[str, str]
    secrets: tuple[str, ...]
    hardware: str | None
    private: bool

    def lines(self) -> Iterator[str]:
        """What a person reads before agreeing."""
        yield f"Space      {self.repo}, {'private' if self.private else 'public when it is new'}"
        yield f"hardware   {self.hardware or 'as it is (cpu-basic when it is new)'}"
        for name, value in self.variables.items():
            yield f"variable   {name}={value}"
        for name in self.secrets:
            yield f"secret     {name}"
        for file in self.files:
            yield f"file {len(file.content):>12,}  {file.path}{f'  from {file.source}' if is_replaced(file) else ''}"
        size = sum(len(file.content) for file in self.files)
        yield f"total {size:>11,}  bytes in {len(self.files)} files, of commit {self.commit}"


def is_replaced(file: SpaceFile) -> bool:
    """Whether a file of this folder takes the place of the project's."""
    return file.source != file.path


def make_plan(
    repo: str,
    adapter: str | None = None,
    reading_adapter: str | None = None,
    feedback_repo: str | None = None,
    secrets: Sequence[str] = (),
    hardware: str | None = None,
    private: bool = False,
    writable: PurePosixPath = WRITABLE,
) -> SpacePlan:
    """Raises `InputError` for a name that is none, an adapter without a whole commit, or feedback that could not be
    kept."""
    check_repo(repo)
    chosen = {"RESPOSTA_ADAPTER": adapter, "RESPOSTA_READING_ADAPTER": reading_adapter}
    adapters = [_pinned(given) for given in chosen.values() if given]
    if feedback_repo:
        check_repo(feedback_repo)
        if "HF_TOKEN" not in secrets or "DATABASE_URL" in secrets:
            raise InputError(
                "--feedback-repo needs --secret HF_TOKEN, a token that may write there, and no --secret DATABASE_URL, "
                "which keeps ratings as well: correct the options."
            )
    variables = {
        "HOST": "0.0.0.0",
        "PORT": "7860",
        "DEMO": "1",
        "DATA_DIR": str(writable / "data"),
        "RESPOSTA_CACHE_DIR": str(writable / "cache"),
        "HF_HUB_DISABLE_TELEMETRY": "1",
    }
    variables |= {name: value for name, value in chosen.items() if value}
    variables |= {FEEDBACK_REPO: feedback_repo} if feedback_repo else {}
    return SpacePlan(
        repo,
        described_commit(),
        served_files(adapters, hardware),
        variables,
        tuple(dict.fromkeys(secrets)),
        hardware,
        private,
    )


def _pinned(text: str) -> Pinned:
    pinned = parse_pinned(text)
    if pinned is None:
        raise InputError(f"{text!r} is no adapter on the Hub: write OWNER/NAME@ and the commit's 40 hex digits.")
    return pinned
