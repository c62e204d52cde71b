"""What the local Hub knows of Spaces beyond their files: variables, secrets, hardware, and the stages of a build."""

from __future__ import annotations

import json
from dataclasses import dataclass, field
from typing import Any

from tests.support.hub_server import ROUTES, Handler
from tests.support.hub_state import HubState, Refused

BUILDS = ("BUILDING", "APP_STARTING", "RUNNING")


@dataclass
class Running:
    """What runs a Space. `looks` are the stage and commit that the next looks find; the last one stays."""

    sdk: str
    variables: dict[str, str] = field(default_factory=dict)
    secrets: dict[str, str] = field(default_factory=dict)
    hardware: str = "cpu-basic"
    looks: list[tuple[str, str | None]] = field(default_factory=lambda: [("NO_APP_FILE", None)])


@dataclass
class SpaceState(HubState):
    """`stages` are those that a commit leads to; the last may be an error, for the reason `because`."""

    spaces: dict[str, Running] = field(default_factory=dict)
    stages: tuple[str, ...] = BUILDS
    because: str | None = None
    # How many looks at what runs are answered with 502 first.
    outages: int = 0


class SpaceHandler(Handler):
    state: SpaceState

    def create_repository(self) -> None:
        super().create_repository()
        asked = json.loads(self._body)
        assert asked["type"] == "space"
        self.state.spaces[f"{asked['organization']}/{asked['name']}"] = Running(asked["sdk"])

    def make_commit(self, repo: str, revision: str) -> None:
        super().make_commit(repo, revision)
        if not self.close_connection:
            running, built = self.state.spaces[repo], self.state.repositories[repo].branches["main"]
            # For a moment the Hub tells what it told before.
            running.looks = [running.looks[-1], *((stage, built) for stage in self.state.stages)]

    def runtime(self, repo: str) -> None:
        running = self._space(repo)
        if self.state.outages:
            self.state.outages -= 1
            raise Refused(502, "Bad Gateway")
        stage, commit = running.looks[0]
        del running.looks[: len(running.looks) > 1]
        known: dict[str, Any] = {"stage": stage, "hardware": {"current": None, "requested": running.hardware}}
        known |= {"sha": commit} if commit else {}
        self._send(200, known | ({"errorMessage": self.state.because} if self.state.because else {}))

    def request_hardware(self, repo: str) -> None:
        self._may_write()
        flavor = json.loads(self._body)["flavor"]
        if flavor not in ("cpu-basic", "t4-small", "zero-a10g"):
            raise Refused(400, f"Invalid hardware flavor {flavor}")
        self._space(repo).hardware = flavor
        self._send(200, {"stage": "NO_APP_FILE", "hardware": {"current": None, "requested": flavor}})

    def variables(self, repo: str) -> None:
        self._may_write()
        variables = self._space(repo).variables
        if self.command != "GET":
            sent = json.loads(self._body)
            if self.command == "POST":
                variables[sent["key"]] = sent["value"]
            else:
                del variables[sent["key"]]
            self._restart(repo)
        self._send(200, {name: {"value": value} for name, value in variables.items()})

    def secrets(self, repo: str) -> None:
        self._may_write()
        secrets = self._space(repo).secrets
        if self.command != "GET":
            sent = json.loads(self._body)
            if self.command == "POST":
                secrets[sent["key"]] = sent["value"]
            else:
                del secrets[sent["key"]]
            self._restart(repo)
        # Their values are never told.
        self._send(200, {name: {"key": name} for name in secrets})

    def _restart(self, repo: str) -> None:
        """A running app starts again; for a moment the Hub tells what it told before."""
        running = self._space(repo)
        stage, built = running.looks[-1]
        if stage == "RUNNING":
            running.looks = [(stage, built), ("APP_STARTING", built), (self.state.stages[-1], built)]

    def _information(self, repo: str, revision: str | None) -> dict[str, Any]:
        return super()._information(repo, revision) | {"host": f"https://{repo.replace('/', '-')}.hf.space"}

    def _space(self, repo: str) -> Running:
        self._repository(repo)
        return self.state.spaces[repo]


_SPACE = r"/api/spaces/(?P<repo>[^/]+/[^/]+)"
SpaceHandler.routes = (
    ("POST", "/api/repos/create", SpaceHandler.create_repository),
    ("POST", _SPACE + "/commit/(?P<revision>.+)", SpaceHandler.make_commit),
    ("GET", _SPACE + "/runtime", SpaceHandler.runtime),
    ("POST", _SPACE + "/hardware", SpaceHandler.request_hardware),
    ("GET POST DELETE", _SPACE + "/variables", SpaceHandler.variables),
    ("GET POST DELETE", _SPACE + "/secrets", SpaceHandler.secrets),
    *ROUTES,
)
