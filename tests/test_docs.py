"""The pages in docs/ say what is so: their commands, settings, snippets, names and links are those of the program."""

from __future__ import annotations

import json
import re
import shlex
import tomllib
from collections.abc import Iterator
from pathlib import Path

import pytest
import yaml
from fastapi.testclient import TestClient

from bot.answer import Question
from bot.desk import Desk
from bot.settings import PREFIX, Settings
from tests.conftest import ROOT
from tests.test_readme import commands, links
from ui.app import programs
from ui.async_desk import AsyncDesk
from ui.cli import _parser
from ui.embed import SCRIPT
from ui.gate import Access

PAGES = [ROOT / "README.md", *sorted((ROOT / "docs").glob("*.md"))]
TEXTS = {page.name: page.read_text("utf-8") for page in PAGES}
EVERY = "\n".join(TEXTS.values())
COMMANDS = {name for action in _parser()._subparsers._group_actions for name in action.choices}


def blocks(document: str, language: str) -> list[str]:
    """What stands in a document's fenced blocks of that language, without the indent that a list gives them."""
    found = re.findall(rf"^( *)```{language}\n(.*?)^ *```$", document, re.DOTALL | re.MULTILINE)
    return ["".join(line.removeprefix(indent) for line in text.splitlines(keepends=True)) for indent, text in found]


def cases(language: str) -> list[object]:
    """Each such block of each page, as a test case named after its page."""
    return [
        pytest.param(block, id=f"{name}-{number}")
        for name, text in TEXTS.items()
        for number, block in enumerate(blocks(text, language))
        if "…" not in block  # shortened for the eye
    ]


def slug(heading: str) -> str:
    """What a link to a heading ends with."""
    return re.sub(r"[^\w\- ]", "", heading.strip().lower()).replace(" ", "-")


def test_blocks_are_found_inside_lists_too():
    assert blocks("1. So:\n\n   ```toml\n   a = 1\n   ```\n\n```toml\nb = 2\n```\n", "toml") == ["a = 1\n", "b = 2\n"]


@pytest.mark.parametrize("block", cases("toml"))
def test_what_is_to_be_written_into_the_file_is_taken(block):
    Settings.model_validate(tomllib.loads(block))


@pytest.mark.parametrize("block", cases("sh"))
def test_what_is_to_be_exported_is_taken(block):
    exported = re.findall(rf"^export {PREFIX}(\w+)=(.*)$", block, re.MULTILINE)
    Settings.model_validate({name.lower(): shlex.split(value, comments=True)[0] for name, value in exported})


@pytest.mark.parametrize("block", cases("json"))
def test_json_is_json(block):
    json.loads(block)


@pytest.mark.parametrize("block", cases("yaml"))
def test_yaml_is_yaml(block):
    assert isinstance(yaml.safe_load(block), dict)


@pytest.mark.parametrize("block", cases("python"))
def test_python_is_python(block):
    compile(block, "docs", "exec")


SHELL = "".join(f"```{kind}\n{block}```\n" for kind in ("sh", "console") for block in blocks(EVERY, kind))


@pytest.mark.parametrize("command", commands(SHELL))
def test_the_command_line_takes_each_command(command):
    words = shlex.split(command.split("|")[0], comments=True)
    if words[0].endswith("quotedesk"):
        _parser().parse_args(words[1:])


def test_every_command_that_is_named_exists_and_every_one_that_exists_is_named():
    assert set(re.findall(r"`(?:\.venv/bin/)?quotedesk ([a-z]+)", EVERY)) <= COMMANDS
    assert {name for name in COMMANDS if not re.search(rf"quotedesk {name}\b", EVERY)} == set()


def test_no_setting_is_named_that_is_none():
    listed = set(re.findall(r"^\| `(\w+)` \|", TEXTS["server.md"].partition("## Every setting")[2], re.MULTILINE))
    exported = {name.lower() for name in re.findall(rf"\b{PREFIX}([A-Z_]*[A-Z])\b", EVERY)}
    assert listed | exported == set(Settings.model_fields)


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.name)
def test_every_link_leads_to_a_file_and_to_a_heading_in_it(page: Path):
    for link in re.findall(r"\]\(<?([^)\s>]+)", TEXTS[page.name]):
        if re.match(r"[a-z]+:", link):
            continue
        name, _, heading = link.partition("#")
        file = (page.parent / name).resolve() if name else page
        assert file.exists(), link
        if heading:
            headings = re.findall(r"^#+ (.*)$", file.read_text("utf-8"), re.MULTILINE)
            assert heading in map(slug, headings), link
    assert all((page.parent / link).exists() for link in links(TEXTS[page.name]) if link)


def test_every_page_is_reached_from_the_readme():
    assert {page.name for page in PAGES[1:]} <= {Path(link).name for link in links(TEXTS["README.md"])}


@pytest.fixture(scope="module")
def client(desk: Desk) -> Iterator[TestClient]:
    """Somebody who calls the server, without the page."""
    app = programs(AsyncDesk(desk), Access.of(Settings(home=desk.home)))
    with TestClient(app, raise_server_exceptions=False, follow_redirects=False) as client:
        yield client


def test_the_figures_are_those_of_metrics(client):
    told = set(re.findall(r"^# TYPE (\w+)", client.get("/metrics").text, re.MULTILINE))
    named = set(re.findall(r"`(quotedesk_\w+)", TEXTS["server.md"]))
    assert named == {name for name in told if not name.endswith("_created")}


def test_the_endpoints_are_there(client, desk):
    table = TEXTS["README.md"].partition("## The web chat and the API")[2].partition("### ")[0]
    endpoints = re.findall(r"`(GET |POST |)(/[\w/.]+)`", table)
    assert len(endpoints) > 8
    (quote, *_) = desk.ask(Question("Who was kidnapped in Tazirbu?")).quotes
    for method, path in endpoints:
        called = client.request(method.strip() or "POST", path.replace("/ID", f"/{quote.article_id}"), json={})
        assert called.status_code not in (404, 405, 500), path


def test_the_script_s_attributes_are_those_that_it_reads():
    read = re.search(r"const \{ (.*) \} = script\.dataset", SCRIPT.read_text("utf-8"))
    assert read is not None
    names = {name.split("=")[0].strip() for name in read[1].split(",")}
    assert set(re.findall(r"^\| `data-(\w+)`", TEXTS["embed.md"], re.MULTILINE)) == names
