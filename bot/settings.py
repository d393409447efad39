"""Settings: the environment (QUOTEDESK_...) over `quotedesk.toml` in the home over the defaults."""

from __future__ import annotations

import os
import re
import tomllib
from datetime import date
from pathlib import Path
from typing import Annotated

from pydantic import AfterValidator, BaseModel, BeforeValidator, ConfigDict, Field, SecretStr, ValidationError

from index.article import Scope

PREFIX = "QUOTEDESK_"


class SettingsError(ValueError):
    """A setting that is unknown or has an impossible value; the message names it and where it stands."""


def _listed(value: object) -> object:
    return [part for part in value.replace(",", " ").split() if part] if isinstance(value, str) else value


Listed = Annotated[tuple[str, ...], BeforeValidator(_listed)]
"""Several values: a list in the file; in the environment with commas or spaces between them."""


def _sites(sites: tuple[str, ...]) -> tuple[str, ...]:
    for site in sites:
        if not re.fullmatch(r"https?://[A-Za-z0-9.\[\]:-]+", site):
            raise ValueError(f"{site!r} is not a site: write it as https://HOST")
    return sites


Site = Annotated[str, AfterValidator(lambda site: _sites((site,))[0])]
"""The scheme and the host of an address, and nothing else, as a browser names where a page is from."""
Sites = Annotated[Listed, AfterValidator(_sites)]


class Room(BaseModel):
    """What holds in one channel or room of a workspace: a table `[rooms.ID]` in the file."""

    model_config = ConfigDict(extra="forbid", frozen=True, populate_by_name=True)

    sources: tuple[str, ...] = Field(default=(), description="only these outlets")
    start: date | None = Field(default=None, alias="from", description="only articles published from this day on")
    end: date | None = Field(default=None, alias="to", description="only articles published up to this day")
    only_mentioned: bool = Field(default=False, description="answer only where mentioned, not to replies in a thread")

    @property
    def scope(self) -> Scope:
        """The articles that answer here."""
        return Scope(self.start, self.end, self.sources)


class Settings(BaseModel):
    """Everything that can be set, each by an environment variable QUOTEDESK_NAME or a line in the file."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    home: Annotated[Path, AfterValidator(Path.expanduser)] = Field(
        default=Path("~/.quotedesk"),
        validate_default=True,
        description="the one folder the program writes to (environment or --home only)",
    )
    host: str = Field(default="127.0.0.1", description="the address the web chat listens on")
    port: int = Field(default=7860, ge=1, le=65535, description="the port the web chat listens on")
    chroma_url: str | None = Field(
        default=None,
        description="http://HOST:PORT of a Chroma server that holds the vectors; unset, they are in the home",
    )
    passages_read: int = Field(default=20, ge=1, le=100, description="passages from which what is read is chosen")
    threads: int | None = Field(default=None, ge=1, description="texts embedded at a time; unset, one a core")

    answers_at_once: int = Field(
        default=4, ge=1, description="questions answered at the same time; others wait in line"
    )
    questions_waiting: int = Field(default=30, ge=1, le=90, description="questions that may wait in line")
    questions_a_minute: int = Field(
        default=20, ge=1, description="of one person; where nobody is told apart (on loopback) only if it is set"
    )

    public_url: Site | None = Field(default=None, description="the address people know it by; access is then needed")
    identity_header: str | None = Field(
        default=None, description="the header in which a proxy says who the person is, such as X-Forwarded-User"
    )
    trusted_proxies: Listed = Field(
        default=("127.0.0.1", "::1"), description="addresses whose identity_header and X-Forwarded-For are believed"
    )
    allowed_origins: Sites = Field(default=(), description="other sites whose pages may call the API, with credentials")
    embed_sites: Sites = Field(default=(), description="sites that may show the chat in their pages")

    rooms: dict[str, Room] = Field(default={}, description="what holds in one channel or room, by its id (file only)")
    slack_bot_token: SecretStr | None = Field(default=None, description="xoxb-..., of the Slack app")
    slack_app_token: SecretStr | None = Field(default=None, description="xapp-..., for Socket Mode")
    slack_signing_secret: SecretStr | None = Field(default=None, description="for events over HTTP instead")
    slack_api_url: str = Field(
        default="https://slack.com/api/", description="the Web API, where it is another: GovSlack, a proxy"
    )
    matrix_homeserver: str | None = Field(default=None, description="http(s)://HOST of the Matrix homeserver")
    matrix_user: str | None = Field(default=None, description="@name:server, the bot's account")
    matrix_password: SecretStr | None = Field(default=None, description="its password, needed once")
    teams_client_id: str | None = Field(default=None, description="of the Teams app's registration")
    teams_client_secret: SecretStr | None = Field(default=None, description="of the same")
    teams_tenant_id: str | None = Field(default=None, description="of the organisation")


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
        inner = ".".join(map(str, first["loc"]))
        where = f"{PREFIX}{name.upper()}" if name in environment else f"{file}: {inner}"
        reason = first["msg"]
        if first["type"] == "extra_forbidden":
            fields = (Settings if len(first["loc"]) == 1 else Room).model_fields
            known = ", ".join(field.alias or name for name, field in fields.items())
            reason = f"there is no such setting (settings: {known})"
        raise SettingsError(f"{where} = {str(first['input'])[:80]!r}: {reason}") from None


def _read(file: Path) -> dict[str, object]:
    try:
        return tomllib.loads(file.read_text("utf-8"))
    except (FileNotFoundError, NotADirectoryError):  # what is wrong with such a home is said where it is opened
        return {}
    except (OSError, ValueError) as error:
        raise SettingsError(f"{file} cannot be read: {error}") from error
