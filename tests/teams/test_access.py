"""Quotedesk in Teams: who is let in, and that nobody else is listened to."""

from __future__ import annotations

import json
import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

import httpx
import pytest

from bot.desk import Desk
from tests.stand_ins.teams import TeamsStandIn
from tests.teams.bots import HOW_MANY, WHO, bot
from ui.api import MAX_BODY_BYTES

# The library makes a client that it has itself deprecated, for each App and each activity.
pytestmark = pytest.mark.filterwarnings("ignore:The bot client is deprecated:DeprecationWarning")


@pytest.mark.parametrize(
    "wrong",
    [
        {"aud": "another bot"},
        {"iss": "https://sts.example.org"},
        {"iss": "https://sts.windows.net/another/"},
        {"exp": 1_500_000_000},
        {"serviceurl": "https://elsewhere.example.org"},
        {"stranger": True},
    ],
)
def test_whoever_is_not_teams_is_refused(teams: TeamsStandIn, wrong: dict[str, Any]) -> None:
    asked = teams.personal_message(WHO, "Wes", token=teams.token(**wrong))
    assert asked.status == 401
    assert teams.personal_message(WHO, "Wes", token=None).status == 401
    assert teams.messages(asked) == []


def test_another_organisation_is_not_answered(teams: TeamsStandIn, caplog: pytest.LogCaptureFixture) -> None:
    activity = teams._activity(teams.personal("Xan"), "Xan", type="message", text=WHO)
    activity["conversation"]["tenantId"] = activity["channelData"]["tenant"]["id"] = "another"
    asked = teams._deliver(activity)
    assert asked.status == 200
    assert "nothing is answered to tenant another: teams_tenant_id is adfs" in caplog.text
    teams.answer(teams.personal_message(HOW_MANY, "Xia"))  # by then any answer would be there
    assert teams.messages(asked) == []


@pytest.mark.parametrize(
    ("body", "status"),
    [
        (b"x" * (MAX_BODY_BYTES + 1), 413),
        (b"", 400),
        (b"{", 400),
        (b"[]", 400),
        (b"\xff", 400),
        (b"[" * 200_000, 400),
        (b"{}", 401),
        (b'{"serviceUrl": 1}', 401),
    ],
)
def test_what_is_no_activity_is_refused_before_anything_else(url: str, body: bytes, status: int) -> None:
    assert httpx.post(f"{url}/api/messages", content=body, trust_env=False).status_code == status


def test_a_body_without_a_length_is_cut_off_too(url: str) -> None:
    def endless() -> Iterator[bytes]:
        for _ in range(2 * MAX_BODY_BYTES // 10_000):
            yield b"x" * 10_000

    assert httpx.post(f"{url}/api/messages", content=endless(), trust_env=False).status_code == 413


class Keys:
    """Where a bot gets the keys with which Teams signs; they come when `held` is set."""

    def __init__(self, keys: Any) -> None:
        self.held, self.asked_for = threading.Event(), threading.Event()
        self.held.set()
        held, asked_for = self.held, self.asked_for

        class Handler(BaseHTTPRequestHandler):
            def do_GET(self) -> None:
                asked_for.set()
                assert held.wait(30)
                self.send_response(200)
                self.end_headers()
                self.wfile.write(json.dumps(keys).encode())

            def log_message(self, *_: Any) -> None:
                pass

        self._server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self.url = f"http://127.0.0.1:{self._server.server_port}"

    def __enter__(self) -> Keys:
        threading.Thread(target=self._server.serve_forever, args=[0.05]).start()
        return self

    def __exit__(self, *_: object) -> None:
        self.held.set()
        self._server.shutdown()
        self._server.server_close()


def test_others_are_answered_while_the_keys_of_teams_do_not_come(stand_in: TeamsStandIn, desk: Desk) -> None:
    with Keys(stand_in.authority.public_keys()) as keys:
        keys.held.clear()
        with bot(stand_in, desk, {"openid_metadata_url": f"{keys.url}/openidconfiguration"}) as url:
            asked = stand_in.personal_message(HOW_MANY, "Yan")
            assert keys.asked_for.wait(30)
            assert httpx.get(f"{url}/other", trust_env=False, timeout=10).json() == "here"
            keys.held.set()
            assert asked.status == 200
            assert "> “" in stand_in.answer(asked).text


def test_a_stranger_makes_it_fetch_keys_from_nowhere(stand_in: TeamsStandIn, desk: Desk) -> None:
    with Keys(stand_in.authority.public_keys()) as keys, bot(stand_in, desk, {"login_endpoint": keys.url}):
        claims = {"iss": f"{keys.url}/anything/v2.0", "tid": "anything"}  # which the library would look up there
        assert stand_in.personal_message(WHO, "Yin", token=stand_in.token(**claims)).status == 401
        assert not keys.asked_for.is_set()
