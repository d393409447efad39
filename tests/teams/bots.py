"""The bot of Teams in a server of this process, and Teams that writes to it."""

from __future__ import annotations

import html
import threading
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import replace
from typing import Any

import uvicorn
from fastapi import FastAPI

from bot.desk import Desk
from bot.settings import Settings
from tests.conftest import free_port, wait_until
from tests.stand_ins.teams import TeamsStandIn
from tests.stand_ins.teams_messages import Message
from ui import teams as surface
from ui.async_desk import AsyncDesk

WHO = "Who was kidnapped in Tazirbu?"
HOW_MANY = "How many policemen were killed in Tazirbu?"
BRIDGE = {
    "bridge.md": "---\ntitle: The bridge\nsource: Herald\npublished: 2024-03-02\n---\n"
    "The bridge over the Arn collapsed on Saturday. Mara Lindqvist, the mayor, said repairs would cost four million.\n"
}


def settings_for(teams: TeamsStandIn, **more: Any) -> Settings:
    return Settings(
        teams_client_id=teams.client_id,
        teams_client_secret=teams.client_secret,
        teams_tenant_id=teams.tenant_id,
        **more,
    )


def application(teams: TeamsStandIn, desk: Desk, cloud: Mapping[str, str] | None = None, **settings: Any) -> FastAPI:
    """A web application with the bot in it, in a cloud that differs in `cloud`."""
    options = teams.options()
    place = {"service_url": options["service_url"], "cloud": replace(options["cloud"], **(cloud or {}))}
    web = FastAPI(lifespan=lambda _: running)
    running = surface.mount(web, AsyncDesk(desk), settings_for(teams, **settings), **place)

    @web.get("/other")
    async def other() -> str:
        return "here"

    return web


@contextmanager
def bot(teams: TeamsStandIn, desk: Desk, cloud: Mapping[str, str] | None = None, **settings: Any) -> Iterator[str]:
    """The bot, served as long as the context lasts: the server's address."""
    with served(application(teams, desk, cloud, **settings), teams) as url:
        yield url


@contextmanager
def served(web: Any, teams: TeamsStandIn) -> Iterator[str]:
    """An application with a bot in it, to which Teams sends what people write: its address."""
    port = free_port()
    server = uvicorn.Server(
        uvicorn.Config(web, port=port, log_level="critical", ws="none", timeout_graceful_shutdown=1)
    )
    thread = threading.Thread(target=server.run)
    thread.start()
    wait_until(lambda: server.started or not thread.is_alive())
    assert server.started
    url, before = f"http://127.0.0.1:{port}", teams.bot_url
    teams.bot_url = f"{url}/api/messages"
    try:
        yield url
    finally:
        server.should_exit = True
        thread.join()
        teams.bot_url = before


def seen(message: Message) -> str:
    """The text as a person reads it, without the asterisks of what is bold."""
    return html.unescape(message.text.replace("**", ""))
