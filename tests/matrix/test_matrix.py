"""The bot on Matrix as a process of its own, in the rooms of a real Synapse with its default limits."""

from __future__ import annotations

import asyncio
import json
import shutil
import signal
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import TYPE_CHECKING

import httpx
import pytest
from pydantic import SecretStr

from bot.desk import Desk
from bot.reader import Findings
from bot.settings import Settings
from index.archive import Archive
from index.ingest import ingest
from tests.conftest import CommandLine, wait_until
from tests.matrix.test_html import OURS, Read
from tests.payloads import PAYLOADS
from tests.servers import Server, ended, serving

if TYPE_CHECKING:
    from tests.matrix.person import Message, Person
    from tests.matrix.synapse import Synapse, User

pytest_plugins = ["tests.matrix.synapse"]
pytestmark = pytest.mark.served

People = Callable[..., "Person"]
WHO = "Who was kidnapped in Tazirbu?"
KIDNAPPED = (
    "Colonel Abdul Hamid al-Snoussi, who heads the Tazirbu Security Directorate, was abducted together with his "
    "brothers by the militants who attacked Tazirbu, local sources said."
)
NINE = "Nine policemen were killed in Tazirbu, and eleven civilians were kidnapped."


@dataclass(frozen=True)
class Bot:
    """An account that answers, and the home it answers from."""

    user: User
    home: Path
    homeserver: str

    def running(self, *words: str) -> AbstractContextManager[Server]:
        """`quotedesk matrix` on that home; or what else `words` start."""
        started = words or ("ui.cli", "--home", str(self.home), "matrix")
        return serving(["-m", *started], self.home.with_suffix(".log"))

    def is_answer(self, text: str, thread: str | None = None) -> Callable[[Message], bool]:
        """Whether a message of its has these words, in that thread."""
        return lambda said: said.sender == self.user.user_id and text in said.body and said.thread == thread

    def said(self, person: Person, room: str) -> list[str]:
        """What it has said there, but for its greeting."""
        ours = [said for said in person.messages(room) if said.sender == self.user.user_id]
        return [said.body for said in ours if "checked word for word" not in said.body]


def home_of(folder: Path, articles: Path, synapse: Synapse, user: User, *lines: str, password: bool = False) -> Bot:
    """A home with the shipped articles and the settings of a bot; logged in, unless it has the `password` for that."""
    home = folder / "home"
    if articles.exists():
        shutil.copytree(articles, home)
    written = [f'matrix_homeserver = "{synapse.url}"', f'matrix_user = "{user.user_id}"']
    if password:
        written.append(f'matrix_password = "{user.password}"')
    else:  # a server lets 5 log in from an address, and then one more every five minutes
        from ui.matrix.login import Login, login_file, write_secret

        login = Login(synapse.url, user.user_id, user.device_id, user.token, "00" * 32)
        write_secret(login_file(home), json.dumps(asdict(login)))
    (home / "quotedesk.toml").write_text("\n".join([*written, *lines]))
    return Bot(user, home, synapse.url)


# In a room -----------------------------------------------------------------------------------------------------------


@pytest.fixture(scope="module")
def bot(tmp_path_factory: pytest.TempPathFactory, corpus_home: Path, synapse: Synapse) -> Iterator[Bot]:
    """One that logged in with its password and runs."""
    made = home_of(tmp_path_factory.mktemp("bot"), corpus_home, synapse, synapse.user("Quotedesk"), password=True)
    with made.running() as server:
        assert server.ready == (f"Quotedesk is {made.user.user_id} on {synapse.url}, in 0 rooms. Stop it with Ctrl+C.")
        yield made


