"""ui.workspaces: which workspaces run, inside the server and alone, and how they end."""

from __future__ import annotations

import html
import json
import signal
import subprocess
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import TYPE_CHECKING

import httpx
import pytest

from bot.settings import Settings
from tests.conftest import ROOT, CommandLine, free_port
from tests.matrix.test_matrix import home_of
from tests.servers import chatting, ended, open_page, serving
from tests.slack.test_slack import MANIFEST, WHO, answer_to, quotes
from tests.stand_ins.slack import SlackStandIn
from tests.stand_ins.teams import TeamsStandIn
from ui.matrix import MatrixError
from ui.slack import SlackSettingsError
from ui.workspaces import configured

if TYPE_CHECKING:
    from tests.matrix.person import Person
    from tests.matrix.synapse import Synapse

pytest_plugins = ["tests.matrix.synapse"]
SLACK = {"slack_bot_token": "xoxb-1", "slack_app_token": "xapp-1"}


@pytest.mark.parametrize(
    ("settings", "surfaces"),
    [
        ({}, 0),
        (SLACK, 1),
        ({"slack_bot_token": "xoxb-1", "slack_signing_secret": "s"}, 1),
        ({**SLACK, "matrix_homeserver": "https://m.example", "matrix_user": "@d:m.example", "matrix_password": "p"}, 2),
    ],
)
def test_what_is_set_up_runs(settings, surfaces):
    assert len(configured(Settings(**settings))) == surfaces


def test_what_is_half_set_up_is_said_before_anything_starts():
    with pytest.raises(SlackSettingsError, match="slack_app_token is not set"):
        configured(Settings(**{**SLACK, "slack_app_token": None}))
    with pytest.raises(MatrixError, match="matrix_user is not set"):
        configured(Settings(matrix_homeserver="https://m.example"))


@pytest.fixture
def slack() -> Iterator[SlackStandIn]:
    with SlackStandIn(MANIFEST) as slack:
        yield slack


def environment(slack: SlackStandIn, **more: str) -> dict[str, str]:
    return {
        "QUOTEDESK_SLACK_BOT_TOKEN": slack.bot_token, "QUOTEDESK_SLACK_APP_TOKEN": slack.app_token,
        "QUOTEDESK_SLACK_API_URL": slack.url, **more,
    }  # fmt: skip


@pytest.mark.served
def test_slack_runs_inside_the_chat_s_process_which_still_ends_within_5_s(slack, corpus_home):
    with chatting(corpus_home, **environment(slack)) as server:
        assert quotes(answer_to(slack, slack.mention("#general", "nadia", WHO)))
        assert server.process.stdout.readline() == "Quotedesk is in Slack, in Stand-in.\n"
        assert ended(server.process) < 5
    assert "Traceback" not in server.log.read_text()


@pytest.mark.served
def test_a_workspace_that_cannot_go_on_leaves_the_chat_running_and_says_why(slack, corpus_home):
    wrong = {**environment(slack), "QUOTEDESK_SLACK_BOT_TOKEN": "xoxb-wrong"}
    with chatting(corpus_home, **wrong) as server:
        slack.wait_for(lambda: "Slack is off" in server.log.read_text(), 30)
        assert server.process.poll() is None
    assert "quotedesk: Slack is off: Slack does not take slack_bot_token (invalid_auth)" in server.log.read_text()


