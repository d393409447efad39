"""Quotedesk in Teams: how it is set up, started and stopped, and that its documentation is true."""

from __future__ import annotations

import json
import os
import re
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import httpx
import pytest
from fastapi import FastAPI
from starlette.testclient import TestClient

from bot.desk import Desk
from bot.settings import Settings, load
from tests.conftest import ROOT
from tests.desks import taken
from tests.stand_ins.teams import TeamsStandIn
from tests.teams.bots import BRIDGE, HOW_MANY, application, bot, seen, served, settings_for
from ui import teams as surface
from ui.async_desk import AsyncDesk
from ui.gate import Access, Gate
from ui.shown import STOPPING
from ui.teams import TeamsSettingsError
from ui.teams.thread import SERVICE_URL, Route, _app
from ui.workspaces import configured

# The library makes a client that it has itself deprecated, for each App and each activity.
pytestmark = pytest.mark.filterwarnings("ignore:The bot client is deprecated:DeprecationWarning")


# Settings, start and stop ---------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("changed", "message"),
    [
        ({"teams_client_secret": None}, "teams_client_secret not set: Teams needs QUOTEDESK_TEAMS_CLIENT_SECRET too"),
        (
            {"teams_client_id": None, "teams_tenant_id": None},
            "teams_client_id and teams_tenant_id not set: Teams needs QUOTEDESK_TEAMS_CLIENT_ID, "
            "QUOTEDESK_TEAMS_TENANT_ID too",
        ),
        ({"teams_client_id": "quotedesk"}, "teams_client_id = 'quotedesk' is no application id"),
        ({"teams_client_secret": "11111111-2222-3333-4444-555555555555"}, 'copy its "Value", not its "Secret ID"'),
    ],
)
def test_settings_that_cannot_work_are_refused_in_one_line(
    stand_in: TeamsStandIn, desk: Desk, changed: dict[str, Any], message: str
) -> None:
    settings = Settings(**{**settings_for(stand_in).model_dump(include=set(SETTINGS)), **changed})
    with pytest.raises(TeamsSettingsError, match=re.escape(message)) as refused:
        surface.mount(FastAPI(), AsyncDesk(desk), settings)
    assert "\n" not in str(refused.value)
    with pytest.raises(TeamsSettingsError, match=re.escape(message)):
        configured(settings)[0](FastAPI(), AsyncDesk(desk))


SETTINGS = ("teams_client_id", "teams_client_secret", "teams_tenant_id")


@pytest.mark.usefixtures("url")
def test_nothing_in_the_environment_changes_it(
    stand_in: TeamsStandIn, desk: Desk, monkeypatch: pytest.MonkeyPatch
) -> None:
    others = {
        "CLIENT_ID": "other",
        "CLIENT_SECRET": "other",
        "TENANT_ID": "other",
        "MANAGED_IDENTITY_CLIENT_ID": "system",
        "SERVICE_URL": "http://127.0.0.1:9/elsewhere",
        "CLOUD": "China",
        "DANGEROUSLY_ALLOW_UNAUTHENTICATED_REQUESTS": "true",
    }
    from microsoft_teams.api import ClientCredentials
    from microsoft_teams.api.auth.cloud_environment import PUBLIC

    for name, value in others.items():
        monkeypatch.setenv(name, value)
    app = _app(settings_for(stand_in), Route(), {})
    assert app.cloud is PUBLIC
    assert app.api.service_url == SERVICE_URL
    assert isinstance(app.credentials, ClientCredentials)
    assert app.options.dangerously_allow_unauthenticated_requests is False
    assert (app.credentials.client_id, app.credentials.tenant_id) == (stand_in.client_id, stand_in.tenant_id)
    with bot(stand_in, desk):
        assert stand_in.personal_message(HOW_MANY, "Zoe", token=None).status == 401
        assert "> “" in stand_in.answer(stand_in.personal_message(HOW_MANY, "Zoe")).text


def test_behind_the_gate_teams_needs_no_name_where_others_do(teams: TeamsStandIn, desk: Desk, tmp_path: Path) -> None:
    access = Access.of(Settings(home=tmp_path, identity_header="X-Forwarded-User"))
    with served(Gate(application(teams, desk), access), teams) as url:
        assert httpx.get(f"{url}/other", trust_env=False).status_code == 401
        assert "> “" in teams.answer(teams.personal_message(HOW_MANY, "Abe")).text


