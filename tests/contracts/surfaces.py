"""Every surface as one thing: ask a question there, and get what a person, or a program, then has before it.

Each is the real thing: the command as a process, the page in a browser, the library of each workspace at the other end.
"""

from __future__ import annotations

import html
import json
import re
from collections.abc import Callable, Iterator, Sequence
from contextlib import AbstractContextManager, contextmanager
from pathlib import Path
from typing import Any, NamedTuple

import httpx
import openai
from anyio.from_thread import start_blocking_portal
from markdown_it import MarkdownIt
from mcp.client.client import Client
from mcp.client.stdio import StdioServerParameters, stdio_client
from mcp.client.streamable_http import streamable_http_client

from tests.conftest import CommandLine
from tests.servers import Server, chatting
from tests.stand_ins.slack import SlackStandIn
from tests.stand_ins.teams import TeamsStandIn

WAIT_MS = 30_000
MAX_NAME_WORDS = 3
"""Of a name, which a terminal is shown in quotation marks too: none mentions “Misrata”."""
QUOTED = re.compile(r"“(.*?)”", re.DOTALL)


class Shown(NamedTuple):
    """What is shown: all words in order, white space apart, and the quotes among them."""

    text: str
    quotes: list[str]


Ask = Callable[[str, Sequence[str]], Shown]
"""Asks a question after others, in a conversation of its own."""


def line(text: str) -> str:
    """`text` with single spaces: where lines end is for each surface to say."""
    return " ".join(text.split())


def shown(text: str, quotes: Sequence[str]) -> Shown:
    return Shown(line(text), [line(quote).removeprefix("“").removesuffix("”") for quote in quotes])


def of_json(answer: dict[str, Any]) -> Shown:
    """What a program has: the JSON of `ask --json`."""
    quotes = [*answer["quotes"], *answer["near"]]
    about = [f"{quote['source']} {quote['published']} {quote['title']}" for quote in quotes]
    words = [finding["text"] for finding in answer["answers"]]
    if answer["disagree"]:
        words.append("The sources disagree")
    if answer["query"] != answer["question"]:
        words.append(f"Searched for: {answer['query']}")
    if answer["status"] == "unanswered":
        words.append("Not found in the")
    return shown("\n".join([answer["text"], *words, *about]), [quote["text"] for quote in quotes])


def of_markdown(text: str) -> Shown:
    """What a person has who sees Markdown: text, and what stands in quotations."""
    rendered = MarkdownIt("gfm-like", {"html": True, "linkify": False, "breaks": True}).render(text)
    quoted = re.findall(r"<blockquote>\s*<p>(.*?)</p>", rendered, re.DOTALL)
    plain = [html.unescape(re.sub(r"<[^>]+>", "", part)) for part in (rendered, *quoted)]
    return shown(plain[0], plain[1:])


# The command line ----------------------------------------------------------------------------------------------------


@contextmanager
def command_line(home: Path, folder: Path) -> Iterator[Ask]:
    """`quotedesk ask`, as a person reads it."""
    quotedesk = CommandLine(home, folder)

    def ask(question: str, after: Sequence[str]) -> Shown:
        run = quotedesk("ask", question, *(word for earlier in after for word in ("--after", earlier)))
        assert run.returncode == 0, run.stderr
        text = line(run.stdout)
        return Shown(text, [quote for quote in QUOTED.findall(text) if len(quote.split()) > MAX_NAME_WORDS])

    yield ask


# What the server answers on its port ---------------------------------------------------------------------------------


@contextmanager
def api(server: Server) -> Iterator[Ask]:
    """`POST /v1/ask`."""
    with httpx.Client(base_url=server.url, timeout=60) as client:
        yield lambda question, after: of_json(
            client.post("/v1/ask", json={"question": question, "after": [*after]}).json()
        )


@contextmanager
def events(server: Server) -> Iterator[Ask]:
    """The same, event by event."""
    with httpx.Client(base_url=server.url, timeout=60) as client:

        def ask(question: str, after: Sequence[str]) -> Shown:
            told = client.post("/v1/ask", json={"question": question, "after": [*after], "stream": True}).text
            *_, last = told.strip().split("\n\n")
            return of_json(json.loads(last.removeprefix("event: answer\ndata: ")))

        yield ask


@contextmanager
def as_a_model(server: Server) -> Iterator[Ask]:
    """OpenAI's client: the Markdown it is given."""
    with openai.OpenAI(base_url=f"{server.url}/v1", api_key="none") as client:

        def ask(question: str, after: Sequence[str]) -> Shown:
            messages: Any = [{"role": "user", "content": text} for text in (*after, question)]
            (choice,) = client.chat.completions.create(model="quotedesk", messages=messages).choices
            seen = of_markdown(choice.message.content or "")
            cited = [annotation.url_citation.quote for annotation in choice.message.annotations or ()]  # type: ignore[attr-defined]
            assert set(seen.quotes) <= {line(quote) for quote in cited}
            return seen

        yield ask


@contextmanager
def _agent(transport: Any) -> Iterator[Ask]:
    with start_blocking_portal() as portal, portal.wrap_async_context_manager(Client(transport)) as client:

        def ask(question: str, after: Sequence[str]) -> Shown:
            result = portal.call(client.call_tool, "ask", {"question": question, "after": [*after]})
            return of_json(result.structured_content)

        yield ask


