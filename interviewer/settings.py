"""Settings: environment, a config file, flags, each overriding the one before; and where each value came from.

Environment variables are INTERVIEWER_<NAME>; OPENAI_API_KEY, OPENAI_BASE_URL and DATABASE_URL are read under their
usual names too. A role's settings are nested: INTERVIEWER_GRADER__MODEL, or `model` in the table [grader] of the config
file, which is config.toml in the user's config folder.
"""

from __future__ import annotations

import os
import tomllib
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Literal

from platformdirs import user_cache_path, user_config_path, user_data_path
from pydantic import AliasChoices, BaseModel, ConfigDict, Field, SecretStr, ValidationError
from pydantic_settings import BaseSettings, PydanticBaseSettingsSource, SettingsConfigDict, TomlConfigSettingsSource

from interviewer.domain.errors import SettingsError
from interviewer.domain.usage import Price

APP = "interviewer"
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


def config_file() -> Path:
    """The config file that is read, whether it is there or not."""
    return Path(os.environ.get("INTERVIEWER_CONFIG") or user_config_path(APP) / "config.toml")


class Settings(BaseSettings):
    """Everything that can be set. `interviewer settings` prints each with its source."""

    model_config = SettingsConfigDict(
        env_prefix="INTERVIEWER_", extra="forbid", env_ignore_empty=True, env_nested_delimiter="__"
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
    guides: Path | None = Field(default=None, description="a folder of your own guides")
    prompts: Path | None = Field(default=None, description="a folder whose files override the packaged prompts")
    data_dir: Path = Field(default_factory=lambda: user_data_path(APP), description="interviews and the vector store")
    cache_dir: Path = Field(default_factory=lambda: user_cache_path(APP), description="compiled guides; safe to delete")
    database_url: SecretStr | None = Field(
        default=None, validation_alias=AliasChoices("database_url", "DATABASE_URL", "INTERVIEWER_DATABASE_URL")
    )
    candidate: str = Field(default="local", description="who is interviewed in this terminal")

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


def load_settings(**flags: Any) -> Settings:
    """The settings that hold. Flags that are None count as not given. Raises SettingsError, without any value in it."""
    try:
        return Settings(**{name: value for name, value in flags.items() if value is not None})
    except ValidationError as error:
        wrong = "; ".join(f"{'.'.join(map(str, e['loc']))}: {e['msg']}" for e in error.errors())
        raise SettingsError(f"A setting makes no sense: {wrong}.", "Look at `interviewer settings --help`.") from None
    except (tomllib.TOMLDecodeError, OSError, UnicodeDecodeError) as error:
        kind = str(error).splitlines()[0]
        raise SettingsError(f"{config_file()} cannot be read: {kind}", "Mend the file or remove it.") from None


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
        if isinstance(value, ModelRole):
            found += [_of_role(name, field, getattr(value, field), in_file) for field in type(value).model_fields]
        else:
            found.append(Sourced(name, _masked(value), _source(name, flags, in_file)))
    return found


def _of_role(role: str, name: str, value: object, in_file: dict[str, Any]) -> Sourced:
    shown = "auto" if value is None else str(value)
    variable = f"INTERVIEWER_{role}__{name}".upper()
    if name in in_file.get(role, {}):
        return Sourced(f"{role}.{name}", shown, str(config_file()))
    present = any(n.upper() == variable and os.environ[n] for n in os.environ)
    return Sourced(f"{role}.{name}", shown, f"environment ({variable})" if present else "default")


def _source(name: str, flags: dict[str, Any], in_file: dict[str, Any]) -> str:
    if flags.get(name) is not None:
        return "flag"
    if name in in_file:
        return str(config_file())
    present = {n.upper(): n for n in os.environ if os.environ[n]}
    usual = Settings.model_fields[name].validation_alias is not None
    for variable in ([name.upper()] if usual else []) + [f"INTERVIEWER_{name.upper()}"]:
        if variable in present:
            return f"environment ({variable})"
    return "default"


def _file_values() -> dict[str, Any]:
    path = config_file()
    return tomllib.loads(path.read_text(encoding="utf-8")) if path.is_file() else {}


def _masked(value: object) -> str:
    if isinstance(value, SecretStr):
        secret = value.get_secret_value()
        return f"•••• ({len(secret)} characters)" if secret else "not set"
    return "not set" if value is None else str(value)
