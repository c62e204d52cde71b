"""Chat completions from an OpenAI-compatible endpoint: rate-limited, retried, with errors that name the fix."""

from __future__ import annotations

import asyncio
import datetime as dt
import random
import time
from collections.abc import Sequence
from dataclasses import dataclass
from email.utils import parsedate_to_datetime
from types import TracebackType
from typing import Any, Self

import httpx
from pydantic import SecretStr

from assistant.errors import RespostaError, SettingsError
from assistant.settings import Settings
from assistant.text.messages import one_line

ATTEMPTS = 8

# Seconds before the second attempt, doubled for each further one; and the longest wait.
FIRST_PAUSE, LONGEST_PAUSE = 1.0, 60.0
LONGEST_WAIT = 600.0
TIMEOUT = httpx.Timeout(120.0, connect=10.0)

# Statuses that are worth another attempt, besides all from 500 on.
_PASSING = frozenset({408, 409, 425, 429})
_NO_CREDIT = "insufficient_quota"

# A shorter "key" is a word such as "none", given to a server that wants no key.
_SECRET_LENGTH = 16

_AGAIN = "run the same command again; what was written is kept"


class ChatError(RespostaError):
    """The endpoint cannot be asked."""


@dataclass(frozen=True, slots=True)
class Endpoint:
    """Where chat completions come from: `url` is what "/chat/completions" is appended to."""

    url: str
    model: str
    key: SecretStr | None
    requests_per_minute: float


def endpoint_from(settings: Settings) -> Endpoint:
    """Raises `SettingsError` when the settings name none."""
    if not (settings.teacher_url and settings.teacher_model):
        raise SettingsError(
            "No chat model is set. Set RESPOSTA_TEACHER_URL (such as http://127.0.0.1:8000/v1), RESPOSTA_TEACHER_MODEL "
            "and, where the endpoint wants one, RESPOSTA_TEACHER_KEY."
        )
    return Endpoint(
        settings.teacher_url, settings.teacher_model, settings.teacher_key, settings.teacher_requests_per_minute
    )


@dataclass(frozen=True, slots=True)
class Completion:
    """What the model wrote, and the tokens that the endpoint counts for it (0 when it does not tell)."""

    content: str
    tokens_in: int
    tokens_out: int


class _Pace:
    """Keeps to the rate limit: decides when the next request may begin."""

    def __init__(self, per_minute: float) -> None:
        self._interval = 60.0 / per_minute
        self._next = 0.0

    async def turn(self) -> None:
        while (pause := self._next - time.monotonic()) > 0:
            await asyncio.sleep(pause)
        self._next = time.monotonic() + self._interval

    def hold(self, seconds: float) -> None:
        self._next = max(self._next, time.monotonic() + seconds)


