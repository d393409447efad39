"""The bot's account on its Matrix homeserver: logged in to once, after which its device is kept in the home."""

from __future__ import annotations

import json
import os
import re
import secrets
from dataclasses import asdict, dataclass, field
from pathlib import Path

import aiohttp
import nio

from bot.settings import Settings

DEVICE = "Quotedesk"
"""How the bot's device is called in its account."""
LOGIN_S = 30
AWAY = (OSError, aiohttp.ClientError, TimeoutError, nio.RemoteProtocolError, nio.RemoteTransportError)
"""What is raised when the homeserver cannot be reached, or what answers in its place is none."""


class MatrixError(RuntimeError):
    """The bot cannot be on Matrix; the message names the value and the fix."""


class NotSetError(MatrixError):
    """A setting is missing."""

    def __init__(self, name: str, example: str) -> None:
        super().__init__(
            f'{name} is not set: write {name} = "{example}" in quotedesk.toml, or set QUOTEDESK_{name.upper()}'
        )


class UserError(MatrixError):
    """What is set as the bot's account is no user of Matrix."""

    def __init__(self, user: str) -> None:
        super().__init__(f"matrix_user {user[:80]!r} is no user of Matrix: write it as @name:server")


class HomeserverError(MatrixError):
    """There is no homeserver where one is said to be."""

    def __init__(self, address: str, reason: str) -> None:
        super().__init__(
            f"matrix_homeserver {address[:80]!r} does not answer as one ({reason[:200]}): set the address that clients "
            "use, such as https://matrix.example.org"
        )


class PasswordError(MatrixError):
    """The homeserver does not let the bot in."""

    def __init__(self, user: str, reason: str) -> None:
        super().__init__(
            f"the homeserver does not let {user} in ({reason[:200]}): check matrix_user and matrix_password"
        )


class TokenError(MatrixError):
    """The homeserver has ended the bot's session."""

    def __init__(self, user: str, file: Path) -> None:
        super().__init__(
            f"the homeserver no longer knows the session of {user}: delete {file}, and start again with matrix_password"
        )


@dataclass(frozen=True, slots=True)
class Login:
    """A device of the bot's account; `key` encrypts what its encryption needs, in the home."""

    homeserver: str
    user_id: str
    device_id: str
    token: str = field(repr=False)
    key: str = field(repr=False)


def folder(home: Path) -> Path:
    """Where the bot keeps what it must not lose; for its owner only."""
    path = home / "matrix"
    path.mkdir(mode=0o700, parents=True, exist_ok=True)
    return path


def login_file(home: Path) -> Path:
    """The file with the login."""
    return folder(home) / "login.json"


def account(settings: Settings) -> tuple[str, str]:
    """The homeserver's address and the bot's user id. Raises NotSetError and UserError."""
    if not settings.matrix_homeserver:
        raise NotSetError("matrix_homeserver", "https://matrix.example.org")
    if not settings.matrix_user:
        raise NotSetError("matrix_user", "@quotedesk:example.org")
    if not re.fullmatch(r"@[^\s:]+:\S+", settings.matrix_user):
        raise UserError(settings.matrix_user)
    if not re.match(r"https?://[^/\s]", settings.matrix_homeserver):
        raise HomeserverError(settings.matrix_homeserver, "it has no http:// or https://")
    return settings.matrix_homeserver.rstrip("/"), settings.matrix_user


async def log_in(settings: Settings) -> Login:
    """The login that is kept, or else a new one, then kept. Raises a MatrixError."""
    homeserver, user = account(settings)
    kept = _kept(login_file(settings.home))
    if kept and (kept.homeserver, kept.user_id) == (homeserver, user):
        return kept
    if not settings.matrix_password:
        raise NotSetError("matrix_password", "...")
    made = await _logged_in(homeserver, user, settings.matrix_password.get_secret_value())
    write_secret(login_file(settings.home), json.dumps(asdict(made)))
    return made


def client_of(login: Login, home: Path) -> nio.AsyncClient:
    """A client for that device, which gives errors back to us instead of waiting by itself."""
    config = nio.AsyncClientConfig(
        max_limit_exceeded=0, max_timeouts=0, request_timeout=LOGIN_S, pickle_key=login.key, store_name="keys.db"
    )
    made = nio.AsyncClient(login.homeserver, login.user_id, login.device_id, str(_store(login, home)), config)
    made.restore_login(login.user_id, login.device_id, login.token)
    return made


def write_secret(file: Path, text: str) -> None:
    """Replace a file at once by one that only its owner may read."""
    new = file.with_name(f"{file.name}.new")
    new.unlink(missing_ok=True)
    with os.fdopen(os.open(new, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "w", encoding="utf-8") as opened:
        opened.write(text)
    new.replace(file)


def cursor_file(login: Login, home: Path) -> Path:
    """Where it is kept up to where the device has heard everything."""
    return _store(login, home) / "heard"


def _store(login: Login, home: Path) -> Path:
    """One folder a device: another one can neither use its keys nor go on where it was."""
    path = folder(home) / re.sub(r"\W", "_", login.device_id)
    path.mkdir(mode=0o700, exist_ok=True)
    return path


def _kept(file: Path) -> Login | None:
    try:
        return Login(**json.loads(file.read_text("utf-8")))
    except FileNotFoundError:
        return None
    except (OSError, ValueError, TypeError) as error:
        raise MatrixError(
            f"{file} cannot be read ({error}): delete it, and start again with matrix_password"
        ) from error


async def _logged_in(homeserver: str, user: str, password: str) -> Login:
    config = nio.AsyncClientConfig(max_limit_exceeded=0, max_timeouts=0, request_timeout=LOGIN_S)
    asking = nio.AsyncClient(homeserver, user, config=config)
    try:
        got = await asking.login(password, DEVICE)
    except AWAY as error:
        raise HomeserverError(homeserver, str(error) or type(error).__name__) from error
    finally:
        await asking.close()
    if isinstance(got, nio.LoginResponse):
        return Login(homeserver, got.user_id, got.device_id, got.access_token, secrets.token_hex(32))
    if got.status_code == "M_LIMIT_EXCEEDED":
        wait_s = (got.retry_after_ms or 0) // 1000 + 1
        raise MatrixError(f"{homeserver} lets nobody log in for now, after too many tries: start again in {wait_s} s")
    if got.status_code is None:
        raise HomeserverError(homeserver, str(got.message))
    raise PasswordError(user, str(got.message))
