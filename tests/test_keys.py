"""ui.keys: tokens and passwords are checked, never kept, and a revoked one is worth nothing at once."""

from __future__ import annotations

import pytest

from ui.keys import AccessError, Keys


def test_a_token_is_known_by_its_name_until_it_is_revoked_by_another_process(tmp_path):
    server = Keys(tmp_path / "home")
    assert server.tokens == []
    token = Keys(tmp_path / "home").make_token("newsroom bot")
    assert token.startswith("qd_") and len(token) > 40
    assert server.token_name(token) == "newsroom bot"
    assert [kept["name"] for kept in server.tokens] == ["newsroom bot"]
    assert server.token_name(token[:-1]) is server.token_name("") is None
    Keys(tmp_path / "home").remove("tokens", "newsroom bot")
    assert server.token_name(token) is None


def test_a_user_has_one_password(tmp_path):
    keys = Keys(tmp_path)
    keys.add_user("ann", "correct horse")
    assert [keys.has_password("ann", word) for word in ("correct horse", "correct horse", "Correct horse", "")] == [
        True, True, False, False,
    ]  # fmt: skip
    assert not keys.has_password("ben", "correct horse")
    keys.remove("users", "ann")
    keys.add_user("ann", "battery staple")
    assert [keys.has_password("ann", word) for word in ("correct horse", "battery staple")] == [False, True]


def test_neither_is_kept_and_only_the_owner_may_read_what_is(tmp_path):
    keys = Keys(tmp_path)
    keys.add_user("ann", "correct horse")
    token = keys.make_token("bot")
    file = tmp_path / "access.json"
    assert file.stat().st_mode & 0o777 == 0o600
    assert token not in file.read_text() and "correct horse" not in file.read_text()


@pytest.mark.parametrize(
    ("change", "message"),
    [
        (lambda keys: keys.make_token("bot"), "there is a token 'bot' already"),
        (lambda keys: keys.make_token(" "), "' ' is not a name"),
        (lambda keys: keys.remove("tokens", "bto"), r"there is no token 'bto' \(there are: bot\)"),
        (lambda keys: keys.remove("users", "ann"), r"there is no user 'ann' \(there are: none\)"),
        (lambda keys: keys.add_user("ann", "short"), "a password of 5 characters is too short: take 8 or more"),
        (lambda keys: keys.add_user("a:b", "long enough"), "has a colon"),
    ],
)
def test_what_cannot_be_done_is_said_in_one_line(tmp_path, change, message):
    keys = Keys(tmp_path)
    keys.make_token("bot")
    with pytest.raises(AccessError, match=message):
        change(keys)


def test_a_damaged_file_lets_nobody_in_and_is_named(tmp_path):
    (tmp_path / "access.json").write_text("{")
    with pytest.raises(AccessError, match=r"access.json cannot be read .*: mend it, or remove it"):
        Keys(tmp_path).token_name("qd_x")
