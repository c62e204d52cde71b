"""Version folders to and from the Hugging Face Hub."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from pydantic import SecretStr

from assistant.bases.adapter import WEIGHTS
from assistant.bases.weights import files_sha256
from assistant.errors import InputError, ModelError, UnreachableError
from assistant.settings import Settings
from assistant.versions.version import FILES, OPTIONAL, held

if TYPE_CHECKING:
    from huggingface_hub import HfApi
    from huggingface_hub.errors import HfHubHTTPError

_REPO = re.compile(r"[\w-][\w.-]*/[\w-][\w.-]*", re.ASCII)
_COMMIT = re.compile(r"[0-9a-f]{40}")
_TOKEN = re.compile(r"[!-~]+")


@dataclass(frozen=True, slots=True)
class Pinned:
    """A repository at a commit; written REPO@COMMIT."""

    repo: str
    commit: str

    def __str__(self) -> str:
        return f"{self.repo}@{self.commit}"


def parse_pinned(text: str) -> Pinned | None:
    """OWNER/NAME@COMMIT; None when `text` names no repository at all.

    Raises `InputError` when the commit is not a whole one: a branch or a tag may hold other bytes tomorrow.
    """
    repo, at, commit = text.rpartition("@")
    if not at or not _REPO.fullmatch(repo):
        return None
    if not _COMMIT.fullmatch(commit):
        raise InputError(f"{commit!r} is not a commit: write {repo}@ and the commit's 40 hex digits, as the Hub shows.")
    return Pinned(repo, commit)


def check_repo(text: str) -> None:
    """Raise `InputError` unless `text` is OWNER/NAME."""
    if not _REPO.fullmatch(text):
        raise InputError(f"{text!r} is not a repository's name: write OWNER/NAME.")


@dataclass(frozen=True, slots=True)
class Hub:
    """The Hub at `endpoint` (None: the public one), used with `token` (None: the login of this machine, if any).

    Every failure is a `ModelError` of one line; a full disk stays an `OSError`.
    """

    endpoint: str | None = None
    token: SecretStr | None = None

    def push(self, folder: Path, repo: str, tags: Sequence[str], private: bool = False) -> str:
        """Make one commit of a version folder and move `tags` to it; the commit.

        The repository is made when it is missing. When the upload fails its files and tags stay as they were; the
        same again goes on where it broke off.
        """
        from huggingface_hub import CommitOperationAdd, CommitOperationDelete
        from huggingface_hub.errors import RepositoryNotFoundError

        check_repo(repo)
        names, there = held(folder), set()
        api = self.api()
        with self.explained(f"Publishing to {repo}", repo):
            try:
                found = api.model_info(repo)
                open_to_all = not found.private
                there = {file.rfilename for file in found.siblings or []}
            except RepositoryNotFoundError:
                api.create_repo(repo, private=private or None)
                open_to_all = False
            if private and open_to_all:
                raise ModelError(
                    f"{repo} exists and is public, so nothing was published: make it private on the Hub, choose "
                    "another name, or leave out --private."
                )
            files: list[CommitOperationAdd | CommitOperationDelete] = [
                CommitOperationAdd(name, folder / name) for name in names
            ]
            # What an earlier version brought would stand beside this one.
            files += [CommitOperationDelete(name) for name in OPTIONAL if name in there and name not in names]
            commit = api.create_commit(repo, files, commit_message=f"Adapter {', '.join(tags)}").oid
        with self.explained(f"{repo} has the files, but tagging them", repo):
            placed = {tag.name: tag.target_commit for tag in api.list_repo_refs(repo).tags}
            for tag in tags:
                if placed.get(tag) == commit:
                    continue
                if tag in placed:
                    api.delete_tag(repo, tag=tag)
                api.create_tag(repo, tag=tag, revision=commit)
        return commit

    def pull(self, source: Pinned, into: Path) -> Path:
        """Fetch a version's files at a commit into an empty folder; the folder."""
        api = self.api()
        with self.explained(f"Fetching {source}", source.repo):
            found = {
                file.rfilename: file
                for file in api.model_info(source.repo, revision=source.commit, files_metadata=True).siblings or []
            }
            for name, most in (FILES | OPTIONAL).items():
                if name in FILES and name not in found:
                    raise ModelError(f"{source} holds no adapter version: {name} is missing. Publish it again.")
                if name in found and (found[name].size or 0) > most:
                    raise ModelError(f"{name} in {source} has more than {most:,} bytes and was not fetched. Check it.")
            wanted = [*FILES, *OPTIONAL]
            api.snapshot_download(source.repo, revision=source.commit, local_dir=into, allow_patterns=wanted)
            stored = found[WEIGHTS].lfs
            if stored and files_sha256([into / WEIGHTS]) != stored.sha256:
                raise ModelError(f"{WEIGHTS} of {source} arrived damaged: fetch it again.")
        return into

    def add_rows(self, repo: str, name: str, content: bytes) -> None:
        """Add the file `name` to a private data set, which is made when it is missing.

        A public one is refused: the rows are what people wrote.
        """
        from huggingface_hub import CommitOperationAdd

        api = self.api()
        with self.explained(f"Adding to {repo}", repo):
            api.create_repo(repo, repo_type="dataset", private=True, exist_ok=True)
            if not api.dataset_info(repo).private:
                raise ModelError(f"The data set {repo} is public, so nothing was added: make it private on the Hub.")
            added = [CommitOperationAdd(name, content)]
            api.create_commit(repo, added, commit_message=f"Add {name}", repo_type="dataset")

    def api(self) -> HfApi:
        """The Hub's client; what it raises is told by `explained`."""
        from huggingface_hub import HfApi

        token = self.token.get_secret_value() if self.token else None
        if token and not _TOKEN.fullmatch(token):
            # The client would show it in its message.
            raise ModelError("HF_TOKEN holds characters that no token has. Copy it again from the Hub's settings.")
        return HfApi(endpoint=self.endpoint, token=token, library_name="resposta")

    @contextmanager
    def explained(self, doing: str, repo: str) -> Iterator[None]:
        """Turn what the client raises into one line that ends with the fix."""
        import httpx
        from huggingface_hub.errors import (
            EntryNotFoundError,
            HfHubHTTPError,
            LocalEntryNotFoundError,
            OfflineModeIsEnabled,
            XetDownloadError,
        )

        where = self.endpoint or "huggingface.co"
        try:
            yield
        except (
            httpx.HTTPError,
            OSError,
            ValueError,
            KeyError,
            RuntimeError,
            EntryNotFoundError,
            XetDownloadError,
        ) as error:
            # The client wraps what stopped one file's upload.
            cause = error.__cause__ if type(error) is RuntimeError and error.__cause__ else error
            if isinstance(cause, HfHubHTTPError):
                kind = UnreachableError if cause.response.status_code >= 500 else ModelError
                raise kind(f"{doing} failed: {self._answer(cause, repo, where)}") from error
            if isinstance(
                cause, httpx.ConnectError | httpx.TimeoutException | LocalEntryNotFoundError | OfflineModeIsEnabled
            ):
                raise UnreachableError(
                    f"{doing} failed: {where} cannot be reached ({_line(cause)}). Check the network and HF_ENDPOINT, "
                    "then run the command again."
                ) from error
            if isinstance(cause, OSError) and cause.errno and not isinstance(cause, ConnectionError):
                raise
            without = " with HF_HUB_DISABLE_XET=1 if this Hub has no Xet storage" if "/xet-" in str(cause) else ""
            raise ModelError(f"{doing} broke off ({_line(cause)}). Run the command again{without}.") from error

    def _answer(self, error: HfHubHTTPError, repo: str, where: str) -> str:
        from huggingface_hub.errors import GatedRepoError, RevisionNotFoundError

        status = error.response.status_code
        if isinstance(error, RevisionNotFoundError):
            return f"{repo} has no such commit. Look the commit up on the repository's page."
        if isinstance(error, GatedRepoError):
            return f"{repo} is gated. Accept its terms on the Hub with the account whose token is in HF_TOKEN."
        if status == 401 and self.token:
            return f"{where} does not accept the token (401). Put a valid one with write access into HF_TOKEN."
        if status == 403:
            return f"the token may not do this in {repo} (403). Put one with write access there into HF_TOKEN."
        if status in (401, 404):
            return f"{where} shows no repository {repo}. Check the name; if it is private, put a token into HF_TOKEN."
        said = error.server_message or _line(error)
        return f"the Hub answered {status} ({said}). Run the command again."


def open_hub(settings: Settings) -> Hub:
    """The Hub of the settings; nothing is asked of it yet."""
    return Hub(settings.hf_endpoint, settings.hf_token)


def _line(error: BaseException) -> str:
    """The first words of an error, whose text may hold whole pages from a server."""
    text = next((line.strip() for line in str(error).splitlines() if line.strip()), type(error).__name__)
    return text if len(text) <= 200 else f"{text[:200]}…"
