"""A plan carried out on the Hub: one commit, variables, secrets, hardware, and the wait for the build."""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, cast

from assistant.errors import ModelError, RefusedError
from assistant.versions.hub import Hub
from space_contents import CARD
from space_plan import CHOSEN, FEEDBACK_REPO, SpacePlan

if TYPE_CHECKING:
    from huggingface_hub import HfApi, SpaceHardware, SpaceInfo, SpaceRuntime

# The Hub makes it with the repository; its rules say which files are large.
KEPT = (".gitattributes",)
# Right after the first commit the Hub still tells that the Space has no app.
UNDER_WAY = ("NO_APP_FILE", "BUILDING", "RUNNING_BUILDING", "APP_STARTING", "RUNNING_APP_STARTING")
ASLEEP = ("SLEEPING", "PAUSED", "STOPPED")
# A file that no other app has.
OURS = "assistant/desk.py"
SECONDS_BETWEEN_LOOKS = 5.0
# So long may the Hub tell the old stage after a change that restarts the app.
STALE_SECONDS = 30.0


class BuildError(RefusedError):
    """The files are there, but the Space does not run."""


@dataclass(frozen=True, slots=True)
class Deployed:
    """The commit that the Space is at; `changed` tells whether this deployment made it, `restarts` whether it changed
    anything at all."""

    commit: str
    changed: bool
    restarts: bool


def put(hub: Hub, plan: SpacePlan, secrets: Mapping[str, str]) -> Deployed:
    """Bring a Space to what `plan` says; it is made when it is missing. Files go up in one commit, and only when they
    differ. What costs money or may be refused comes first, so that a refusal leaves the old app as it runs.

    Raises `ModelError` when the Hub does not take it, or the Space holds another app.
    """
    from huggingface_hub import CommitOperationAdd, CommitOperationDelete

    api = hub.api()
    with hub.explained(f"Deploying to {plan.repo}", plan.repo):
        found = _made_or_found(api, plan)
        there = {file.rfilename for file in found.siblings or []}
        if there - {*KEPT, CARD} and OURS not in there:
            raise ModelError(
                f"{plan.repo} holds another app, whose files this would replace, so nothing was deployed: choose "
                "another name, or delete that Space on the Hub first."
            )
        restarts = bool(plan.secrets)
        if plan.hardware and plan.hardware != _hardware(api.get_space_runtime(plan.repo)):
            # The Hub may have some that this client does not know.
            api.request_space_hardware(plan.repo, cast("SpaceHardware", plan.hardware))
            restarts = True
        restarts |= _set_variables(api, plan)
        if FEEDBACK_REPO in plan.variables and "DATABASE_URL" in api.get_space_secrets(plan.repo):
            # Of an earlier deployment: the app does not start where ratings would be kept twice.
            api.delete_space_secret(plan.repo, "DATABASE_URL")
            restarts = True
        for name in plan.secrets:
            api.add_space_secret(plan.repo, name, secrets[name])
        wanted = {file.path for file in plan.files}
        changes: list[CommitOperationAdd | CommitOperationDelete] = [
            CommitOperationAdd(file.path, file.content) for file in plan.files
        ]
        changes += [CommitOperationDelete(path) for path in sorted(there - wanted - {*KEPT})]
        message = f"Resposta at {plan.commit}"
        commit = api.create_commit(plan.repo, changes, commit_message=message, repo_type="space").oid
    changed = commit != found.sha
    return Deployed(commit, changed, changed or restarts)


def wait(hub: Hub, repo: str, deployed: Deployed, most_seconds: float, tell: Callable[[str], None]) -> str:
    """The address of the running app, once it runs as `deployed`; `tell` hears every new stage.

    Raises `BuildError` with the stage and the address of its logs when it ends otherwise or takes too long.
    """
    api, begun, first, stage = hub.api(), time.monotonic(), "", "unknown"
    while True:
        with hub.explained(f"Waiting for {repo}", repo):
            runtime = _looked_at(api, repo)
        seconds = time.monotonic() - begun
        if runtime and (now := str(getattr(runtime.stage, "value", runtime.stage))) != stage:
            tell(f"{seconds:5.0f} s  {now}")
            stage, first = now, first or now
        told_anew = not deployed.restarts or stage != first or seconds > STALE_SECONDS
        # The app of an earlier commit runs on until the new one is built.
        if runtime and told_anew and stage not in UNDER_WAY and runtime.raw.get("sha") in (None, deployed.commit):
            break
        if seconds > most_seconds:
            raise BuildError(
                f"{repo} is still {stage} after {seconds:.0f} s: read {logs(hub, repo, stage)}, or wait longer with "
                "--timeout."
            )
        time.sleep(SECONDS_BETWEEN_LOOKS)
    if stage == "RUNNING":
        with hub.explained(f"Looking up {repo}", repo):
            return api.space_info(repo).host or page(hub, repo)
    said = runtime.raw.get("errorMessage")
    because = f" ({said})" if said else ""
    if stage in ASLEEP:
        raise BuildError(f"{repo} has the files but is {stage}{because}: restart it on {page(hub, repo)}.")
    raise BuildError(f"{repo} ended in {stage}{because}: read {logs(hub, repo, stage)}, correct it and deploy again.")


def _looked_at(api: HfApi, repo: str) -> SpaceRuntime | None:
    """What runs there; None when the Hub does not answer for the moment, which ends no build."""
    import httpx
    from huggingface_hub.errors import HfHubHTTPError

    try:
        return api.get_space_runtime(repo)
    except httpx.TransportError:
        return None
    except HfHubHTTPError as error:
        if error.response.status_code < 500:
            raise
        return None


def page(hub: Hub, repo: str) -> str:
    """The Space's address on the Hub."""
    return f"{hub.endpoint or 'https://huggingface.co'}/spaces/{repo}"


def logs(hub: Hub, repo: str, stage: str) -> str:
    """The page with the log of the build, or of the app when it was built."""
    return f"{page(hub, repo)}?logs={'container' if stage in ('RUNTIME_ERROR', *UNDER_WAY[-2:]) else 'build'}"


def _made_or_found(api: HfApi, plan: SpacePlan) -> SpaceInfo:
    from huggingface_hub.errors import RepositoryNotFoundError

    try:
        found = api.space_info(plan.repo)
    except RepositoryNotFoundError:
        api.create_repo(plan.repo, repo_type="space", space_sdk="gradio", private=plan.private or None)
        return api.space_info(plan.repo)
    if plan.private and not found.private:
        raise ModelError(
            f"{plan.repo} exists and is public, so nothing was deployed: make it private on the Hub, choose another "
            "name, or leave out --private."
        )
    return found


def _hardware(runtime: SpaceRuntime) -> str | None:
    """What it has been asked to run on, else what it runs on."""
    return runtime.requested_hardware or runtime.hardware


def _set_variables(api: HfApi, plan: SpacePlan) -> bool:
    """Every change restarts the app, so only what differs is sent; whether anything did. Variables that others have
    set stay."""
    there = api.get_space_variables(plan.repo)
    new = {name: value for name, value in plan.variables.items() if name not in there or there[name].value != value}
    for name, value in new.items():
        api.add_space_variable(plan.repo, name, value)
    gone = [name for name in CHOSEN if name in there and name not in plan.variables]
    for name in gone:
        api.delete_space_variable(plan.repo, name)
    return bool(new or gone)
