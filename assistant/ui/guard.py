"""What the web server lets through, before Gradio sees it.

Gradio serves more than this app uses: uploads, a file route that also fetches foreign
addresses, a reverse proxy, deep links. Only what the page and its API need stays open.
"""

from __future__ import annotations

import base64
import hashlib
import ipaddress
import json
import re
from collections.abc import Iterable
from urllib.parse import urlsplit

from starlette.datastructures import Headers, MutableHeaders
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from assistant.ui.gradio_bridge import CALL_ROUTES, READ_ROUTES, WRITE_ROUTES
from assistant.ui.limit import Limit

_OPEN_TO_READ = re.compile(rf"/(?:healthz|ui/.+)|{READ_ROUTES}")
_OPEN_TO_WRITE = re.compile(WRITE_ROUTES)
_CALLS = re.compile(CALL_ROUTES)
_INLINE_SCRIPT = re.compile(rb"<script(?![^>]*\bsrc=)[^>]*>(.*?)</script>", re.DOTALL)


class Guard:
    """ASGI middleware: open routes, host, origin, size, security headers.

    `hosts` are the names this server may be called by, None for any (a public server behind
    a name we do not know). `framed_by` are the origins that may show the page in a frame. `limit`
    bounds what one visitor may ask for.
    """

    def __init__(
        self,
        app: ASGIApp,
        *,
        max_body: int,
        hosts: Iterable[str] | None = None,
        framed_by: Iterable[str] = (),
        limit: Limit | None = None,
    ) -> None:
        self.app = app
        self._max_body = max_body
        self._hosts = None if hosts is None else frozenset(hosts)
        self._framed_by = " ".join(framed_by) or "'none'"
        self._limit = limit

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] == "websocket":
            await send({"type": "websocket.close", "code": 1008})
            return
        if scope["type"] != "http":
            await self.app(scope, receive, send)
            return
        send = _Page(send, self._framed_by)
        refusal = self._refusal(scope)
        if refusal is not None:
            await _reply(send, *refusal)
            return
        body = await self._read(receive) if scope["method"] == "POST" else b""
        if body is None:
            await _reply(send, 413, f"The request is larger than {self._max_body:,} bytes; send a shorter text.")
            return
        await self.app(scope, _replay(body, receive) if body else receive, send)

    def _refusal(self, scope: Scope) -> tuple[int, str] | None:
        headers = Headers(scope=scope)
        host = headers.get("host", "")
        if self._hosts is not None and _name(f"//{host}") not in self._hosts:
            # A foreign page can have its own host name resolve to our address (DNS rebinding).
            return 400, "This server answers only under its own address; open http://127.0.0.1 with its port."
        origin = headers.get("origin")
        if scope["method"] != "GET" and origin is not None and urlsplit(origin).netloc != host:
            return 403, "Requests from other sites are refused; open the page itself."
        routes = {"GET": _OPEN_TO_READ, "HEAD": _OPEN_TO_READ, "POST": _OPEN_TO_WRITE}.get(scope["method"])
        if routes is None or not routes.fullmatch(scope["path"]):
            return 404, "Not found."
        if self._limit and _CALLS.fullmatch(scope["path"]) and scope["method"] == "POST":
            return self._limit.refusal(_visitor(scope, headers))
        return None

    async def _read(self, receive: Receive) -> bytes | None:
        """The whole body, or None as soon as it is too large."""
        body = bytearray()
        while True:
            message = await receive()
            if message["type"] == "http.disconnect":
                return bytes(body)
            body += message.get("body", b"")
            if len(body) > self._max_body:
                return None
            if not message.get("more_body"):
                return bytes(body)


class _Page:
    """A `send` that adds the security headers; HTML is held back until its scripts are known."""

    def __init__(self, send: Send, framed_by: str) -> None:
        self._send = send
        self._framed_by = framed_by
        self._start: Message | None = None
        self._body = bytearray()

    async def __call__(self, message: Message) -> None:
        if message["type"] == "http.response.start":
            headers = MutableHeaders(scope=message)
            headers["X-Content-Type-Options"] = "nosniff"
            headers["Referrer-Policy"] = "no-referrer"
            headers["Cross-Origin-Opener-Policy"] = "same-origin"
            headers.setdefault("Cache-Control", "no-cache")
            if headers.get("content-type", "").startswith("text/html"):
                self._start = message
                return
            headers["Content-Security-Policy"] = f"default-src 'none'; frame-ancestors {self._framed_by}"
        elif self._start is not None and message["type"] == "http.response.body":
            self._body += message.get("body", b"")
            if message.get("more_body"):
                return
            MutableHeaders(scope=self._start)["Content-Security-Policy"] = self._policy(bytes(self._body))
            await self._send(self._start)
            await self._send({"type": "http.response.body", "body": bytes(self._body)})
            return
        await self._send(message)

    def _policy(self, page: bytes) -> str:
        """Scripts: our own files and exactly the inline ones the server wrote into this page.

        Gradio compiles its components' templates in the browser ('unsafe-eval') and sets inline styles.
        """
        # Browsers hash a script after turning CRLF into LF.
        inline = {script.replace(b"\r\n", b"\n") for script in _INLINE_SCRIPT.findall(page)}
        hashes = " ".join(sorted(f"'sha256-{_digest(script)}'" for script in inline))
        return "; ".join(
            (
                "default-src 'self'",
                f"script-src 'self' 'unsafe-eval' {hashes}".strip(),
                "style-src 'self' 'unsafe-inline'",
                "img-src 'self' data: blob:",
                "font-src 'self' data:",
                "connect-src 'self'",
                "object-src 'none'",
                "base-uri 'self'",
                "form-action 'self'",
                f"frame-ancestors {self._framed_by}",
            )
        )


def _digest(script: bytes) -> str:
    return base64.b64encode(hashlib.sha256(script).digest()).decode()


def _visitor(scope: Scope, headers: Headers) -> str:
    """The caller's address. Each proxy appends the address it was called from, so the last public one is taken.

    The caller itself may have sent what comes before it.
    """
    named = [one.strip() for line in headers.getlist("x-forwarded-for") for one in line.split(",")]
    heard = [*named, str((scope.get("client") or ("",))[0])]
    return next(filter(_is_public, reversed(heard)), heard[-1])


def _is_public(address: str) -> bool:
    try:
        found = ipaddress.ip_address(address)
    except ValueError:
        return False
    # A socket that takes IPv4 and IPv6 writes IPv4 addresses as IPv6 ones.
    return (getattr(found, "ipv4_mapped", None) or found).is_global


def _name(address: str) -> str:
    try:
        return urlsplit(address).hostname or ""
    except ValueError:
        return ""


def _replay(body: bytes, receive: Receive) -> Receive:
    sent = False

    async def again() -> Message:
        nonlocal sent
        if sent:
            return await receive()
        sent = True
        return {"type": "http.request", "body": body, "more_body": False}

    return again


async def _reply(send: Send, status: int, detail: str) -> None:
    body = json.dumps({"detail": detail}).encode()
    headers = [(b"content-type", b"application/json"), (b"content-length", str(len(body)).encode())]
    await send({"type": "http.response.start", "status": status, "headers": headers})
    await send({"type": "http.response.body", "body": body})
