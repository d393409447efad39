"""Cross-signing of the bot's device: without it clients warn of the bot, and some refuse to encrypt to it."""

from __future__ import annotations

import json
import logging
from pathlib import Path
from typing import Any

import nio
from vodozemac import Account

from ui.matrix.login import AWAY, Login, write_secret

_Signed = dict[str, Any]
_NO_KEY = bytes(32)
"""The key that signs is kept as it is, as the login beside it is: only the owner may read either."""
_log = logging.getLogger(__name__)


class SigningError(RuntimeError):
    """The homeserver did not take the keys or the signature."""


async def sign_device(client: nio.AsyncClient, login: Login, folder: Path, password: str) -> None:
    """Sign our device, with keys of our own if the account has none yet. When that fails, nothing else does."""
    try:
        if client.should_upload_keys:
            await client.keys_upload()
        await _sign_device(client, login, folder / "signing-key", password)
    except (*AWAY, nio.LocalProtocolError, SigningError) as error:
        _log.warning("the bot's device is not cross-signed, and clients may warn of it: %s", error)


async def _sign_device(client: nio.AsyncClient, login: Login, file: Path, password: str) -> None:
    user = login.user_id
    known = await _call(client, "keys/query", {"device_keys": {user: []}})
    device = known["device_keys"].get(user, {}).get(login.device_id)
    if user in known.get("master_keys", {}):
        own = Account.from_pickle(file.read_text(), _NO_KEY) if file.exists() else None
    else:
        own = Account()
        await _publish(client, login, own, password)
        write_secret(file, own.pickle(_NO_KEY))
    if own and device and _name(own) not in device["signatures"][user]:
        await _call(client, "keys/signatures/upload", {user: {login.device_id: _signed(device, user, own)}})


async def _publish(client: nio.AsyncClient, login: Login, own: Account, password: str) -> None:
    """Give the account a master key, which is thrown away, and one signed by it that signs devices."""
    user, master = login.user_id, Account()
    body = {
        "master_key": _key(user, master, "master"),
        "self_signing_key": _signed(_key(user, own, "self_signing"), user, master),
    }
    asked = await _call(client, "keys/device_signing/upload", body, is_auth_asked=True)
    if "session" in asked:  # older servers ask for the password again
        who = {"type": "m.id.user", "user": user}
        auth = {"type": "m.login.password", "identifier": who, "password": password, "session": asked["session"]}
        await _call(client, "keys/device_signing/upload", {**body, "auth": auth})


async def _call(client: nio.AsyncClient, path: str, body: _Signed, *, is_auth_asked: bool = False) -> _Signed:
    headers = {"Authorization": f"Bearer {client.access_token}", "Content-Type": "application/json"}
    response = await client.send("POST", f"/_matrix/client/v3/{path}", json.dumps(body), headers)
    if response.status != 200 and not (is_auth_asked and response.status == 401):
        raise SigningError(f"{path}: {response.status} {(await response.text())[:200]}")
    return dict(await response.json())


def _key(user: str, account: Account, usage: str) -> _Signed:
    return {"user_id": user, "usage": [usage], "keys": {_name(account): account.ed25519_key.to_base64()}}


def _signed(value: _Signed, user: str, account: Account) -> _Signed:
    bare = {name: part for name, part in value.items() if name not in ("signatures", "unsigned")}
    canonical = json.dumps(bare, ensure_ascii=False, separators=(",", ":"), sort_keys=True).encode()
    return {**bare, "signatures": {user: {_name(account): account.sign(canonical).to_base64()}}}


def _name(account: Account) -> str:
    return f"ed25519:{account.ed25519_key.to_base64()}"
