"""One way in: a question has the same answer on every surface, in the same exact quotes, or the same "not found"."""

from __future__ import annotations

import json
import shutil
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from pathlib import Path
from typing import Any, NamedTuple

import pytest

from bot.answer import Answer, Question
from bot.desk import CORPUS, Desk
from index.archive import Archive
from index.embedder import MiniLM
from tests.browser.test_embed import site
from tests.contracts import surfaces
from tests.contracts.surfaces import Ask, Shown, line
from tests.payloads import PAYLOADS
from tests.slack.test_slack import MANIFEST
from tests.stand_ins.slack import SlackStandIn
from tests.stand_ins.teams import TeamsStandIn
from tests.teams.bots import bot as teams_bot
from ui.shown import Quotation, inert, pieces

pytest_plugins = ["tests.matrix.synapse"]
pytestmark = [
    pytest.mark.served,
    pytest.mark.filterwarnings("ignore:The bot client is deprecated:DeprecationWarning"),
]


class Case(NamedTuple):
    """A question, and those before it in the conversation."""

    question: str
    after: tuple[str, ...] = ()


CASES = {
    "one answer": Case("When was the attack on Tazirbu?"),
    "several answers": Case("Who was kidnapped in Tazirbu?"),
    "disagreeing sources": Case("How many sheep were stolen in Port Ellery?"),
    "not found": Case("Who was kidnapped in Misrata?"),
    "follow-up": Case("and how many were killed there?", ("Who was kidnapped in Tazirbu?",)),
    "hostile article": Case("What did the harbour master of Veldhaven shout?"),
}
MORE = [
    {"source": "A", "published": "2024-03-02", "text": "Nine sheep were stolen in Port Ellery on Friday."},
    {"source": "B", "published": "2024-03-01", "text": "Eight sheep were stolen in Port Ellery on Friday."},
    *(
        {
            "source": f"Outlet {text}"[:60],
            "title": f"Veldhaven {text}"[:80],
            "published": "2024-03-02",
            "text": f"The harbour master of Veldhaven shouted {text} at the crew number {number} on Friday.",
        }
        for number, text in enumerate(PAYLOADS[:6])
    ),
]
SITE = '<!doctype html><title>A site</title><script src="{desk}/embed.js"></script>'
SURFACES = [
    "command line", "api", "events", "openai", "mcp over http", "mcp over stdio", "web chat", "embedded",
    "slack channel", "slack direct message", "matrix", "teams",
]  # fmt: skip


@pytest.fixture(scope="module")
def homes(tmp_path_factory: pytest.TempPathFactory, embedder: MiniLM) -> Callable[[], Path]:
    """Homes with the shipped articles, two that disagree, and some that would do harm."""
    folder = tmp_path_factory.mktemp("contract")
    (folder / "more.jsonl").write_text("\n".join(map(json.dumps, MORE)), "utf-8")
    with Archive(folder / "home", embedder=embedder) as archive, Desk(archive) as desk:
        assert desk.add([str(CORPUS), str(folder / "more.jsonl")]).failed == ()

    def copy() -> Path:
        home = tmp_path_factory.mktemp("surface") / "home"
        shutil.copytree(folder / "home", home)
        return home

    return copy


@pytest.fixture(scope="module")
def answers(homes: Callable[[], Path], embedder: MiniLM) -> dict[str, Answer]:
    """What the desk itself answers."""
    with Archive(homes(), embedder=embedder) as archive, Desk(archive) as desk:
        found = {name: desk.ask(Question(case.question, case.after)) for name, case in CASES.items()}
    assert {name: answer.status for name, answer in found.items() if answer.status == "unanswered"} == {
        "not found": "unanswered"
    }
    assert found["disagreeing sources"].disagree
    assert len(found["several answers"].answers) > 3
    assert found["follow-up"].query != CASES["follow-up"].question
    return found


