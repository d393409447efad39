"""Rules over JSON that say what is wrong and where, in the form in which Slack says it."""

from __future__ import annotations

from collections.abc import Callable, Container, Iterator, Mapping
from typing import Any

Rule = Callable[[Any, str], Iterator[str]]
"""A value and its JSON pointer -> the problems with it."""


def problem(words: str, at: str) -> str:
    return f"{words} [json-pointer:{at}]"


def words(most: int, least: int = 1) -> Rule:
    """A string of `least` to `most` characters."""

    def rule(value: Any, at: str) -> Iterator[str]:
        if not isinstance(value, str):
            yield problem("must provide a string", at)
        elif len(value) < least:
            yield problem(f"must be more than {least - 1} characters", at)
        elif len(value) > most:
            yield problem(f"must be less than {most + 1} characters", at)

    return rule


def link(most: int = 3000) -> Rule:
    """An address with a scheme."""

    def rule(value: Any, at: str) -> Iterator[str]:
        found = list(words(most)(value, at))
        yield from found
        if not found and not value.startswith(("http://", "https://", "mailto:", "slack://")):
            yield problem("invalid URL", at)

    return rule


def one_of(*values: Any) -> Rule:
    def rule(value: Any, at: str) -> Iterator[str]:
        if value not in values:
            yield problem(f"must be one of {', '.join(map(str, values))}", at)

    return rule


def kind(*types: type) -> Rule:
    """A value of one of the types; true and false are no numbers."""

    def rule(value: Any, at: str) -> Iterator[str]:
        if not isinstance(value, types) or (isinstance(value, bool) and bool not in types):
            yield problem(f"must be of type {types[0].__name__}", at)

    return rule


def items(each: Rule, most: int, least: int = 1) -> Rule:
    """A list of `least` to `most` values."""

    def rule(value: Any, at: str) -> Iterator[str]:
        if not isinstance(value, list):
            yield problem("must provide an array", at)
            return
        if len(value) > most:
            yield problem(f"no more than {most} items allowed", at)
        if len(value) < least:
            yield problem(f"no fewer than {least} items allowed", at)
        for place, one in enumerate(value):
            yield from each(one, f"{at}/{place}")

    return rule


def record(need: Mapping[str, Rule], may: Mapping[str, Rule] | None = None) -> Rule:
    """An object with the keys of `need`, any of `may`, and no others ("type" is the caller's)."""
    known = {**need, **(may or {})}

    def rule(value: Any, at: str) -> Iterator[str]:
        if not isinstance(value, dict):
            yield problem("must provide an object", at)
            return
        for key in need:
            if key not in value:
                yield problem(f"missing required field: {key}", at)
        for key, part in value.items():
            if key in known:
                yield from known[key](part, f"{at}/{key}")
            elif key != "type":
                yield problem(f"invalid additional property: {key}", at)

    return rule


def typed(rules: Mapping[str, Rule], allowed: Container[str] | None = None) -> Rule:
    """An object whose "type" says which rule it follows; `allowed` narrows the types."""

    def rule(value: Any, at: str) -> Iterator[str]:
        if not isinstance(value, dict):
            yield problem("must provide an object", at)
        elif "type" not in value:
            yield problem("missing required field: type", at)
        elif value["type"] not in rules or (allowed is not None and value["type"] not in allowed):
            yield problem(f"unsupported type: {value['type']}", f"{at}/type")
        else:
            yield from rules[value["type"]](value, at)

    return rule


def either(rule: Rule, *keys: str) -> Rule:
    """`rule`, and at least one of the keys."""

    def checked(value: Any, at: str) -> Iterator[str]:
        yield from rule(value, at)
        if isinstance(value, dict) and not any(key in value for key in keys):
            yield problem(f"must define either {' or '.join(keys)}", at)

    return checked