def mcp_http(server: Server) -> AbstractContextManager[Ask]:
    """An agent, over streamable HTTP."""
    return _agent(streamable_http_client(f"{server.url}/mcp"))


def mcp_stdio(home: Path, folder: Path) -> AbstractContextManager[Ask]:
    """An agent that starts `quotedesk mcp` itself."""
    quotedesk = CommandLine(home, folder)
    python, *words = quotedesk.command("mcp")
    return _agent(
        stdio_client(StdioServerParameters(command=python, args=words, env=quotedesk.environment(), cwd=str(folder)))
    )


# In a browser --------------------------------------------------------------------------------------------------------


def _asked_on(page: Any) -> Ask:
    def ask(question: str, after: Sequence[str]) -> Shown:
        page.get_by_role("button", name="New chat").click()
        page.locator("#chat .bot-row").first.wait_for(state="detached")
        for number, text in enumerate((*after, question), 1):
            page.get_by_label("Your question").fill(text)
            page.get_by_label("Your question").press("Enter")
            page.locator("#chat .bot-row").nth(number - 1).get_by_text(re.compile("articles? searched")).wait_for()
            page.get_by_role("button", name="Send").wait_for()
        answer = page.locator("#chat .bot-row").last
        return shown(answer.inner_text(), answer.locator("blockquote p:first-child").all_inner_texts())

    return ask


@contextmanager
def web_chat(server: Server, browser: Any) -> Iterator[Ask]:
    """The page."""
    with browser.new_context() as context:
        context.set_default_timeout(WAIT_MS)
        page = context.new_page()
        page.goto(server.url)
        yield _asked_on(page)


@contextmanager
def embedded(server: Server, browser: Any, site: str) -> Iterator[Ask]:
    """The page in the frame of another site."""
    with browser.new_context() as context:
        context.set_default_timeout(WAIT_MS)
        page = context.new_page()
        page.goto(site)
        page.get_by_role("button", name="Ask the archive").click()
        yield _asked_on(page.frame_locator("#quotedesk iframe"))


# In workspaces -------------------------------------------------------------------------------------------------------


@contextmanager
def in_slack(slack: SlackStandIn, private: bool) -> Iterator[Ask]:
    """A mention in a channel and replies in its thread; or, `private`, direct messages."""
    from tests.slack.test_slack import answer_to, contexts, quotes, texts

    def ask(question: str, after: Sequence[str]) -> Shown:
        first, *more = [*after, question]
        root = slack.direct_message("nadia", first) if private else slack.mention("#general", "nadia", first)
        answer = answer_to(slack, root)
        for number, text in enumerate(more, 2):
            if private:
                slack.direct_message("nadia", text, root["ts"])
            else:
                slack.say("#general", "nadia", text, root["ts"])
            answer = answer_to(slack, root, number)
        said = [answer["text"], *texts(answer["blocks"], "rich_text_section"), contexts(answer["blocks"])]
        return shown(html.unescape("\n".join(said)), quotes(answer))

    yield ask


@contextmanager
def in_matrix(home: Path, synapse: Any, person: Any) -> Iterator[Ask]:
    """Mentions in a room, each with its thread: the limits of a homeserver allow no room for each."""
    from tests.matrix.test_html import Read
    from tests.matrix.test_matrix import home_of

    user = synapse.user("Quotedesk")
    bot = home_of(home.parent / "matrix", home, synapse, user)
    with bot.running():
        asker, other = person("Ann"), person("Ben")
        room = asker.room(user, other)
        other.join(room)  # with the bot alone there would be no threads
        asker.wait_for_member(room, user)

        def answers(thread: str) -> list[Any]:
            said = asker.messages(room)
            return [one for one in said if (one.sender, one.kind, one.thread) == (user.user_id, "m.text", thread)]

        def ask(question: str, after: Sequence[str]) -> Shown:
            first, *more = [*after, question]
            thread = asker.send(room, first, mention=user)
            asker.wait(room, lambda _: len(answers(thread)) == 1)
            for number, text in enumerate(more, 2):
                asker.send(room, text, thread=thread)
                asker.wait(room, lambda _, number=number: len(answers(thread)) == number)
            said = answers(thread)[-1]
            quoted = re.findall(r"<blockquote><p>(.*?)</p>", said.html, re.DOTALL)
            return shown(Read(said.html).text, [Read(quote).text for quote in quoted])

        yield ask


@contextmanager
def in_teams(teams: TeamsStandIn) -> Iterator[Ask]:
    """Personal chats, each with a person of its own."""
    numbers = iter(range(1, 1_000))

    def ask(question: str, after: Sequence[str]) -> Shown:
        person = f"Person {next(numbers)}"
        for text in (*after, question):
            answer = teams.answer(teams.personal_message(text, person))
        return of_markdown(answer.text)

    yield ask


@contextmanager
def chat(home: Path, slack: SlackStandIn, site: str) -> Iterator[Server]:
    """The server with all of that in it."""
    settings = {
        "QUOTEDESK_SLACK_BOT_TOKEN": slack.bot_token,
        "QUOTEDESK_SLACK_APP_TOKEN": slack.app_token,
        "QUOTEDESK_SLACK_API_URL": slack.url,
        "QUOTEDESK_EMBED_SITES": site,
        "QUOTEDESK_QUESTIONS_A_MINUTE": "1000",
    }
    with chatting(home, **settings) as server:
        slack.wait_for(lambda: slack.connections, 60)
        yield server
