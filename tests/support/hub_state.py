"""What a Hub holds: repositories with their commits and names, and large files by their sha256."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass, field


@dataclass
class Repository:
    """Files by path at every commit, and the names that point to commits."""

    private: bool
    commits: dict[str, dict[str, bytes]] = field(default_factory=dict)
    branches: dict[str, str] = field(default_factory=dict)
    tags: dict[str, str] = field(default_factory=dict)

    def commit(self, files: dict[str, bytes]) -> str:
        oid = hashlib.sha1(f"{len(self.commits)}{sorted(files)}".encode()).hexdigest()
        self.commits[oid] = files
        self.branches["main"] = oid
        return oid

    def resolve(self, revision: str) -> str | None:
        known = {**{oid: oid for oid in self.commits}, **self.branches, **self.tags}
        return known.get(revision)


@dataclass
class HubState:
    """Everything the server holds. `fault` names what goes wrong: "upload" (half of a large file arrives),
    "commit" (the connection breaks), "tag" (the server fails), "download" (a byte of a large file changes)."""

    repositories: dict[str, Repository] = field(default_factory=dict)
    objects: dict[str, bytes] = field(default_factory=dict)
    fault: str = ""
    requests: list[str] = field(default_factory=list)


@dataclass(eq=False)
class Refused(Exception):
    status: int
    message: str
    code: str = ""


def is_large(path: str) -> bool:
    return path.endswith(".safetensors")


def sha256(content: bytes) -> str:
    return hashlib.sha256(content).hexdigest()


def oid_of(path: str, content: bytes) -> str:
    """What the client compares to see whether a file changed: sha256 of a large one, git's sha1 of another."""
    return sha256(content) if is_large(path) else hashlib.sha1(b"blob %d\0" % len(content) + content).hexdigest()