class Client:
    """One endpoint within one event loop."""

    def __init__(self, endpoint: Endpoint) -> None:
        self._endpoint = endpoint
        self._key = endpoint.key.get_secret_value() if endpoint.key else ""
        self._pace = _Pace(endpoint.requests_per_minute)
        headers = {"Authorization": f"Bearer {self._key}"} if self._key else {}
        self._http = httpx.AsyncClient(headers=headers, timeout=TIMEOUT)
        # Until the endpoint has answered once, a failure to reach it is a mistake in the settings.
        self._has_answered = False

    async def complete(self, messages: Sequence[dict[str, str]]) -> Completion:
        """The model's reply. Raises `ChatError` when there will be none."""
        body = {"model": self._endpoint.model, "messages": list(messages)}
        failure = ""
        for attempt in range(ATTEMPTS):
            await self._pace.turn()
            wait = None
            try:
                response = await self._http.post(f"{self._endpoint.url}/chat/completions", json=body)
            except httpx.RequestError as error:
                failure = f"{type(error).__name__} {self._cleaned(str(error))}".strip()
                if isinstance(error, httpx.ConnectError | httpx.ConnectTimeout) and not self._has_answered:
                    raise self._unreachable(failure) from None
            else:
                if response.is_success and (completion := self._read(response)):
                    self._has_answered = True
                    return completion
                failure = f"{response.status_code} {self._said(response)}".strip()
                self._refuse_what_lasts(response, failure)
                wait = _retry_after(response)
            if wait and wait > LONGEST_WAIT:
                raise ChatError(f"{self._endpoint.url} asks to wait {wait:,.0f} seconds ({failure}). Then {_AGAIN}.")
            # Random jitter, so that requests that failed together are not repeated together.
            pause = min(FIRST_PAUSE * 2**attempt, LONGEST_PAUSE) * random.uniform(0.5, 1.0)
            self._pace.hold(pause if wait is None else wait)
        raise ChatError(f"{self._endpoint.url} failed {ATTEMPTS} times in a row ({failure}). Later {_AGAIN}.")

    def _read(self, response: httpx.Response) -> Completion | None:
        """None when this is no chat completion."""
        try:
            body: Any = response.json()
            content = body["choices"][0]["message"]["content"]
        except (ValueError, LookupError, TypeError, RecursionError):
            return None
        if not isinstance(content, str | None):
            return None
        usage = body.get("usage")
        counts = [usage.get(name) if isinstance(usage, dict) else 0 for name in ("prompt_tokens", "completion_tokens")]
        content = self._without_key(content or "")
        return Completion(content, *(count if isinstance(count, int) else 0 for count in counts))

    def _refuse_what_lasts(self, response: httpx.Response, failure: str) -> None:
        """Raise `ChatError` where another attempt would end the same way."""
        status, url, model = response.status_code, self._endpoint.url, self._endpoint.model
        if status in (401, 403):
            fix = "Correct RESPOSTA_TEACHER_KEY" if self._key else "Set RESPOSTA_TEACHER_KEY"
            raise ChatError(f"{url} does not let us in ({failure}). {fix}.")
        if status == 402 or (status == 429 and _NO_CREDIT in response.text):
            raise ChatError(f"{url} has no credit left for us ({failure}). Top it up, then {_AGAIN}.")
        if status == 404:
            raise ChatError(
                f"{url} has no chat completions or no model {model!r} ({failure}). Correct RESPOSTA_TEACHER_URL, which "
                "usually ends in /v1, or RESPOSTA_TEACHER_MODEL."
            )
        if response.is_redirect:
            raise ChatError(f"{url} has moved ({failure}). Set RESPOSTA_TEACHER_URL to its new address.")
        if response.is_success and not self._has_answered:
            raise ChatError(
                f"{url} does not answer with chat completions ({failure}). Correct RESPOSTA_TEACHER_URL, which usually "
                "ends in /v1."
            )
        if response.is_client_error and status not in _PASSING:
            raise ChatError(f"{url} refuses the request ({failure}). Check RESPOSTA_TEACHER_MODEL.")

    def _unreachable(self, failure: str) -> ChatError:
        return ChatError(
            f"{self._endpoint.url} cannot be reached ({failure}). Start it, check the network, or correct "
            "RESPOSTA_TEACHER_URL."
        )

    def _said(self, response: httpx.Response) -> str:
        """The endpoint's own words about a failure."""
        try:
            body = response.json()
            error = body.get("error", body) if isinstance(body, dict) else body
            words = error.get("message", error) if isinstance(error, dict) else error
        except (ValueError, RecursionError):
            words = response.headers.get("location") or response.text
        return self._cleaned(str(words))

    def _cleaned(self, words: str) -> str:
        line = one_line(self._without_key(words))
        return f"{line[:200]}…" if len(line) > 200 else line

    def _without_key(self, words: str) -> str:
        """`text` without the key, which some endpoints repeat."""
        return words.replace(self._key, "[key]") if len(self._key) >= _SECRET_LENGTH else words

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        await self.close()

    async def close(self) -> None:
        await self._http.aclose()


def _retry_after(response: httpx.Response) -> float | None:
    """Seconds that the endpoint asks to wait, given as such or as a date; None when it does not say."""
    given = response.headers.get("retry-after", "")
    try:
        return max(0.0, float(given))
    except ValueError:
        pass  # not seconds, so a date or nothing
    try:
        until = parsedate_to_datetime(given)
    except ValueError:
        return None
    until = until if until.tzinfo else until.replace(tzinfo=dt.UTC)
    return max(0.0, (until - dt.datetime.now(dt.UTC)).total_seconds())