def test_a_conversation_in_a_room(bot: Bot, person: People) -> None:
    """Invited and greeting, mentioned and answering in a thread, asked on there; a quote opened, an answer rated."""
    ann, ben = person("Ann"), person("Ben")
    room = ann.room(ben)
    ben.join(room)
    ann.send(room, "Who was kidnapped before you came?", mention=bot.user)
    ann.invite(room, bot.user)
    greeting = ann.wait(room, lambda said: said.sender == bot.user.user_id)
    assert (greeting.kind, greeting.mentions) == ("m.notice", ())
    assert greeting.body.startswith(
        "Mention me with a question, as in “Quotedesk: Who …?”, and I answer from 18 articles"
    )

    ann.send(room, "They may have been kidnapped, Ben.")
    asked = ann.send(room, WHO, mention=bot.user)
    answer = ann.wait(room, bot.is_answer(KIDNAPPED, thread=asked))
    assert (answer.kind, answer.edits, answer.mentions) == ("m.text", 0, (ann.user_id,))
    assert f"“{KIDNAPPED}”" in Read(answer.html).text
    assert "[6] Quotedesk, after an unsigned Libyan report, 25 Nov 2018" in answer.body

    ben.send(room, "and how many were killed there?", thread=asked)
    second = ann.wait(room, bot.is_answer(NINE, thread=asked))
    assert "Searched for: how many were killed in Tazirbu?" in second.body
    assert second.mentions == (ben.user_id,)

    ann.send(room, "[1]", thread=asked)
    around = ann.wait(room, bot.is_answer("Checked just now", thread=asked))
    assert f"southeastern Libya. >>{NINE}<<" in around.body
    assert "In its statement on Tazirbu, UNSMIL told the sides" in around.body
    assert Read(around.html).bold.endswith(NINE)

    ann.react(room, second.event_id, "👎")
    ben.react(room, answer.event_id, "👍🏽")
    ann.react(room, greeting.event_id, "👍")
    ann.react(room, answer.event_id, "🎉")
    feedback = bot.home / "feedback.jsonl"
    ann._wait(lambda: feedback.exists() and feedback.read_text().count("\n") == 2, 30, room)
    first, other = map(json.loads, feedback.read_text().splitlines())
    assert (first["surface"], first["person"], first["useful"]) == ("matrix", ann.user_id, False)
    assert (first["question"], first["query"]) == (
        "and how many were killed there?",
        "how many were killed in Tazirbu?",
    )
    assert (other["person"], other["question"], other["useful"]) == (ben.user_id, WHO, True)

    assert len(bot.said(ann, room)) == 3  # to what was said between people and before it came, nothing


def test_to_one_alone_it_answers_everything_and_says_what_is_not_found(bot: Bot, person: People) -> None:
    ann = person("Ann")
    room = ann.room(bot.user, direct=True)
    asked = ann.send(room, "Who won the 2018 World Cup?")
    answer = ann.wait(room, bot.is_answer("Not found in the 18 articles searched"))
    assert (answer.thread, answer.reply_to, answer.mentions) == (None, asked, ())
    assert "None of them mentions World Cup." in answer.body
    assert "The closest passages, which may not answer the question:" in answer.body
    ann.send(room, "7")
    assert ann.wait(room, bot.is_answer("The last answer here has no quote 7: its quotes are 1, 2 and 3."))
    greeting = next(said for said in ann.messages(room) if said.kind == "m.notice")
    assert greeting.body.startswith("Ask me a question here, and I answer from 18 articles")


def test_what_the_bot_keeps_only_its_owner_may_read(bot: Bot) -> None:
    kept = bot.home / "matrix"
    assert kept.stat().st_mode & 0o777 == 0o700
    for file in ("login.json", "signing-key"):
        assert (kept / file).stat().st_mode & 0o777 == 0o600
    assert bot.user.password not in (kept / "login.json").read_text()


def test_its_device_is_cross_signed(bot: Bot, synapse: Synapse) -> None:
    """Clients need not warn that it is not, nor refuse to encrypt to it."""
    me = bot.user.user_id
    device = json.loads((bot.home / "matrix" / "login.json").read_text())["device_id"]
    headers = {"Authorization": f"Bearer {bot.user.token}"}
    asked = {"device_keys": {me: []}}
    url = f"{synapse.url}/_matrix/client/v3/keys/query"
    known = httpx.post(url, json=asked, headers=headers, trust_env=False).raise_for_status().json()
    (signing,) = known["self_signing_keys"][me]["keys"]
    (master,) = known["master_keys"][me]["keys"]
    assert signing in known["device_keys"][me][device]["signatures"][me]
    assert master in known["self_signing_keys"][me]["signatures"][me]


# What a room's settings say ------------------------------------------------------------------------------------------


