"""bot.settings: the environment over the file in the home over the defaults; what is wrong is named with its place."""

from __future__ import annotations

import os
from collections.abc import Callable
from datetime import date
from pathlib import Path

import pytest

from bot.settings import Settings, SettingsError, load
from index.article import Scope


@pytest.fixture
def home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A home, named by QUOTEDESK_HOME, without any other setting."""
    for name in [name for name in os.environ if name.startswith("QUOTEDESK_")]:
        monkeypatch.delenv(name)
    monkeypatch.setenv("QUOTEDESK_HOME", str(tmp_path))
    return tmp_path


@pytest.fixture
def file(home: Path) -> Callable[[str], Path]:
    """Write quotedesk.toml into the home."""

    def write(text: str) -> Path:
        path = home / "quotedesk.toml"
        path.write_text(text, "utf-8")
        return path

    return write


def error(home: str | None = None) -> str:
    with pytest.raises(SettingsError) as caught:
        load(home)
    return str(caught.value)


def test_the_defaults(home):
    settings = load()
    assert (settings.home, settings.host, settings.port, settings.chroma_url) == (home, "127.0.0.1", 7860, None)


def test_every_setting_says_what_it_is_for():
    assert [name for name, field in Settings.model_fields.items() if not field.description] == []


def test_the_file_goes_over_the_defaults_and_the_environment_over_the_file(file, monkeypatch):
    file('port = 7000\nhost = "0.0.0.0"\n')
    assert (load().port, load().host) == (7000, "0.0.0.0")
    monkeypatch.setenv("QUOTEDESK_PORT", "7001")
    assert (load().port, load().host) == (7001, "0.0.0.0")


def test_the_home_of_the_command_line_goes_over_that_of_the_environment(home, tmp_path):
    assert load(str(tmp_path / "other")).home == tmp_path / "other"
    assert load("~/news").home == Path.home() / "news"
    assert load("").home == home


def test_without_any_word_the_home_is_in_the_users_own_folder(home, monkeypatch):
    monkeypatch.delenv("QUOTEDESK_HOME")
    assert load().home == Settings().home == Path.home() / ".quotedesk"


def test_an_unknown_setting_is_named_with_its_place_and_the_known_ones(home, file, monkeypatch):
    known = "(settings: " + ", ".join(Settings.model_fields) + ")"
    path = file('colour = "red"')
    assert error() == f"{path}: colour = 'red': there is no such setting {known}"
    file("")
    monkeypatch.setenv("QUOTEDESK_COLOUR", "red")
    assert error() == f"QUOTEDESK_COLOUR = 'red': there is no such setting {known}"


@pytest.mark.parametrize(
    ("name", "value"),
    [("port", "0"), ("port", "65536"), ("port", "http"), ("passages_read", "0"), ("threads", "0"), ("threads", "many")],
)
def test_an_impossible_value_is_named_with_its_place(home, file, monkeypatch, name, value):
    path = file(f"{name} = {value}" if value.isdecimal() else f'{name} = "{value}"')
    assert error().startswith(f"{path}: {name} = '{value}': Input should be ")
    file("")
    monkeypatch.setenv(f"QUOTEDESK_{name.upper()}", value)
    assert error().startswith(f"QUOTEDESK_{name.upper()} = '{value}': Input should be ")


def test_several_values_are_a_list_in_the_file_and_divided_by_commas_or_spaces_in_the_environment(file, monkeypatch):
    file('embed_sites = ["https://a.example", "https://b.example"]')
    assert load().embed_sites == ("https://a.example", "https://b.example")
    monkeypatch.setenv("QUOTEDESK_EMBED_SITES", "https://c.example, https://d.example https://e.example")
    assert load().embed_sites == ("https://c.example", "https://d.example", "https://e.example")


def test_a_room_has_its_own_outlets_and_days(file):
    file(
        '[rooms.C1]\nsources = ["Herald"]\nfrom = 2018-01-01\nonly_mentioned = true\n[rooms."!a:b"]\nto = "2018-02-01"'
    )
    rooms = load().rooms
    assert rooms["C1"].scope == Scope(date(2018, 1, 1), None, ("Herald",))
    assert (rooms["C1"].only_mentioned, rooms["!a:b"].only_mentioned) == (True, False)
    assert rooms["!a:b"].scope == Scope(None, date(2018, 2, 1))


def test_a_wrong_line_about_a_room_is_named(file):
    path = file("[rooms.C1]\noutlet = 7")
    assert error() == (
        f"{path}: rooms.C1.outlet = '7': there is no such setting (settings: sources, from, to, only_mentioned)"
    )


@pytest.mark.parametrize("name", ["public_url", "embed_sites", "allowed_origins"])
@pytest.mark.parametrize("value", ["a.example", "https://a.example/path", "https://a.example;script-src", "*"])
def test_a_site_is_its_scheme_and_host_and_nothing_else(home, monkeypatch, name, value):
    monkeypatch.setenv(f"QUOTEDESK_{name.upper()}", value)
    assert f"{value!r} is not a site: write it as https://HOST" in error()


def test_a_secret_is_not_printed(monkeypatch, home):
    monkeypatch.setenv("QUOTEDESK_SLACK_BOT_TOKEN", "xoxb-1")
    assert "xoxb-1" not in repr(load())
    assert load().slack_bot_token.get_secret_value() == "xoxb-1"


def test_the_home_cannot_be_moved_from_inside_it(file):
    path = file('home = "/elsewhere"')
    assert error() == f"{path}: home cannot be set inside the home; use QUOTEDESK_HOME or --home"


@pytest.mark.parametrize("text", ["port = = 7", "[table", "port = 7\nport = 8", "\x00"])
def test_a_file_that_is_not_toml_is_named(file, text):
    path = file(text)
    assert error().startswith(f"{path} cannot be read: ")


def test_a_file_that_is_not_text_is_named(home):
    (home / "quotedesk.toml").write_bytes(b"\xff\xfe")
    assert error().startswith(f"{home / 'quotedesk.toml'} cannot be read: ")


def test_settings_cannot_be_changed():
    with pytest.raises(ValueError, match="frozen"):
        Settings().port = 1  # type: ignore[misc]
