"""Who signs for the stand-in: the tokens that Teams sends along, and those that a bot must send."""

from __future__ import annotations

import datetime
import functools
import ipaddress
import json
import time
import uuid
from pathlib import Path
from typing import Any

import jwt
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import rsa

ISSUER = "https://api.botframework.com"
"""Who the connector's tokens are issued by, and whom a bot's tokens are for: in the public cloud one name for both."""

TOKEN_S = 3600


class Authority:
    """Keys of our own in the places of Microsoft's.

    `inbound` signs what Teams sends to a bot; a stranger's key signs what only pretends to. `outbound` signs the access
    tokens that a bot fetches with its secret.
    """

    def __init__(self, client_id: str, tenant_id: str) -> None:
        self.client_id, self.tenant_id = client_id, tenant_id
        self._inbound, self._stranger, self._outbound = (_key(use) for use in ("inbound", "stranger", "outbound"))

    def inbound(self, service_url: str, *, stranger: bool = False, **claims: Any) -> str:
        """A token as Teams puts beside an activity; `claims` replace its own, and those that are None are left out."""
        now = int(time.time())
        own = {
            "iss": ISSUER,
            "aud": self.client_id,
            "serviceurl": service_url,
            "iat": now,
            "nbf": now,
            "exp": now + TOKEN_S,
        }
        kept = {name: value for name, value in {**own, **claims}.items() if value is not None}
        return jwt.encode(kept, self._stranger if stranger else self._inbound, "RS256", headers={"kid": "inbound"})

    def outbound(self, client_id: str) -> str:
        """An access token for the connector."""
        now = int(time.time())
        claims = {"iss": ISSUER, "aud": ISSUER, "appid": client_id, "tid": self.tenant_id, "iat": now, "nbf": now}
        return jwt.encode({**claims, "exp": now + TOKEN_S}, self._outbound, "RS256", headers={"kid": "outbound"})

    def is_ours(self, token: str) -> bool:
        """Whether the connector takes this token: issued here, for this bot, for the connector, not run out."""
        try:
            claims = jwt.decode(token, self._outbound.public_key(), ["RS256"], audience=ISSUER, issuer=ISSUER)
        except jwt.InvalidTokenError:
            return False
        return bool(claims["appid"] == self.client_id)

    def public_keys(self) -> dict[str, Any]:
        """The JSON Web Key Set with which a bot checks what Teams sends."""
        key = json.loads(jwt.algorithms.RSAAlgorithm.to_jwk(self._inbound.public_key()))
        return {"keys": [{**key, "kid": "inbound", "use": "sig", "alg": "RS256", "endorsements": ["msteams"]}]}


def write_certificate(folder: Path) -> tuple[Path, Path]:
    """A certificate for 127.0.0.1 that signs itself, and its key, as PEM files in `folder`."""
    key = _key("login")
    name = x509.Name([x509.NameAttribute(x509.NameOID.COMMON_NAME, "127.0.0.1")])
    now = datetime.datetime.now(datetime.UTC)
    certificate = (
        x509.CertificateBuilder()
        .subject_name(name)
        .issuer_name(name)
        .public_key(key.public_key())
        .serial_number(uuid.uuid4().int)
        .not_valid_before(now - datetime.timedelta(days=1))
        .not_valid_after(now + datetime.timedelta(days=1))
        .add_extension(x509.SubjectAlternativeName([x509.IPAddress(ipaddress.ip_address("127.0.0.1"))]), critical=False)
        .add_extension(x509.BasicConstraints(ca=True, path_length=None), critical=True)
        .sign(key, hashes.SHA256())
    )
    public, private = folder / "certificate.pem", folder / "key.pem"
    public.write_bytes(certificate.public_bytes(serialization.Encoding.PEM))
    private.write_bytes(
        key.private_bytes(serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption())
    )
    return public, private


@functools.cache
def _key(_use: str) -> rsa.RSAPrivateKey:
    """A key for that use, one for all stand-ins of a process: making one takes a tenth of a second."""
    return rsa.generate_private_key(public_exponent=65537, key_size=2048)