def test_the_settings_of_a_room_hold_there_and_who_asks_too_often_is_told(
    person: People, synapse: Synapse, corpus_home: Path, tmp_path: Path
) -> None:
    ann, ben = person("Ann"), person("Ben")
    user = synapse.user("Quotedesk")
    scoped, quiet = ann.room(user, ben), ann.room(user, ben)
    ben.join(scoped)
    ben.join(quiet)
    question = ann.send(scoped, WHO, mention=user)  # before it runs: it follows invitations that wait
    lines = [
        "questions_a_minute = 2",
        f'[rooms."{scoped}"]\nsources = ["Quotedesk, after Asharq Al-Awsat"]',
        f'[rooms."{quiet}"]\nonly_mentioned = true',
    ]
    bot = home_of(tmp_path, corpus_home, synapse, user, *lines)
    with bot.running():
        answer = ann.wait(scoped, bot.is_answer("in the attack on Tazerbo", thread=question))
        assert "unsigned" not in answer.body

        first = ben.send(quiet, "Who claimed the attack on Tazirbu?", mention=user)
        ben.wait(quiet, bot.is_answer("ISIS", thread=first))
        ben.send(quiet, "and when was it?", thread=first)
        ben.send(quiet, "and when was it?", thread=first, mention=user)
        dated = ben.wait(quiet, bot.is_answer("On November 25", thread=first))
        assert dated.mentions == (ben.user_id,)

        third, fourth = (ben.send(scoped, WHO, mention=user) for _ in range(2))
        told = ben.wait(scoped, bot.is_answer("You asked 2 questions in a minute: ask again in", thread=third))
        assert told.kind == "m.notice"
        ann.send(scoped, "help", mention=user)
        ann.wait(scoped, lambda said: said.kind == "m.notice" and said.thread is not None and "Mention me" in said.body)
        assert len(bot.said(ann, quiet)) == 2
        assert not any(said.thread == fourth for said in ann.messages(scoped))  # told once


# Encryption, and what happens while somebody is away -----------------------------------------------------------------


def test_in_an_encrypted_room_nothing_is_lost_and_nothing_answered_twice_whoever_was_away(
    person: People, synapse: Synapse, corpus_home: Path, tmp_path: Path
) -> None:
    bot = home_of(tmp_path, corpus_home, synapse, synapse.user("Quotedesk"))
    ann = person("Ann", encrypted=True)
    with bot.running() as server:
        room = ann.room(bot.user, encrypted=True, direct=True)
        ann.wait_for_member(room, bot.user)
        ann.send(room, WHO)
        assert ann.wait(room, bot.is_answer(KIDNAPPED)).secret
        assert ended(server.process, signal.SIGINT) < 5

    ann.send(room, "Who claimed the attack on Tazirbu?")
    with bot.running() as server:
        assert server.ready.endswith("in 1 room. Stop it with Ctrl+C.")
        ann.wait(room, bot.is_answer("ISIS has claimed several attacks"))
        synapse.stop()
        time.sleep(1)
        synapse.start()
        ann.send(room, "When was it?")
        ann.wait(room, bot.is_answer("On November 25, nine people were killed"))
        assert ended(server.process) < 5
        assert "Traceback" not in server.log.read_text()
    assert len(bot.said(ann, room)) == 3
    assert [said.body for said in ann.messages(room) if said.kind == "m.notice"] == [
        said for said in [said.body for said in ann.messages(room)] if "checked word for word" in said
    ]


def test_what_was_dealt_with_and_not_noted_before_a_crash_is_not_dealt_with_again(
    person: People, synapse: Synapse, corpus_home: Path, tmp_path: Path
) -> None:
    bot = home_of(tmp_path, corpus_home, synapse, synapse.user("Quotedesk"))
    ann, feedback = person("Ann"), bot.home / "feedback.jsonl"
    with bot.running():
        room = ann.room(bot.user, direct=True)
        ann.wait(room, lambda said: said.sender == bot.user.user_id)
        (heard,) = bot.home.rglob("heard")
        up_to = heard.read_text()
        ann.send(room, WHO)
        ann.react(room, ann.wait(room, bot.is_answer(KIDNAPPED)).event_id, "👍")
        wait_until(lambda: feedback.exists() and feedback.read_text())
    heard.write_text(up_to)
    with bot.running():
        ann.send(room, "Who claimed the attack on Tazirbu?")
        ann.wait(room, bot.is_answer("ISIS has claimed several attacks"))
    assert len(bot.said(ann, room)) == 2
    assert feedback.read_text().count("\n") == 1


# What is slow --------------------------------------------------------------------------------------------------------


