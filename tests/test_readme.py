"""The documents say what is so: README.md's commands run, every setting is in it, and no link leads nowhere."""

from __future__ import annotations

import json
import os
import re
import shlex
import shutil
import signal
import socket
import subprocess
import sys
import time
from pathlib import Path
from typing import NamedTuple

import pytest

from bot.desk import CORPUS
from bot.settings import Settings
from tests.conftest import ROOT, CommandLine, free_port

README = (ROOT / "README.md").read_text("utf-8") if (ROOT / "README.md").exists() else ""
SERVER = (ROOT / "docs" / "server.md").read_text("utf-8")
"""The settings that a newcomer needs are in README.md, all of them here."""
QUESTION = "who was kidnapped in Tazirbu"

written = pytest.mark.skipif(not README.strip(), reason="README.md is not written yet")


def commands(document: str) -> list[str]:
    """The commands in a document's ```sh and ```console blocks that are ours to run, each on one line."""
    found = []
    for kind, block in re.findall(r"^```(sh|console)\n(.*?)^```", document, re.DOTALL | re.MULTILINE):
        lines = block.replace("\\\n", " ").split("\n")
        if kind == "console":
            lines = [line.removeprefix("$ ") for line in lines if line.startswith("$ ")]
        for line in lines:
            words = shlex.split(line, comments=True)
            while words and re.fullmatch(r"[A-Z_]+=.*", words[0]):
                words.pop(0)
            if words and words[0].removeprefix(".venv/bin/") in {"make", "quotedesk"}:
                found.append(line.strip())
    return found


def test_commands_are_taken_from_blocks_of_shell_and_nowhere_else():
    document = """
`quotedesk ask` in a sentence.
```sh
make chat          # a comment
git clone elsewhere
QUOTEDESK_HOME=/tmp/x .venv/bin/quotedesk index articles \\
    --json
```
```console
$ quotedesk ask "who?" | head
“The answer.” [1]
quotedesk is not typed here
```
```python
quotedesk = 1
```
"""
    assert commands(document) == [
        "make chat          # a comment",
        "QUOTEDESK_HOME=/tmp/x .venv/bin/quotedesk index articles      --json",
        'quotedesk ask "who?" | head',
    ]


class Reader(NamedTuple):
    """Somebody who types what the README says, in a folder of their own."""

    folder: Path
    command_line: CommandLine

    def environment(self) -> dict[str, str]:
        path = os.pathsep.join([str(self.folder / ".venv" / "bin"), os.environ["PATH"]])
        return self.command_line.environment(PATH=path)


@pytest.fixture(scope="module")
def reader(tmp_path_factory: pytest.TempPathFactory) -> Reader:
    """One reader for all commands, who types them in order."""
    place = tmp_path_factory.mktemp("readme")
    program = place / "work" / ".venv" / "bin" / "quotedesk"
    program.parent.mkdir(parents=True)
    program.write_text(f'#!/bin/sh\nexec {shlex.quote(sys.executable)} -m ui.cli "$@"\n')
    program.chmod(0o755)
    shutil.copytree(ROOT / "docs", place / "work" / "docs")
    return Reader(place / "work", CommandLine(place / "home", place / "work"))


def provide(folder: Path, words: list[str]) -> None:
    """Put what a command reads where it reads it: articles, or questions for `ask --file`."""
    asks = "ask" in words
    for word in words[words.index("ask" if asks else "index") + 1 :]:
        path = folder / Path(word).expanduser()
        if word.startswith(("-", "http://", "https://")) or path.exists():
            continue
        if asks:
            if path.suffix == ".jsonl":
                path.write_text(json.dumps({"question": QUESTION}) + "\n")
        elif path.suffix in {".jsonl", ".html", ".txt", ".md"}:
            path.parent.mkdir(parents=True, exist_ok=True)
            text = "Nine policemen were killed in Tazirbu on Sunday, the army said."
            html = f"<html><body><article><p>{text}</p></article></body></html>"
            path.write_text({".jsonl": json.dumps({"text": text}), ".html": html}.get(path.suffix, text))
        elif path.is_relative_to(folder):
            shutil.copytree(CORPUS, path)


