"""What counts as another machine. Without any import of ours: it is loaded into watched processes first of all."""

from __future__ import annotations

import ipaddress


class OutsideConnectionError(RuntimeError):
    """A test tried to reach something that is not on this machine."""

    def __init__(self, host: object) -> None:
        super().__init__(f"a test tried to reach {host!r}: serve it on 127.0.0.1 instead")


def is_local(host: object) -> bool:
    """Whether `host` (a name, an address, None for any of this machine's) is this machine."""
    name = host.decode("idna") if isinstance(host, bytes) else host
    if name in (None, "", "localhost", "0.0.0.0", "::"):
        return True
    try:
        return ipaddress.ip_address(str(name)).is_loopback
    except ValueError:
        return False
