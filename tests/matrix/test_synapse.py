"""The homeserver and the people that other tests use: they do what Synapse and Element do."""

from __future__ import annotations

import os
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING

import httpx
import pytest

if TYPE_CHECKING:
    from tests.matrix.person import Person
    from tests.matrix.synapse import Synapse

pytest_plugins = ["tests.matrix.synapse"]
pytestmark = pytest.mark.served

People = Callable[..., "Person"]


def together(*people: Person, encrypted: bool = False) -> str:
    """A room that all of them have joined."""
    first, *others = people
    room = first.room(*others, encrypted=encrypted)
    for other in others:
        other.join(room)
    return room


def test_two_people_talk(person: People) -> None:
    ann, ben = person("Ann"), person("Ben")
    room = together(ann, ben)
    assert ben.members(room) == {ann.user_id, ben.user_id}
    ann.send(room, "Who was kidnapped?")
    ben.send(room, "I do not know.")
    assert [(said.sender, said.kind, said.body) for said in ann.messages(room)] == [
        (ann.user_id, "m.text", "Who was kidnapped?"),
        (ben.user_id, "m.text", "I do not know."),
    ]


def test_people_who_are_called_the_same_are_not_the_same(person: People) -> None:
    assert person("Ann").user_id != person("Ann").user_id


def test_who_is_not_in_the_room_reads_nothing(person: People) -> None:
    room = person("Ann").room()
    with pytest.raises(AssertionError, match="M_FORBIDDEN"):
        person("Ben").messages(room)


def test_a_mention_names_the_person_for_programs_and_shows_as_a_link(person: People) -> None:
    ann, ben = person("Ann"), person("Ben")
    room = together(ann, ben)
    ann.send(room, "who & when?", mention=ben)
    (said,) = ben.messages(room)
    assert said.mentions == (ben.user_id,)
    assert said.body == "Ben: who & when?"
    assert said.html == f'<a href="https://matrix.to/#/{ben.user_id}">Ben</a>: who &amp; when?'


def test_a_thread_hangs_on_a_message_and_its_fallback_is_no_reply(person: People) -> None:
    ann, ben = person("Ann"), person("Ben")
    room = together(ann, ben)
    question = ann.send(room, "Who was kidnapped?")
    first = ben.send(room, "Nine people.", thread=question)
    ann.send(room, "By whom?", thread=question, reply_to=first)
    ann.send(room, "Something else.", reply_to=first)
    assert [(said.body, said.thread, said.reply_to) for said in ann.messages(room)] == [
        ("Who was kidnapped?", None, None),
        ("Nine people.", question, None),
        ("By whom?", question, first),
        ("Something else.", None, first),
    ]


def test_an_edit_changes_the_words_and_leaves_them_in_their_thread(person: People) -> None:
    ann, ben = person("Ann"), person("Ben")
    room = together(ann, ben)
    question = ann.send(room, "Who was kidnapped?")
    answer = ben.send(room, "Searching…", thread=question)
    ben.edit(room, answer, "Nine.")
    ben.edit(room, answer, "Nine people.")
    _, said = ann.messages(room)
    assert (said.event_id, said.body, said.thread, said.edits) == (answer, "Nine people.", question, 2)


def test_nobody_edits_what_another_said(person: People) -> None:
    ann, ben = person("Ann"), person("Ben")
    room = together(ann, ben)
    said = ann.send(room, "Nine people.")
    ben.edit(room, said, "Nobody.")
    assert [(message.body, message.edits) for message in ann.messages(room)] == [("Nine people.", 0)]


def test_reactions_belong_to_their_message(person: People) -> None:
    ann, ben = person("Ann"), person("Ben")
    room = together(ann, ben)
    answer = ben.send(room, "Nine people.")
    ann.react(room, answer, "👍")
    (said,) = ben.messages(room)
    assert said.reactions == ((ann.user_id, "👍"),)


def test_what_was_taken_back_is_gone(person: People) -> None:
    ann, ben = person("Ann"), person("Ben")
    room = together(ann, ben)
    answer = ben.send(room, "Nine people.")
    edit = ben.edit(room, answer, "Ten people.")
    slip = ann.send(room, "Wrong room!")
    reaction = ann.react(room, answer, "👍")
    ben.delete(room, edit)
    ann.delete(room, slip)
    ann.delete(room, reaction)
    assert [(said.body, said.edits, said.reactions) for said in ben.messages(room)] == [("Nine people.", 0, ())]


def test_waiting_finds_what_is_there_and_gives_up_on_what_is_not(person: People) -> None:
    ann = person("Ann")
    room = ann.room()
    ann.send(room, "Nine people.")
    assert ann.wait(room, lambda said: "Nine" in said.body).sender == ann.user_id
    with pytest.raises(TimeoutError, match="Nine people"):
        ann.wait(room, lambda said: "Ten" in said.body, timeout_s=0.2)


def test_what_is_said_in_an_encrypted_room_only_those_in_it_can_read(person: People) -> None:
    ann, ben = person("Ann", encrypted=True), person("Ben", encrypted=True)
    blind = person("Cy")
    room = together(ann, ben, blind, encrypted=True)
    question = ann.send(room, "Who was kidnapped?", mention=ben)
    answer = ben.send(room, "Searching…", thread=question)
    ben.edit(room, answer, "Nine people.")
    ann.react(room, answer, "👍")
    for reader in (ann, ben):
        asked, said = reader.messages(room)
        assert (asked.body, asked.mentions) == ("Ben: Who was kidnapped?", (ben.user_id,))
        assert (said.body, said.thread, said.edits) == ("Nine people.", question, 1)
        assert said.reactions == ((ann.user_id, "👍"),)
        assert asked.secret and said.secret
    # The server, and who has no key, see that something was said and in which thread, but no word of it.
    assert [(said.kind, said.body, said.thread) for said in blind.messages(room)] == [
        ("m.room.encrypted", "", None),
        ("m.room.encrypted", "", question),
    ]


def test_the_servers_own_limits_hold(person: People) -> None:
    """Ten at once, the making of a room among them, then one in 5 s; edits count as messages do."""
    from tests.matrix.person import LimitedError

    ann = person("Ann")
    room = ann.room()
    said = ann.send(room, "one")
    with pytest.raises(LimitedError) as limited:
        for number in range(2, 100):
            ann.edit(room, said, str(number))
    (message,) = ann.messages(room)
    assert message.edits >= 8
    assert 0 < limited.value.retry_after_ms <= 5_000
    assert person("Ben").room()  # others are not held up


def test_a_server_that_was_away_comes_back_as_the_same(tmp_path: Path, synapse: Synapse) -> None:
    from tests.matrix.person import Person
    from tests.matrix.synapse import Synapse

    with Synapse(tmp_path / "synapse") as server, Person(server.url, server.user("Ann")) as ann:
        room = ann.room()
        ann.send(room, "before")
        server.stop()
        with pytest.raises(httpx.ConnectError):
            ann.messages(room)
        server.start()
        ann.send(room, "after")
        assert [said.body for said in ann.messages(room)] == ["before", "after"]


def test_where_it_cannot_be_installed_the_reason_is_told(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    from tests.matrix import synapse

    monkeypatch.setattr(synapse, "VENV", tmp_path / "venv")
    monkeypatch.setenv("PIP_CONFIG_FILE", os.devnull)
    monkeypatch.setenv("PIP_NO_INDEX", "1")
    monkeypatch.delenv("PIP_FIND_LINKS", raising=False)
    with pytest.raises(synapse.NotInstalledError, match=r"cannot be installed .*No matching distribution"):
        synapse.installed()