def assert_serves(reader: Reader, command: str) -> None:
    """It starts, answers on its port, and ends when it is told to."""
    port = free_port()
    process = subprocess.Popen(
        ["sh", "-c", f"exec {command.split('#')[0]} --port {port}"],
        cwd=reader.folder,
        env=reader.environment(),
        stdout=subprocess.DEVNULL,
        start_new_session=True,
    )
    try:
        for _ in range(1_200):
            with socket.socket() as probe:
                if not probe.connect_ex(("127.0.0.1", port)):
                    break
            assert process.poll() is None, command
            time.sleep(0.1)
        else:
            pytest.fail(f"{command} does not listen")
    finally:
        if process.poll() is None:
            os.killpg(process.pid, signal.SIGTERM)
        process.wait(30)


@written
@pytest.mark.served
@pytest.mark.parametrize("command", commands(README))
def test_the_command_runs(reader, command):
    words = [word for word in shlex.split(command, comments=True) if not re.fullmatch(r"[A-Z_]+=.*", word)]
    program, name = words[0].removeprefix(".venv/bin/"), words[1] if len(words) > 1 else ""
    if program == "make":
        assert re.search(rf"^{re.escape(name)}:", (ROOT / "Makefile").read_text(), re.MULTILINE), f"no target {name}"
        return
    if name == "chat":
        assert_serves(reader, command)
        return
    if name in {"slack", "matrix", "mcp"}:  # these need an account, or a partner at the other end
        command = f"quotedesk {name} --help"
    if any(word.startswith(("http://", "https://")) for word in words):
        pytest.skip("it reads from the web, which no test may")
    if name in {"index", "ask"}:
        provide(reader.folder, words)
    if "ARTICLE_ID" in words:
        asked = reader.command_line("ask", QUESTION, "--json").json
        command = command.replace("ARTICLE_ID", asked["quotes"][0]["article_id"])
    run = subprocess.run(
        ["sh", "-c", command],
        cwd=reader.folder,
        env=reader.environment(),
        stdin=subprocess.DEVNULL,
        capture_output=True,
        text=True,
        timeout=300,
        check=False,
    )
    assert run.returncode == 0, run.stderr
    assert run.stdout.strip()


@written
def test_there_are_commands_to_run():
    typed = "\n".join(commands(README))
    assert "make chat" in typed
    assert re.search(r"quotedesk (index|ask)", typed)


@written
@pytest.mark.parametrize("name", Settings.model_fields)
def test_every_setting_is_documented(name):
    assert re.search(rf"^\| `{name}` \|", SERVER, re.MULTILINE), f"docs/server.md does not explain {name}"


@written
def test_no_setting_is_documented_that_is_none():
    named = set(re.findall(r"QUOTEDESK_([A-Z_]+)", README))
    assert named <= {name.upper() for name in Settings.model_fields}


def links(document: str) -> list[str]:
    """The files that a document links to or shows, relative to itself."""
    targets = re.findall(r"\]\(<?([^)\s>]+)", document) + re.findall(r'(?:src|href|srcset)="([^"\s]+)', document)
    return [target.split("#")[0] for target in targets if not re.match(r"[a-z]+:|#|//", target)]


def test_links_are_found_in_markdown_and_html():
    document = '[a](docs/a.md#part) ![b](b.png "B") <img src="c.svg"> [d](https://d.org) [e](#e) <a href="mailto:f@g">'
    assert links(document) == ["docs/a.md", "b.png", "c.svg"]


@pytest.mark.parametrize("name", ["README.md", "ARCHITECTURE.md", "CONTRIBUTING.md"])
def test_every_link_leads_to_a_file(name):
    if not (ROOT / name).exists():
        pytest.skip(f"{name} is not written yet")
    document = (ROOT / name).read_text("utf-8")
    assert [link for link in links(document) if not (ROOT / link).exists()] == []
