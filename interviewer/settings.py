"""Settings: environment, a config file, flags, each overriding the one before; and where each value came from.

Environment variables are INTERVIEWER_<NAME>; OPENAI_API_KEY, OPENAI_BASE_URL, DATABASE_URL and CHROMA_URL are read
under their usual names too. A role's settings are nested: INTERVIEWER_GRADER__MODEL, or `model` in the table [grader]
of the config file, which is config.toml in the user's config folder.
"""

from __future__ import annotations

import json
import os
import re
import tomllib
from dataclasses import dataclass
from difflib import get_close_matches
from pathlib import Path
from typing import Annotated, Any, Literal

import pydantic_settings
from platformdirs import user_cache_path, user_config_path, user_data_path
from pydantic import (
    AfterValidator,
    AliasChoices,
    BaseModel,
    BeforeValidator,
    ConfigDict,
    Field,
    SecretStr,
    ValidationError,
)
from pydantic_settings import (
    BaseSettings,
    NoDecode,
    PydanticBaseSettingsSource,
    SettingsConfigDict,
    TomlConfigSettingsSource,
)

from interviewer.domain.errors import SettingsError
from interviewer.domain.usage import Price

APP = "interviewer"
PREFIX = "INTERVIEWER_"
NOT_SETTINGS = ("CONFIG",)
EngineName = Literal["auto", "openai", "embedded", "scripted"]


Effort = Literal["none", "minimal", "low", "medium", "high", "xhigh", "max"]


class ModelRole(BaseModel):
    """A model for one job. What is None is chosen to suit the model; see engines/llm_models.py."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    model: str | None = Field(default=None, min_length=1)
    temperature: float | None = Field(default=None, ge=0, le=2)
    reasoning_effort: Effort | None = None
    timeout: float = Field(default=30.0, gt=0, description="the longest silence of the endpoint, in seconds")
    retries: int = Field(default=2, ge=0, le=10, description="further tries after a passing fault")
    max_tokens: int | None = Field(default=None, ge=1, description="the longest reply, thinking included")


class GraderRole(ModelRole):
    """The model that reads answers."""

    samples: int = Field(default=1, ge=1, le=15, description="how many readings vote on a grade")


def _listed(value: object) -> object:
    """Names in one text, parted by commas or spaces, as an environment variable holds them; numbers are names too."""
    if isinstance(value, str):
        return tuple(value.replace(",", " ").split())
    if isinstance(value, list):
        return tuple(str(v) if type(v) is int else v for v in value)
    return (str(value),) if type(value) is int else value


Names = Annotated[tuple[str, ...], NoDecode, BeforeValidator(_listed)]


class SlackSettings(BaseModel):
    """Interviews in Slack; see docs/slack.md. Ids as Slack has them: T... for workspaces, U... for people."""

    model_config = ConfigDict(extra="forbid", frozen=True, hide_input_in_errors=True)

    bot_token: SecretStr | None = Field(default=None, description="xoxb-..., of the app in its workspace")
    app_token: SecretStr | None = Field(default=None, description="xapp-..., for Socket Mode")
    signing_secret: SecretStr | None = Field(default=None, description="for HTTP instead of Socket Mode")
    workspaces: Names = Field(default=(), description="where interviews are held; everywhere if none is named")
    users: Names = Field(default=(), description="who may be interviewed; everyone if nobody is named")
    reviewers: Names = Field(default=(), description="who may read others' scorecards")
    api_url: str = Field(default="https://slack.com/api/", description="another one for GovSlack")


class DiscordSettings(BaseModel):
    """Interviews in Discord; see docs/discord.md. Ids are the numbers that Discord's developer mode copies."""

    model_config = ConfigDict(extra="forbid", frozen=True, hide_input_in_errors=True)

    bot_token: SecretStr | None = Field(default=None, description="of the application's bot")
    guilds: Names = Field(default=(), description="servers where interviews begin; everywhere if none is named")
    users: Names = Field(default=(), description="who may be interviewed; everyone if nobody is named")
    reviewers: Names = Field(default=(), description="who may read others' scorecards")
    threads: bool = Field(default=True, description="in servers too; false: in direct messages only")


def _at_home(path: Path) -> Path:
    """The path with a leading ~ meant as the user's home, as a shell would read it."""
    return Path(os.path.expanduser(path))  # noqa: PTH111 - Path's own raises for a user who is not there


def _nameable(path: Path) -> Path:
    if "?" in str(path):
        raise ValueError("a question mark cannot be part of it, because an address of a database ends there")
    return path


Folder = Annotated[Path, AfterValidator(_at_home)]


def config_file() -> Path:
    """The config file that is read, whether it is there or not."""
    return _at_home(Path(os.environ.get("INTERVIEWER_CONFIG") or user_config_path(APP) / "config.toml"))


