"""The commands that serve, and those that say whom: `quotedesk chat | mcp | slack | matrix | token | user`."""

from __future__ import annotations

import argparse
import sys
from collections.abc import Callable
from contextlib import ExitStack
from typing import TYPE_CHECKING

from ui.call import CallError, FailedError, log, open_desk, print_json, settings
from ui.progress import filled

if TYPE_CHECKING:
    from ui.workspaces import Connects


def add(command: Callable[..., argparse.ArgumentParser]) -> None:
    """Add them, each made by `command(name, function, help)`."""
    chat = command("chat", _chat, "serve the web chat, the API, and the workspaces that are set up", json=False)
    chat.add_argument("--host", metavar="H")
    chat.add_argument("--port", metavar="P", type=_port)
    command("mcp", _mcp, "serve agents over standard input and output (Model Context Protocol)", json=False)
    command("slack", _slack, "answer in Slack, over Socket Mode", json=False)
    command("matrix", _matrix, "answer in the rooms of a Matrix homeserver", json=False)
    token = command("token", _token, "tokens for programs: make one, revoke it, list them")
    token.add_argument("do", choices=("add", "revoke", "list"))
    token.add_argument("name", nargs="?", metavar="NAME", help="whose it is")
    user = command("user", _user, "people who may log in: add one, remove one, list them")
    user.add_argument("do", choices=("add", "remove", "list"))
    user.add_argument("name", nargs="?", metavar="NAME", help="the password is asked for, or read from standard input")


def _port(text: str) -> int:
    if not text.isascii() or not text.isdecimal() or not 1 <= int(text) <= 65535:
        raise argparse.ArgumentTypeError(f"{text!r} is not a port: give one from 1 to 65535")
    return int(text)


def _chat(arguments: argparse.Namespace) -> None:
    from ui.server import serve

    log()
    changes = {"host": arguments.host, "port": arguments.port}
    serve(settings(arguments).model_copy(update={name: value for name, value in changes.items() if value is not None}))


def _mcp(arguments: argparse.Namespace) -> None:
    from ui.async_desk import AsyncDesk
    from ui.mcp import server

    log()
    with ExitStack() as stack:
        desk = filled(open_desk(arguments, stack))
        server(AsyncDesk(desk)).run("stdio")


def _slack(arguments: argparse.Namespace) -> None:
    from ui import slack

    slack.check(settings(arguments))
    _alone(arguments, slack.run)


def _matrix(arguments: argparse.Namespace) -> None:
    from ui import matrix

    matrix.account(settings(arguments))
    _alone(arguments, matrix.run)


def _alone(arguments: argparse.Namespace, run: Connects) -> None:
    from ui.async_desk import AsyncDesk
    from ui.workspaces import alone

    log()
    with ExitStack() as stack:
        desk = filled(open_desk(arguments, stack))
        alone(run, AsyncDesk(desk), settings(arguments))


def _token(arguments: argparse.Namespace) -> None:
    from ui.keys import Keys

    keys = Keys(settings(arguments).home)
    if arguments.do == "list":
        _list(keys.tokens, as_json=arguments.json)
    elif arguments.do == "revoke":
        keys.remove("tokens", _named(arguments))
    else:
        token = keys.make_token(_named(arguments))
        if arguments.json:
            print_json({"name": arguments.name, "token": token})
        else:
            print(f"{token}\nThis is shown once: only its hash is kept. Send it as: Authorization: Bearer TOKEN")


def _user(arguments: argparse.Namespace) -> None:
    from ui.keys import Keys

    keys = Keys(settings(arguments).home)
    if arguments.do == "list":
        _list(keys.users, as_json=arguments.json)
    elif arguments.do == "remove":
        keys.remove("users", _named(arguments))
    else:
        keys.add_user(_named(arguments), _password())
        print(f"{arguments.name} may log in.", file=sys.stderr)


def _named(arguments: argparse.Namespace) -> str:
    if arguments.name is None:
        raise CallError("give a NAME")
    name: str = arguments.name
    return name


def _password() -> str:
    """From a person at a terminal, who does not see it, or the first line of standard input."""
    if not sys.stdin.isatty():
        return sys.stdin.readline().rstrip("\r\n")
    from getpass import getpass

    password = getpass("Password: ")
    if getpass("Once more: ") != password:
        raise FailedError("the two passwords differ: try again")
    return password


def _list(records: list[dict[str, str]], *, as_json: bool) -> None:
    if as_json:
        print_json(records)
        return
    for record in records:
        print(f"{record['made']}  {record['name']}")
    if not records:
        print("none")