def test_slow_answers_are_announced_as_far_as_the_server_s_limits_let_it_and_all_arrive(
    person: People, synapse: Synapse, corpus_home: Path, tmp_path: Path
) -> None:
    """Ten events at once and then one in 5 s: two to come in and greet, up to two for each of five answers."""
    bot = home_of(tmp_path, corpus_home, synapse, synapse.user("Quotedesk"), "answers_at_once = 3")
    ann, ben = person("Ann"), person("Ben")
    with bot.running("tests.matrix.slow_matrix", str(bot.home), "4"):
        room = ann.room(bot.user, ben)
        ann.wait(room, lambda said: said.sender == bot.user.user_id)
        questions = [ann.send(room, WHO, mention=bot.user) for _ in range(5)]
        answers = [ann.wait(room, bot.is_answer(KIDNAPPED, thread=question)) for question in questions]
    first_said = {event["event_id"]: event["content"].get("body", "") for event in ann._events(room)}
    announced = [first_said[answer.event_id] for answer in answers if answer.edits]
    assert "Reading what was found. The answer will stand here." in announced
    assert any(text.startswith("Waiting in line, place ") for text in announced)
    assert all(text.endswith(". The answer will stand here.") for text in announced)
    assert all(answer.edits <= 1 for answer in answers)
    assert len(bot.said(ann, room)) == 5  # no announcement is left standing beside its answer


# What an article says ------------------------------------------------------------------------------------------------


def test_nothing_an_article_says_becomes_markup_in_a_room(
    person: People,
    synapse: Synapse,
    archive: Archive,
    nio_loop: asyncio.AbstractEventLoop,
    write: Callable[..., Path],
    tmp_path: Path,
) -> None:
    texts = [f"Bridge {n} in Kufra cost {n + 2} million, {payload} she said." for n, payload in enumerate(PAYLOADS)]
    lines = [
        json.dumps({"text": text, "title": payload, "source": payload, "url": "http://HOST/a"})
        for text, payload in zip(texts, PAYLOADS, strict=True)
    ]
    ingest(archive, [str(write({"hostile.jsonl": "\n".join(lines)}))])
    bot = home_of(tmp_path / "bot", tmp_path / "none", synapse, synapse.user("Quotedesk"))
    ann = person("Ann")
    with Desk(archive) as desk, serving_inside(desk, bot, nio_loop):
        room = ann.room(bot.user, direct=True)
        for question in ("How much did the bridge in Kufra cost?", "Who said <b>bold</b> of <script>?"):
            asked = ann.send(room, question)
            answer = ann.wait(room, lambda said, asked=asked: said.reply_to == asked)
            said = Read(answer.html)
            assert any(f"“{text}”" in said.text for text in texts)
            assert set(said.tags) <= OURS
            assert set(said.attributes) <= {("href", "http://host/a")}


# Within another process, and what is wrongly set ---------------------------------------------------------------------


@contextmanager
def serving_inside(desk: Desk, bot: Bot, loop: asyncio.AbstractEventLoop) -> Iterator[None]:
    """The bot as a task beside others, which ends within 2 s of being cancelled and leaves nothing behind."""
    from ui.async_desk import AsyncDesk
    from ui.matrix import run

    settings = Settings(home=bot.home, matrix_homeserver=bot.homeserver, matrix_user=bot.user.user_id)
    ending = asyncio.Event()

    async def served() -> float:
        serving = asyncio.create_task(run(AsyncDesk(desk), settings, print))
        await ending.wait()
        asked = time.monotonic()
        serving.cancel()
        await asyncio.wait([serving])
        assert serving.cancelled(), serving
        assert asyncio.all_tasks() == {asyncio.current_task()}
        return time.monotonic() - asked

    running = asyncio.run_coroutine_threadsafe(served(), loop)
    try:
        yield
    finally:
        loop.call_soon_threadsafe(ending.set)
        assert running.result(20) < 2


def test_it_runs_beside_others_in_a_process_until_it_is_cancelled(
    person: People, synapse: Synapse, desk: Desk, nio_loop: asyncio.AbstractEventLoop, tmp_path: Path
) -> None:
    bot = home_of(tmp_path, tmp_path / "none", synapse, synapse.user("Quotedesk"))
    ann = person("Ann")
    with serving_inside(desk, bot, nio_loop):
        room = ann.room(bot.user, direct=True)
        ann.send(room, WHO)
        ann.wait(room, bot.is_answer(KIDNAPPED))