class Settings(BaseSettings):
    """Everything that can be set. `interviewer settings` prints each with its source."""

    model_config = SettingsConfigDict(
        env_prefix=PREFIX, extra="forbid", env_ignore_empty=True, env_nested_delimiter="__"
    )

    engine: EngineName = Field(default="auto", description="auto: openai where a key or endpoint is set, else embedded")
    openai_api_key: SecretStr | None = Field(
        default=None, validation_alias=AliasChoices("openai_api_key", "OPENAI_API_KEY", "INTERVIEWER_OPENAI_API_KEY")
    )
    openai_base_url: str | None = Field(
        default=None, validation_alias=AliasChoices("openai_base_url", "OPENAI_BASE_URL", "INTERVIEWER_OPENAI_BASE_URL")
    )
    grader: GraderRole = Field(default_factory=GraderRole, description="the model that reads answers")
    speaker: ModelRole = Field(default_factory=ModelRole, description="the model that words replies")
    prices: dict[str, Price] = Field(
        default_factory=dict, description="what a million tokens cost, by model: input, output and cached"
    )
    turn_seconds: float = Field(default=60.0, gt=0, description="the longest a candidate waits for a reply")
    guides: Folder | None = Field(default=None, description="a folder of your own guides")
    prompts: Folder | None = Field(default=None, description="a folder whose files override the packaged prompts")
    data_dir: Annotated[Folder, AfterValidator(_nameable)] = Field(
        default_factory=lambda: user_data_path(APP), description="interviews and the vector store"
    )
    cache_dir: Folder = Field(
        default_factory=lambda: user_cache_path(APP), description="compiled guides; safe to delete"
    )
    database_url: SecretStr | None = Field(
        default=None, validation_alias=AliasChoices("database_url", "DATABASE_URL", "INTERVIEWER_DATABASE_URL")
    )
    chroma_url: SecretStr | None = Field(
        default=None,
        validation_alias=AliasChoices("chroma_url", "CHROMA_URL", "INTERVIEWER_CHROMA_URL"),
        description="a Chroma server that workers share; a folder of this machine's own if there is none",
    )
    candidate: str = Field(default="local", description="who is interviewed in this terminal")
    quiet_seconds: float = Field(
        default=1.5, ge=0, le=60, description="in a chat, messages that follow each other so quickly are one answer"
    )
    slack: SlackSettings = Field(default_factory=SlackSettings, description="interviews in Slack")
    discord: DiscordSettings = Field(default_factory=DiscordSettings, description="interviews in Discord")
    turns_at_once: int = Field(default=32, ge=1, description="how many interviews one worker serves at the same time")
    space_turns: int = Field(
        default=50, ge=1, description="how many interviews of one workspace or guild are served at the same time"
    )
    waiting_messages: int = Field(
        default=50, ge=1, description="how many messages and edits of one person are kept unanswered in a chat"
    )
    retention_days: float | None = Field(
        default=None, gt=0, description="interviews in which nothing has happened for so long are deleted by serve"
    )
    database_connections: int = Field(default=8, ge=1, description="the most to a PostgreSQL server, of one process")
    health: str = Field(
        default="127.0.0.1:8081", description="where serve shows /healthz, /readyz and /metrics; off for nowhere"
    )

    @classmethod
    def settings_customise_sources(
        cls,
        settings_cls: type[BaseSettings],
        init_settings: PydanticBaseSettingsSource,
        env_settings: PydanticBaseSettingsSource,
        dotenv_settings: PydanticBaseSettingsSource,
        file_secret_settings: PydanticBaseSettingsSource,
    ) -> tuple[PydanticBaseSettingsSource, ...]:
        """Flags win over the config file, and the config file over the environment."""
        return init_settings, TomlConfigSettingsSource(settings_cls, config_file()), env_settings

    @property
    def store_url(self) -> str:
        """The database, by default a SQLite file in the data folder."""
        if self.database_url:
            return self.database_url.get_secret_value()
        return f"sqlite:///{self.data_dir / 'interviews.db'}"

    @property
    def index_dir(self) -> Path:
        """The vector store's folder."""
        return self.data_dir / "index"

    @property
    def guide_folder(self) -> Path:
        """The folder of the user's own guides."""
        return self.guides or self.data_dir / "guides"


NESTED = tuple(
    name
    for name, field in Settings.model_fields.items()
    if isinstance(field.annotation, type) and issubclass(field.annotation, BaseModel)
)


def load_settings(**flags: Any) -> Settings:
    """The settings that hold. Flags that are None count as not given. Raises SettingsError, without any value in it."""
    given = {name: value for name, value in flags.items() if value is not None}
    try:
        in_file = _file_values()
        if strange := [name for name in in_file if name not in Settings.model_fields]:
            raise SettingsError(f"{config_file()}: {_no_such(strange[0])}", "Mend the file or remove it.")
        return Settings(**given)
    except ValidationError as error:
        wrong = "; ".join(_explained(e["loc"], e["type"], e["msg"], given, in_file) for e in error.errors())
        raise SettingsError(f"A setting makes no sense: {wrong}.", "Change it there, or remove it.") from None
    except pydantic_settings.SettingsError:
        raise SettingsError(f"{_not_json()} is not JSON.", "Set single values, as INTERVIEWER_GRADER__MODEL.") from None
    except (tomllib.TOMLDecodeError, OSError, UnicodeDecodeError) as error:
        kind = str(error).splitlines()[0]
        raise SettingsError(f"{config_file()} cannot be read: {kind}.", "Mend the file or remove it.") from None