@pytest.fixture(scope="module")
def everywhere(
    homes: Callable[[], Path],
    tmp_path_factory: pytest.TempPathFactory,
    embedder: MiniLM,
    request: pytest.FixtureRequest,
) -> Iterator[Callable[[str], Ask]]:
    """Asks on the surface of that name; what serves it is started when it is first asked, and kept."""
    started: dict[str, Any] = {}
    with ExitStack() as stack:

        def kept(name: str, start: Callable[[], Any]) -> Any:
            if name not in started:
                started[name] = stack.enter_context(start())
            return started[name]

        def slack() -> SlackStandIn:
            return kept("slack", lambda: SlackStandIn(MANIFEST))

        def page() -> str:
            return kept("site", lambda: site(lambda _: SITE.format(desk=started["server"].url)))

        def server() -> Any:
            at = page()
            return kept("server", lambda: surfaces.chat(homes(), slack(), at))

        def teams() -> Any:
            stand_in = kept("teams stand-in", TeamsStandIn)
            patch = stack.enter_context(pytest.MonkeyPatch.context())
            patch.setenv("REQUESTS_CA_BUNDLE", str(stand_in.certificate))
            desk = kept("teams desk", lambda: Desk(Archive(homes(), embedder=embedder)))
            kept("teams bot", lambda: teams_bot(stand_in, desk))
            return surfaces.in_teams(stand_in)

        folder = tmp_path_factory.mktemp("work")
        made: dict[str, Callable[[], Any]] = {
            "command line": lambda: surfaces.command_line(homes(), folder),
            "api": lambda: surfaces.api(server()),
            "events": lambda: surfaces.events(server()),
            "openai": lambda: surfaces.as_a_model(server()),
            "mcp over http": lambda: surfaces.mcp_http(server()),
            "mcp over stdio": lambda: surfaces.mcp_stdio(homes(), folder),
            "web chat": lambda: surfaces.web_chat(server(), request.getfixturevalue("browser")),
            "embedded": lambda: surfaces.embedded(server(), request.getfixturevalue("browser"), page()),
            "slack channel": lambda: server() and surfaces.in_slack(slack(), private=False),
            "slack direct message": lambda: server() and surfaces.in_slack(slack(), private=True),
            "matrix": lambda: surfaces.in_matrix(homes(), request.getfixturevalue("synapse"), people(request, stack)),
            "teams": teams,
        }
        yield lambda name: kept(f"ask {name}", made[name])


def people(request: pytest.FixtureRequest, stack: ExitStack) -> Callable[[str], Any]:
    """People on the homeserver, for as long as the module lasts."""
    from tests.matrix.person import Person

    synapse = request.getfixturevalue("synapse")
    return lambda name: stack.enter_context(Person(synapse.url, synapse.user(name)))


@pytest.mark.parametrize("name", CASES)
@pytest.mark.parametrize("surface", SURFACES)
def test_every_surface_gives_the_desk_s_answer(
    surface: str, name: str, everywhere: Callable[[str], Ask], answers: dict[str, Answer]
) -> None:
    case, expected = CASES[name], answers[name]
    found = everywhere(surface)(case.question, case.after)
    check(found, expected)


def check(found: Shown, expected: Answer) -> None:
    quotes = {line(inert(quote.text)) for quote in (*expected.quotes, *expected.near)}
    main = {line(inert(piece.quote.text)) for piece in pieces(expected) if isinstance(piece, Quotation)}
    assert main <= set(found.quotes) <= quotes, "the quotes, letter for letter, and no others"
    for answer in expected.answers:
        assert line(inert(answer.text)) in found.text
    for quote in (*expected.quotes, *expected.near):
        assert line(inert(quote.source))[:40] in found.text
    assert ("Not found in the" in found.text) == (expected.status == "unanswered")
    assert ("The sources disagree" in found.text) == expected.disagree
    assert (f"Searched for: {expected.query}" in found.text) == (expected.query != expected.question)
