"""Settings: the environment (QUOTEDESK_...) over `quotedesk.toml` in the home over the defaults."""

from __future__ import annotations

import os
import tomllib
from pathlib import Path

from pydantic import BaseModel, ConfigDict, Field, ValidationError

PREFIX = "QUOTEDESK_"


class SettingsError(ValueError):
    """A setting that is unknown or has an impossible value; the message names it and where it stands."""


class Settings(BaseModel):
    """Everything that can be set, each by an environment variable QUOTEDESK_NAME or a line in the file."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    home: Path = Field(
        default=Path("~/.quotedesk"), description="the one folder the program writes to (environment or --home only)"
    )
    host: str = Field(default="127.0.0.1", description="the address the web chat listens on")
    port: int = Field(default=7860, ge=1, le=65535, description="the port the web chat listens on")
    chroma_url: str | None = Field(
        default=None,
        description="http://HOST:PORT of a Chroma server that holds the vectors; unset, they are in the home",
    )
    passages_read: int = Field(default=20, ge=1, le=100, description="passages from which what is read is chosen")
    threads: int | None = Field(default=None, ge=1, description="texts embedded at a time; unset, one a core")


def load(home: str | None = None) -> Settings:
    """The settings in force; `home` (from --home) goes over QUOTEDESK_HOME. SettingsError when one is wrong."""
    environment = {
        name.removeprefix(PREFIX).lower(): value for name, value in os.environ.items() if name.startswith(PREFIX)
    }
    if home:
        environment["home"] = home
    folder = Path(environment.get("home") or Settings.model_fields["home"].default).expanduser()
    file = folder / "quotedesk.toml"
    written = _read(file)
    if "home" in written:
        raise SettingsError(f"{file}: home cannot be set inside the home; use {PREFIX}HOME or --home")
    try:
        return Settings.model_validate({**written, **environment, "home": folder})
    except ValidationError as error:
        first = error.errors()[0]
        name = str(first["loc"][0])
        where = f"{PREFIX}{name.upper()}" if name in environment else f"{file}: {name}"
        reason = "there is no such setting" if first["type"] == "extra_forbidden" else first["msg"]
        known = ", ".join(Settings.model_fields)
        raise SettingsError(f"{where} = {str(first['input'])[:80]!r}: {reason} (settings: {known})") from None


def _read(file: Path) -> dict[str, object]:
    try:
        return tomllib.loads(file.read_text("utf-8"))
    except (FileNotFoundError, NotADirectoryError):  # what is wrong with such a home is said where it is opened
        return {}
    except (OSError, ValueError) as error:
        raise SettingsError(f"{file} cannot be read: {error}") from error
