"""What the tests of the bot in Teams share."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from bot.admission import Admission
from bot.desk import Desk
from bot.settings import Room
from index.archive import Archive
from index.embedder import MiniLM
from index.ingest import ingest
from tests.stand_ins.teams import TeamsStandIn
from tests.teams.bots import bot


@pytest.fixture(scope="module")
def stand_in() -> Iterator[TeamsStandIn]:
    with TeamsStandIn() as teams, pytest.MonkeyPatch.context() as patch:
        patch.setenv("REQUESTS_CA_BUNDLE", str(teams.certificate))
        yield teams


@pytest.fixture(scope="module")
def url(stand_in: TeamsStandIn, desk: Desk) -> Iterator[str]:
    """One bot for all tests that need no other."""
    quiet = stand_in.channel().id
    rooms = {
        quiet: Room(only_mentioned=True),
        stand_in.group().id: Room(sources=("Nobody's Gazette",)),
    }
    with bot(stand_in, desk, rooms=rooms) as url:
        yield url


@pytest.fixture
def teams(stand_in: TeamsStandIn, url: str) -> Iterator[TeamsStandIn]:
    """Teams, with the bot in it. Each test asks as a person of its own, since people may ask only so often."""
    stand_in.calls.refusals.clear()
    yield stand_in
    stand_in.calls.refuse.clear()


@pytest.fixture
def small(tmp_path: Path, embedder: MiniLM, write: Callable[..., Any]) -> Iterator[Callable[..., Desk]]:
    """A desk over articles of the test's own, with limits of its own."""
    archives: list[Archive] = []

    def opened(articles: dict[str, str], **limits: int) -> Desk:
        archive = Archive(tmp_path / "home", embedder=embedder)
        archives.append(archive)
        ingest(archive, [str(write(articles))])
        return Desk(archive, admission=Admission(**limits))

    yield opened
    for archive in archives:
        archive.close()
