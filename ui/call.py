"""What the commands share: how they fail, what they open, how they print."""

from __future__ import annotations

import argparse
import json
import logging
from contextlib import ExitStack
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:  # what a command needs is loaded by that command: `--help` must not wait for the model
    from bot.desk import Desk
    from bot.settings import Settings


class CallError(ValueError):
    """The words of the call are wrong: exit status 2."""


class FailedError(RuntimeError):
    """The command could not do what it was asked: exit status 1."""


def settings(arguments: argparse.Namespace) -> Settings:
    """The settings in force."""
    from bot.settings import load

    return load(getattr(arguments, "home", None))


def open_desk(arguments: argparse.Namespace, stack: ExitStack) -> Desk:
    """The desk, closed with `stack`."""
    from bot.desk import Desk

    return stack.enter_context(Desk.open(settings(arguments)))


# One line also for those who take these for line ends, as Python's splitlines does; inside JSON they may be escaped.
_LINE_ENDS = {ord(end): f"\\u{ord(end):04x}" for end in "\x85\u2028\u2029"}


def log() -> None:
    """What goes wrong while a command serves is told on standard error, one line and its traceback."""
    logging.basicConfig(level=logging.WARNING, format="%(asctime)s %(levelname)s %(name)s: %(message)s")


def print_json(value: Any) -> None:
    """One line of JSON on standard output."""
    print(json.dumps(value, ensure_ascii=False).translate(_LINE_ENDS), flush=True)