def _not_json() -> str:
    """The variable that should hold JSON and does not."""
    names = [f"{PREFIX}{name}".upper() for name in (*NESTED, "prices")]
    return next((n for n in names if not _is_json(_environment().get(n) or "{}")), " or ".join(names))


def _is_json(text: str) -> bool:
    try:
        json.loads(text)
    except ValueError:
        return False
    return True


def _explained(
    loc: tuple[int | str, ...], kind: str, message: str, flags: dict[str, Any], in_file: dict[str, Any]
) -> str:
    """What is wrong with a setting, and where it was set."""
    name, *inner = map(str, loc)
    source = _source_of_role(name, inner[0], in_file) if inner else _source(name, flags, in_file)
    what = "there is no such setting" if kind == "extra_forbidden" else message.removeprefix("Value error, ")
    return f"{'.'.join((name, *inner))}, from {source}: {what}"


def _no_such(name: str) -> str:
    """That there is no setting of this name, and which comes near. What cannot be one may be a secret: not said."""
    near = get_close_matches(name.lower(), Settings.model_fields, n=1)
    meant = f" Did you mean {near[0]}?" if near else ""
    return f"there is no setting {name!r}.{meant}" if name.isidentifier() else "something in it names no setting."


@dataclass(frozen=True)
class Sourced:
    """One setting as it holds: its value, masked where it is a secret, and where it came from."""

    name: str
    value: str
    source: str


def sourced(settings: Settings, flags: dict[str, Any]) -> list[Sourced]:
    """Every setting with its source: "flag", the config file's path, the variable's name, or "default"."""
    in_file = _file_values()
    found = []
    for name in type(settings).model_fields:
        value = getattr(settings, name)
        if isinstance(value, BaseModel):
            unset = "auto" if isinstance(value, ModelRole) else "not set"
            for inner in type(value).model_fields:
                shown = getattr(value, inner)
                where = _source_of_role(name, inner, in_file)
                found.append(Sourced(f"{name}.{inner}", unset if shown is None else _masked(shown), where))
        else:
            found.append(Sourced(name, _masked(value), _source(name, flags, in_file)))
    return found


def doubts(settings: Settings) -> list[str]:
    """What is set and cannot be meant: variables that name no setting, folders that are not there."""
    found = []
    for variable in sorted(os.environ):
        name = variable.upper().removeprefix(PREFIX).split("__")[0].lower()
        if variable.upper().startswith(PREFIX) and name.upper() not in NOT_SETTINGS:
            found += [] if name in Settings.model_fields else [f"{variable} has no effect: {_no_such(name)}"]
    for name in ("guides", "prompts"):
        folder = getattr(settings, name)
        if folder and not folder.is_dir():
            found.append(f"{name} names a folder that is not there: {folder}.")
    return found


def _source_of_role(role: str, name: str, in_file: dict[str, Any]) -> str:
    held = in_file.get(role)
    if isinstance(held, dict) and name in held:
        return str(config_file())
    whole, single = f"{PREFIX}{role}".upper(), f"{PREFIX}{role}__{name}".upper()
    for variable in (single, whole):
        value = _environment().get(variable, "")
        if value and (variable == single or f'"{name}"' in value):
            return f"environment ({variable})"
    return "default"


def _source(name: str, flags: dict[str, Any], in_file: dict[str, Any]) -> str:
    if flags.get(name) is not None:
        return "flag"
    if name in in_file:
        return str(config_file())
    usual = Settings.model_fields[name].validation_alias is not None
    for variable in ([name.upper()] if usual else []) + [f"{PREFIX}{name.upper()}"]:
        if _environment().get(variable):
            return f"environment ({variable})"
    return "default"


def _environment() -> dict[str, str]:
    """The environment; the case of a variable's name does not count."""
    return {name.upper(): value for name, value in os.environ.items()}


def _file_values() -> dict[str, Any]:
    path = config_file()
    return tomllib.loads(path.read_text(encoding="utf-8")) if path.is_file() else {}


def _masked(value: object) -> str:
    if isinstance(value, SecretStr):
        secret = value.get_secret_value()
        return f"•••• ({len(secret)} characters)" if secret else "not set"
    if isinstance(value, tuple):
        return ", ".join(value) or "not set"
    return "not set" if value is None else _without_secrets(str(value))


def _without_secrets(text: str) -> str:
    """A value without the password or key that an address may hold."""
    return re.sub(
        r"(?<=//)[^/@\s]*(?=@)|(?<=[?&])([^=&]*(?:key|token|secret|password|sig)[^=&]*=)[^&]*", r"\1••••", text
    )