@pytest.mark.served
def test_over_http_slack_calls_the_chat_s_process_and_is_believed_by_its_signature(slack, corpus_home):
    settings = environment(slack, QUOTEDESK_SLACK_SIGNING_SECRET=slack.signing_secret)
    del settings["QUOTEDESK_SLACK_APP_TOKEN"]
    with chatting(corpus_home, **settings) as server:
        slack.post_to(f"{server.url}/slack/events", secret=slack.app_token)
        slack.mention("#general", "omar", WHO)
        slack.wait_for(lambda: slack.delivered[-1].attempts)
        slack.post_to(f"{server.url}/slack/events", age_s=400)
        slack.mention("#general", "omar", WHO)
        slack.wait_for(lambda: slack.delivered[-1].attempts)
        assert slack.calls("chat.startStream") == []
        slack.post_to(f"{server.url}/slack/events")
        question = slack.mention("#general", "nadia", "Where was the attack?")
        assert quotes(answer_to(slack, question))
        assert {
            message["thread_ts"] for message in slack.messages("#general") if message["user"] == slack.bot_user
        } == {question["ts"]}


@pytest.mark.served
def test_slack_alone_answers_and_ends_within_5_s(slack, filled: CommandLine):
    command = subprocess.Popen(
        filled.command("slack"), env=filled.environment(**environment(slack)), cwd=ROOT, text=True,
        stdout=subprocess.PIPE, stderr=subprocess.PIPE,
    )  # fmt: skip
    try:
        assert command.stdout.readline() == "Quotedesk is in Slack, in Stand-in. Stop it with Ctrl+C.\n"
        assert quotes(answer_to(slack, slack.mention("#general", "nadia", WHO)))
    finally:
        asked = time.monotonic()
        command.send_signal(signal.SIGTERM)
        _, errors = command.communicate(timeout=20)
    assert (command.returncode, errors) == (0, "")
    assert time.monotonic() - asked < 5


@pytest.mark.served
def test_all_at_once_answer_the_same_from_one_process_which_ends_within_5_s(
    slack: SlackStandIn, synapse: Synapse, person: Callable[..., Person], corpus_home: Path, tmp_path: Path
) -> None:
    bot, ann, port = home_of(tmp_path, corpus_home, synapse, synapse.user("Quotedesk")), person("Ann"), free_port()
    with TeamsStandIn() as teams:
        account = {"client_id": teams.client_id, "client_secret": teams.client_secret, "tenant_id": teams.tenant_id}
        settings = {f"QUOTEDESK_TEAMS_{name.upper()}": value for name, value in account.items()}
        settings |= {"REQUESTS_CA_BUNDLE": str(teams.certificate), **environment(slack)}
        place = json.dumps({"service_url": teams.service_url, "cloud": teams.cloud()})
        words = ["-m", "tests.all_at_once", str(bot.home), str(port), place]
        with serving(words, tmp_path / "log", says=r"(?<= is at )http://\S+", **settings) as server:
            teams.bot_url = f"{server.url}/api/messages"
            room = ann.room(bot.user, direct=True)
            ann.wait(room, lambda said: said.sender == bot.user.user_id)
            mention, written = slack.mention("#general", "nadia", WHO), teams.personal_message(WHO, "Abe")
            ann.send(room, WHO)
            expected = httpx.post(f"{server.url}/v1/ask", json={"question": WHO}, trust_env=False).json()["quotes"]
            shown = [
                "\n".join(quotes(answer_to(slack, mention))),
                html.unescape(teams.answer(written).text.replace("**", "")),
                ann.wait(room, bot.is_answer("eleven civilians")).body,
            ]
            for quote in (expected[0], expected[-1]):
                assert all(quote["text"] in answer for answer in shown)
            with open_page(server):
                assert ended(server.process) < 5
        assert "Traceback" not in server.log.read_text()


@pytest.mark.served
def test_a_home_that_another_process_holds_is_refused_in_one_line_that_says_who(slack, corpus_home, tmp_path):
    with chatting(corpus_home) as server:
        second = CommandLine(corpus_home, tmp_path)("slack", **environment(slack))
    assert second.returncode == 1
    assert second.stderr.startswith(
        f"quotedesk: {corpus_home} is in use by process {server.process.pid} (cli.py --home "
    )
    assert second.stderr.endswith("stop that first, or give another home (QUOTEDESK_HOME)\n")
    assert second.stderr.count("\n") == 1
