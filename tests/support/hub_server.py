"""A local server that speaks as much of the Hugging Face Hub's HTTP API as pushing and pulling files need.

Written from what huggingface_hub 1.33 sends and reads. It offers LFS uploads and no Xet, so a client has to run
with the documented HF_HUB_DISABLE_XET.
"""

from __future__ import annotations

import base64
import json
import re
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any
from urllib.parse import unquote, urlsplit

import yaml

from tests.support.hub_state import HubState, Refused, Repository, is_large, oid_of, sha256

OWNER, WRITES, READS = "ana", "hf_writes", "hf_reads"
# Methods, the path's pattern, what answers.
Routes = tuple[tuple[str, str, Callable[..., None]], ...]


class Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    state: HubState
    routes: Routes

    def log_message(self, *_: Any) -> None:
        """A test's output is no place for access logs."""

    def _handle(self) -> None:
        path = unquote(urlsplit(self.path).path)
        self.state.requests.append(f"{self.command} {path}")
        self._body = self.rfile.read(int(self.headers.get("Content-Length") or 0))
        try:
            for methods, pattern, action in self.routes:
                found = re.fullmatch(pattern, path)
                if found and self.command in methods.split():
                    action(self, **found.groupdict())
                    return
            raise Refused(404, "Not found")
        except Refused as refused:
            headers = {"X-Error-Message": refused.message} | ({"X-Error-Code": refused.code} if refused.code else {})
            self._send(refused.status, {"error": refused.message}, headers)

    do_GET = do_HEAD = do_POST = do_PUT = do_DELETE = _handle

    def _send(self, status: int, content: Any, headers: dict[str, str] | None = None) -> None:
        body = content if isinstance(content, bytes) else json.dumps(content).encode()
        self.send_response(status)
        for name, value in (headers or {}).items():
            self.send_header(name, value)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        if self.command != "HEAD":
            self.wfile.write(body)

    def _token(self) -> str | None:
        """The token sent, None without one. The real Hub's words for a wrong one."""
        sent = self.headers.get("Authorization", "").removeprefix("Bearer ") or None
        if sent not in (None, WRITES, READS):
            raise Refused(401, "Invalid credentials in Authorization header")
        return sent

    def _may_write(self) -> None:
        token = self._token()
        if token is None:
            raise Refused(401, "Invalid username or password.")
        if token == READS:
            raise Refused(403, "you must use a write token")

    def _repository(self, repo: str) -> Repository:
        token = self._token()
        found = self.state.repositories.get(repo)
        if found and (token or not found.private):
            return found
        raise (
            Refused(404, "Repository not found", "RepoNotFound")
            if token
            else Refused(401, "Invalid username or password.")
        )

    def _commit_of(self, repo: str, revision: str) -> tuple[str, dict[str, bytes]]:
        repository = self._repository(repo)
        oid = repository.resolve(revision)
        if oid is None:
            raise Refused(404, f"Invalid rev id: {revision}", "RevisionNotFound")
        return oid, repository.commits[oid]

    def create_repository(self) -> None:
        self._may_write()
        asked = json.loads(self._body)
        if asked["organization"] not in (None, OWNER):
            kind = asked.get("type", "model")
            raise Refused(403, f"You don't have the rights to create a {kind} under {asked['organization']}")
        repo = f"{OWNER}/{asked['name']}"
        if repo in self.state.repositories:
            self._send(409, {"error": "You already created this repo", "url": f"{self._address()}/{repo}"})
            return
        made = self.state.repositories[repo] = Repository(asked.get("visibility") == "private")
        made.commit({".gitattributes": b"*.safetensors filter=lfs diff=lfs merge=lfs -text\n"})
        self._send(200, {"url": f"{self._address()}/{repo}", "name": repo})

    def validate_card(self) -> None:
        content = json.loads(self._body)["content"]
        found = re.match(r"---\n(.*?)\n---\n", content, re.DOTALL)
        problem = "" if found and isinstance(yaml.safe_load(found[1]), dict) else "no YAML front matter"
        self._send(400 if problem else 200, {"errors": [{"message": problem}] if problem else [], "warnings": []})

    def preupload(self, repo: str, revision: str) -> None:
        self._may_write()
        _, files = self._commit_of(repo, revision)
        modes = [
            {
                "path": file["path"],
                "uploadMode": "lfs" if is_large(file["path"]) else "regular",
                "shouldIgnore": False,
                "oid": oid_of(file["path"], files[file["path"]]) if file["path"] in files else None,
            }
            for file in json.loads(self._body)["files"]
        ]
        self._send(200, {"files": modes})

    def offer_upload(self, repo: str) -> None:
        self._may_write()
        self._repository(repo)
        offers = []
        for wanted in json.loads(self._body)["objects"]:
            known = wanted["oid"] in self.state.objects
            actions = {
                "upload": {"href": f"{self._address()}/lfs/{wanted['oid']}"},
                "verify": {"href": f"{self._address()}/api/lfs/verify"},
            }
            offers.append({"oid": wanted["oid"], "size": wanted["size"]} | ({} if known else {"actions": actions}))
        self._send(200, {"transfer": "basic", "objects": offers})

    def upload(self, oid: str) -> None:
        half = self.state.fault == "upload"
        self.state.objects[oid] = self._body[: len(self._body) // 2] if half else self._body
        self._send(200, {})

    def verify(self) -> None:
        self._may_write()
        wanted = json.loads(self._body)
        stored = self.state.objects.get(wanted["oid"], b"")
        if len(stored) != wanted["size"] or sha256(stored) != wanted["oid"]:
            del self.state.objects[wanted["oid"]]
            raise Refused(422, "The uploaded file is not the one that was announced")
        self._send(200, {})

    def make_commit(self, repo: str, revision: str) -> None:
        self._may_write()
        if self.state.fault == "commit":
            self.close_connection = True
            self.connection.close()
            return
        _, before = self._commit_of(repo, revision)
        files = dict(before)
        for line in self._body.splitlines():
            operation = json.loads(line)
            value = operation["value"]
            if operation["key"] == "file":
                files[value["path"]] = base64.b64decode(value["content"])
            elif operation["key"] == "lfsFile":
                files[value["path"]] = self.state.objects[value["oid"]]
            elif operation["key"] == "deletedFile":
                del files[value["path"]]
            elif operation["key"] != "header":
                raise Refused(400, f"unknown operation {operation['key']}")
        oid = self._repository(repo).commit(files)
        self._send(200, {"commitOid": oid, "commitUrl": f"{self._address()}/{repo}/commit/{oid}"})

    def refs(self, repo: str) -> None:
        repository = self._repository(repo)
        kinds = {"branches": ("heads", repository.branches), "tags": ("tags", repository.tags)}
        listed = {
            kind: [{"name": n, "ref": f"refs/{short}/{n}", "targetCommit": oid} for n, oid in names.items()]
            for kind, (short, names) in kinds.items()
        }
        self._send(200, listed | {"converts": []})

    def create_tag(self, repo: str, revision: str) -> None:
        self._may_write()
        if self.state.fault == "tag":
            raise Refused(500, "Internal Error")
        oid, _ = self._commit_of(repo, revision)
        tags = self._repository(repo).tags
        tag = json.loads(self._body)["tag"]
        if tag in tags:
            raise Refused(409, f"Tag {tag} exists")
        tags[tag] = oid
        self._send(200, {})

    def delete_tag(self, repo: str, revision: str) -> None:
        self._may_write()
        if self._repository(repo).tags.pop(revision, None) is None:
            raise Refused(404, f"Invalid rev id: {revision}", "RevisionNotFound")
        self._send(200, {})

    def info(self, repo: str, revision: str | None = None) -> None:
        self._send(200, self._information(repo, revision))

    def _information(self, repo: str, revision: str | None) -> dict[str, Any]:
        oid, files = self._commit_of(repo, revision or "main")
        siblings = [
            {"rfilename": path, "size": len(content), "blobId": oid_of(path, content)}
            | ({"lfs": {"size": len(content), "sha256": sha256(content), "pointerSize": 134}} if is_large(path) else {})
            for path, content in files.items()
        ]
        private = self._repository(repo).private
        return {"id": repo, "sha": oid, "private": private, "siblings": siblings, "tags": []}

    def tree(self, repo: str, revision: str) -> None:
        _, files = self._commit_of(repo, revision)
        entries = [
            {"type": "file", "path": path, "size": len(content), "oid": oid_of(path, content)}
            | ({"lfs": {"oid": sha256(content), "size": len(content), "pointerSize": 134}} if is_large(path) else {})
            for path, content in files.items()
        ]
        self._send(200, entries)

    def resolve(self, repo: str, revision: str, file: str) -> None:
        oid, files = self._commit_of(repo, revision)
        if file not in files:
            raise Refused(404, "Entry not found", "EntryNotFound")
        content = files[file]
        headers = {"X-Repo-Commit": oid, "ETag": f'"{oid_of(file, content)}"'}
        if not is_large(file):
            self._send(200, content, headers)
            return
        headers |= {"X-Linked-ETag": f'"{sha256(content)}"', "X-Linked-Size": str(len(content))}
        # The real one keeps large files on another host, which is no business of the token.
        place = self._address().replace("127.0.0.1", "localhost")
        self._send(302, b"", headers | {"Location": f"{place}/lfs/{sha256(content)}"})

    def download(self, oid: str) -> None:
        if self.headers.get("Authorization"):
            raise Refused(400, "The token went to the storage host")
        content = self.state.objects[oid]
        if self.state.fault == "download":
            content = content[:-1] + bytes([content[-1] ^ 1])
        self._send(200, content, {"ETag": f'"{oid}"'})

    def _address(self) -> str:
        return f"http://127.0.0.1:{self.server.server_address[1]}"


# Data sets and Spaces speak the same of their files; of what runs a Space tells tests/support/hub_space.py.
_REPO = r"/api/(?:models|datasets|spaces)/(?P<repo>[^/]+/[^/]+)"
ROUTES = (
    ("POST", "/api/repos/create", Handler.create_repository),
    ("POST", "/api/validate-yaml", Handler.validate_card),
    ("POST", _REPO + "/preupload/(?P<revision>.+)", Handler.preupload),
    ("POST", r"/(?:datasets/|spaces/)?(?P<repo>[^/]+/[^/]+)\.git/info/lfs/objects/batch", Handler.offer_upload),
    ("PUT", "/lfs/(?P<oid>[0-9a-f]{64})", Handler.upload),
    ("POST", "/api/lfs/verify", Handler.verify),
    ("POST", _REPO + "/commit/(?P<revision>.+)", Handler.make_commit),
    ("GET", _REPO + "/refs", Handler.refs),
    ("POST", _REPO + "/tag/(?P<revision>.+)", Handler.create_tag),
    ("DELETE", _REPO + "/tag/(?P<revision>.+)", Handler.delete_tag),
    ("GET", _REPO, Handler.info),
    ("GET", _REPO + "/revision/(?P<revision>.+)", Handler.info),
    ("GET", _REPO + "/tree/(?P<revision>.+)", Handler.tree),
    ("GET HEAD", "/(?P<repo>[^/]+/[^/]+)/resolve/(?P<revision>[^/]+)/(?P<file>.+)", Handler.resolve),
    ("GET HEAD", "/lfs/(?P<oid>[0-9a-f]{64})", Handler.download),
)


Handler.routes = ROUTES


@contextmanager
def running_hub(handler: type[Handler] = Handler, state: HubState | None = None) -> Iterator[tuple[str, Any]]:
    """The address of a server on this machine, and what it holds."""
    state = state or HubState()
    server = ThreadingHTTPServer(("127.0.0.1", 0), type("HubHandler", (handler,), {"state": state}))
    thread = threading.Thread(target=server.serve_forever, args=(0.02,), daemon=True)
    thread.start()
    try:
        yield f"http://127.0.0.1:{server.server_address[1]}", state
    finally:
        server.shutdown()
        server.server_close()
        thread.join()