def test_it_is_closed_until_it_runs_and_after_it_has_ended(stand_in: TeamsStandIn, desk: Desk) -> None:
    web = FastAPI()
    running = surface.mount(web, AsyncDesk(desk), settings_for(stand_in))
    with TestClient(web) as client:
        assert client.post("/api/messages", json={}).status_code == 503
    assert running is not None


def test_who_waits_when_it_stops_is_told_and_it_stops_within_3_s(
    stand_in: TeamsStandIn, small: Callable[..., Desk]
) -> None:
    desk = small(BRIDGE, at_once=1)
    with taken(desk._admission):
        with bot(stand_in, desk):
            asked = stand_in.personal_message("What would repairs of the bridge cost?", "Zac")
            waits = stand_in.channel_mention("What would repairs of the bridge cost?", person="Zac")
            stand_in.wait_for(lambda: stand_in.streams(asked) and stand_in.messages(waits))
            began = time.monotonic()
        assert time.monotonic() - began < 5  # the server itself takes some of it
        assert [seen(one) for one in stand_in.messages(asked)] == [STOPPING]
        assert [seen(one) for one in stand_in.messages(waits)] == [STOPPING]


def test_what_a_file_env_says_does_not_become_part_of_the_environment(tmp_path: Path) -> None:
    import subprocess
    import sys

    (tmp_path / ".env").write_text("CLIENT_ID=other\nHTTPS_PROXY=http://192.0.2.1:9\n")
    program = (
        "import os; from ui.teams.thread import _load\n"
        "_load(); print(os.environ.get('CLIENT_ID'), os.environ.get('HTTPS_PROXY'))"
    )
    kept = {name: value for name, value in os.environ.items() if name not in ("CLIENT_ID", "HTTPS_PROXY")}
    done = subprocess.run(
        [sys.executable, "-W", "error", "-c", program],
        cwd=tmp_path,
        env={**kept, "PYTHONPATH": str(ROOT)},
        capture_output=True,
        text=True,
        check=False,
    )
    assert (done.stdout, done.stderr) == ("None None\n", "")


# The documentation ----------------------------------------------------------------------------------------------------

DOCS = ROOT / "docs"


def test_what_the_documentation_shows_is_what_people_get(teams: TeamsStandIn) -> None:
    written = (DOCS / "teams.md").read_text("utf-8")
    asked = re.findall(r"^> \*\*(.*)\*\*$", written, re.MULTILINE)
    shown = re.findall(r"```text\n(.*?)\n```", written, re.DOTALL)
    assert len(asked) == len(shown) == 2
    for question, block in zip(asked, shown, strict=True):
        said = seen(teams.answer(teams.personal_message(question, "Ben"))).replace("*", "")
        paragraphs = [line.removeprefix("> ") for line in said.splitlines() if line not in ("", ">")]
        assert paragraphs[: len(block.split("\n\n"))] == block.split("\n\n")


def test_the_manifest_is_of_this_bot_and_has_its_icons() -> None:
    manifest = json.loads((DOCS / "teams" / "manifest.json").read_text("utf-8"))
    assert manifest["id"] == manifest["bots"][0]["botId"] == "CLIENT_ID"
    assert set(manifest["bots"][0]["scopes"]) == {"personal", "team", "groupChat"}
    assert len(manifest["name"]["short"]) <= 30
    assert len(manifest["description"]["short"]) <= 80
    for name, size in (("color", 192), ("outline", 32)):
        picture = (DOCS / "teams" / manifest["icons"][name]).read_bytes()
        assert picture.startswith(b"\x89PNG")
        assert (int.from_bytes(picture[16:20]), int.from_bytes(picture[20:24])) == (size, size)


def test_the_documented_settings_are_settings(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    blocks = re.findall(r"```toml\n(.*?)```", (DOCS / "teams.md").read_text("utf-8"), re.DOTALL)
    (tmp_path / "quotedesk.toml").write_text("\n".join(blocks), "utf-8")
    monkeypatch.setenv("QUOTEDESK_TEAMS_CLIENT_SECRET", "...")
    settings = load(str(tmp_path))
    surface.check(settings)
    (room,) = settings.rooms.values()
    assert room.only_mentioned
    assert room.scope.sources == ("The Herald", "Courier")