def test_it_ends_at_once_although_an_answer_is_under_way_and_answers_after_that(
    person: People, synapse: Synapse, desk: Desk, archive: Archive, nio_loop: asyncio.AbstractEventLoop, tmp_path: Path
) -> None:
    class Stuck:
        """A reader that reads for 4 s, and finds nothing."""

        begun = threading.Event()

        def read(self, *_: object, **__: object) -> Findings:
            self.begun.set()
            time.sleep(4)
            return Findings((), 0.0, 1.0)

    bot = home_of(tmp_path / "bot", tmp_path / "none", synapse, synapse.user("Quotedesk"))
    ann = person("Ann")
    room = ann.room(bot.user, direct=True)
    stuck = Stuck()
    with Desk(archive, reader=stuck) as slow, serving_inside(slow, bot, nio_loop):
        ann.wait(room, lambda said: said.kind == "m.notice")
        ann.send(room, WHO)
        assert stuck.begun.wait(30)
    with serving_inside(desk, bot, nio_loop):
        ann.wait(room, bot.is_answer(KIDNAPPED))
    assert len(bot.said(ann, room)) == 1


def test_what_it_cannot_read_it_asks_to_be_sent_again(
    person: People,
    synapse: Synapse,
    desk: Desk,
    nio_loop: asyncio.AbstractEventLoop,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    from ui.matrix import client

    monkeypatch.setattr(client, "UNREADABLE_S", 0)
    bot = home_of(tmp_path, tmp_path / "none", synapse, synapse.user("Quotedesk"))
    ann = person("Ann", encrypted=True)
    room = ann.room(bot.user, encrypted=True, direct=True)
    ann.send(room, WHO)  # before it is there: no key is made for it
    with serving_inside(desk, bot, nio_loop):
        assert ann.wait(room, bot.is_answer("I cannot read a message here")).kind == "m.notice"
        ann.send(room, WHO)
        ann.wait(room, bot.is_answer(KIDNAPPED))
    assert len(bot.said(ann, room)) == 2


def test_what_is_not_set_is_said_in_one_line(quotedesk: CommandLine) -> None:
    done = quotedesk("matrix")
    assert done == (
        1,
        "",
        'quotedesk: matrix_homeserver is not set: write matrix_homeserver = "https://matrix.example.org" in '
        "quotedesk.toml, or set QUOTEDESK_MATRIX_HOMESERVER\n",
    )


def test_who_is_not_let_in_is_told_what_to_check(
    synapse: Synapse, nio_loop: asyncio.AbstractEventLoop, tmp_path: Path
) -> None:
    from ui.matrix import login

    def refused(kind: type[Exception], says: str, **settings: object) -> None:
        made = Settings(home=tmp_path, **settings)
        with pytest.raises(kind, match=says):
            asyncio.run_coroutine_threadsafe(login.log_in(made), nio_loop).result(60)

    user = synapse.user("Quotedesk")
    account = {"matrix_homeserver": synapse.url, "matrix_user": user.user_id}
    wrong = {"matrix_password": SecretStr("wrong")}
    refused(login.NotSetError, "matrix_password is not set", **account)
    refused(login.PasswordError, rf"does not let {user.user_id} in \(Invalid username", **account, **wrong)
    refused(login.UserError, "'desk' is no user of Matrix: write it as @name", **account | {"matrix_user": "desk"})
    account["matrix_homeserver"] = "http://127.0.0.1:1"
    refused(login.HomeserverError, "'http://127.0.0.1:1' does not answer as one", **account, **wrong)


def test_a_session_that_was_ended_ends_it_with_the_way_back(
    synapse: Synapse, desk: Desk, nio_loop: asyncio.AbstractEventLoop, tmp_path: Path
) -> None:
    from ui.async_desk import AsyncDesk
    from ui.matrix import run
    from ui.matrix.login import TokenError

    bot = home_of(tmp_path, tmp_path / "none", synapse, synapse.user("Quotedesk"))
    headers = {"Authorization": f"Bearer {bot.user.token}"}
    httpx.post(f"{synapse.url}/_matrix/client/v3/logout", headers=headers, trust_env=False).raise_for_status()
    settings = Settings(home=bot.home, matrix_homeserver=synapse.url, matrix_user=bot.user.user_id)
    with pytest.raises(TokenError, match=r"no longer knows the session of @.*delete .*login\.json"):
        asyncio.run_coroutine_threadsafe(run(AsyncDesk(desk), settings, print), nio_loop).result(60)
