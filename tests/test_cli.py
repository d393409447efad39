"""The command line, as outside programs call it: CONTRACT.md line by line, and what it says to bad input."""

from __future__ import annotations

import fcntl
import json
import os
import pty
import re
import select
import struct
import subprocess
import termios
from datetime import date, datetime
from pathlib import Path

import pytest

from index.article import article
from tests.conftest import Run

ASK_KEYS = [
    "question",
    "query",
    "status",
    "text",
    "answers",
    "disagree",
    "quotes",
    "near",
    "searched",
    "absent",
    "apart",
    "matched",
    "seconds",
]
QUOTE_KEYS = ["number", "text", "article_id", "start", "end", "title", "source", "published", "url"]
INDEX_KEYS = ["added", "updated", "unchanged", "removed", "failed", "articles", "passages", "seconds"]
SHOW_KEYS = ["id", "text", "title", "source", "url", "published", "authors"]
STATUS_KEYS = ["home", "articles", "passages", "from", "to", "changed", "sources", "failed"]

WHO = "who was kidnapped in Tazirbu"
CUP = "Who won the 2018 World Cup?"


def assert_refused(run: Run, status: int, *said: str) -> None:
    """It failed with that status, printed nothing else, and said why on exactly one line without a traceback."""
    assert run.returncode == status, run
    assert run.stderr.startswith("quotedesk: ")
    assert run.stderr.endswith("\n")
    assert run.stderr.count("\n") == 1, run.stderr
    assert "Traceback" not in run.stderr
    for words in said:
        assert words in run.stderr
    assert len(run.stderr) < 1_000


# index ---------------------------------------------------------------------------------------------------------------


def test_index_json_is_one_object_with_the_keys_of_the_contract(quotedesk, write):
    folder = write({"a.txt": "Nine died in Tazirbu.", "b.md": "Ten fled Kufra.", "bad.txt": b"\x00"})
    run = quotedesk("index", str(folder), "--json")
    assert (run.returncode, run.stderr, run.stdout.count("\n")) == (0, "", 1)
    assert list(run.json) == INDEX_KEYS
    counted = {name: run.json[name] for name in INDEX_KEYS[:4]}
    assert counted == {"added": 2, "updated": 0, "unchanged": 0, "removed": 0}
    assert run.json["failed"] == [{"path": str(folder / "bad.txt"), "error": "it is binary, not text"}]
    assert (run.json["articles"], run.json["passages"]) == (2, 2)
    assert 0 < run.json["seconds"] < 60


def test_index_says_what_it_did_and_names_what_it_could_not_read(quotedesk, write):
    folder = write({"a.txt": "Nine died in Tazirbu.", "bad.txt": b"\x00"})
    run = quotedesk("index", str(folder))
    assert run.returncode == 0
    assert run.stdout.startswith("1 added, 0 updated, 0 unchanged, 0 removed, 1 failed in ")
    assert run.stdout.endswith("s; the archive holds 1 articles in 1 passages.\n")
    assert run.stderr == f"not read: {folder / 'bad.txt'}: it is binary, not text\n"
    assert sorted(path.name for path in folder.iterdir()) == ["a.txt", "bad.txt"]
    assert list(quotedesk.folder.iterdir()) == []  # it writes nowhere but into its home


def _long_line() -> bytes:
    return b'{"text": "' + b"x" * 50_000_000 + b'"}\n'


@pytest.mark.parametrize(
    ("name", "content", "reason"),
    [
        ("empty.txt", lambda: b"", "empty: it holds no text"),
        ("binary.txt", lambda: b"\x7fELF\x00\x01\x02\xff" * 999, "it is binary, not text"),
        ("broken.txt", lambda: b"caf\xe9 au lait", "it is not UTF-8 text (byte 3 is wrong): save it as UTF-8"),
        ("long.jsonl", _long_line, "the line is longer than 20,000,000 bytes: split the article"),
        ("folder", None, "no articles in this folder: it holds none of .txt, .md,"),
        ("missing", None, "no such file or folder"),
    ],
    ids=lambda value: value if isinstance(value, str) and len(value) < 20 else "",
)
def test_a_target_without_an_article_gives_one_line_that_names_it(quotedesk, write, name, content, reason):
    folder = write({name: content()} if content else {})
    if name == "folder":
        (folder / name).mkdir()
    run = quotedesk("index", str(folder / name), "--json")
    assert_refused(run, 1, str(folder / name), reason)
    assert run.json["failed"][0]["path"].startswith(str(folder / name))
    assert run.json["articles"] == 0


def test_bad_files_among_good_ones_lose_nothing_else(quotedesk, write):
    folder = write(
        {
            "a.txt": "Nine died in Tazirbu.",
            "empty.txt": b"",
            "binary.md": b"\x00",
            "broken.html": b"<p>caf\xe9</p>",
            "long.jsonl": _long_line() + b'{"text": "Ten fled Kufra."}\n{"text": 7}\n',
            "z.txt": "A court sat in Benghazi.",
        }
    )
    missing = str(folder / "missing.txt")
    run = quotedesk("index", str(folder), missing, "--json")
    assert (run.returncode, run.stderr) == (0, "")
    assert run.json["added"] == 3
    assert [Path(failure["path"]).name for failure in run.json["failed"]] == [
        "binary.md",
        "broken.html",
        "empty.txt",
        "long.jsonl:1",
        "long.jsonl:3",
        "missing.txt",
    ]
    status = quotedesk("status", "--json").json
    assert status["failed"] == sorted(run.json["failed"], key=lambda failure: failure["path"])


def test_several_bad_targets_are_counted_in_the_one_line(quotedesk, write):
    folder = write({"empty.txt": b"", "binary.txt": b"\x00"})
    run = quotedesk("index", str(folder / "empty.txt"), str(folder / "binary.txt"))
    assert_refused(run, 1, "empty.txt: empty: it holds no text (and 1 more: quotedesk status lists them)")


@pytest.mark.skipif(os.geteuid() == 0, reason="root can read every file")
def test_an_unreadable_file_gives_one_line_that_names_it(quotedesk, write):
    folder = write({"a.txt": "Nine died."})
    (folder / "a.txt").chmod(0)
    assert_refused(quotedesk("index", str(folder / "a.txt")), 1, "a.txt: Permission denied")


# ask -----------------------------------------------------------------------------------------------------------------


def test_ask_json_is_one_object_with_the_keys_of_the_contract(filled):
    run = filled("ask", WHO, "--json")
    assert (run.returncode, run.stderr, run.stdout.count("\n")) == (0, "", 1)
    answer = run.json
    assert list(answer) == ASK_KEYS
    assert (answer["question"], answer["query"], answer["status"]) == (WHO, WHO, "answered")
    assert answer["near"] == []
    assert answer["searched"] == {"articles": 18, "from": "2018-11-25", "to": "2018-11-28"}
    assert isinstance(answer["disagree"], bool)
    assert 0 < answer["seconds"] < 60
    assert [list(quote) for quote in answer["quotes"]] == [QUOTE_KEYS] * len(answer["quotes"])
    assert [list(found) for found in answer["answers"]] == [["text", "quotes", "sources", "attributed"]] * len(
        answer["answers"]
    )
    numbers = [quote["number"] for quote in answer["quotes"]]
    assert len(set(numbers)) == len(numbers)
    assert {number for found in answer["answers"] for number in found["quotes"]} == set(numbers)
    for number in numbers:
        assert f"[{number}]" in answer["text"]


def test_an_answer_that_is_not_found_is_no_failure_and_shows_what_came_closest(filled):
    run = filled("ask", CUP, "--json")
    assert run.returncode == 0
    assert (run.json["status"], run.json["answers"], run.json["quotes"]) == ("unanswered", [], [])
    assert [list(quote) for quote in run.json["near"]] == [QUOTE_KEYS] * len(run.json["near"])
    assert run.json["near"]


def test_ask_takes_every_option_of_the_contract(filled):
    words = ["--after", "Where is Kufra?", "--after", "What happened in Tazirbu?", "--from", "2018-11-28"]
    words += ["--to", "2018-11-28", "--source", "Quotedesk, after Asharq Al-Awsat", "--source", "nobody"]
    answer = filled("ask", "who was kidnapped there?", *words, "--asked", "2018-11-29", "--json").json
    assert answer["question"] == "who was kidnapped there?"
    assert answer["query"] == "who was kidnapped in Tazirbu?"
    assert answer["searched"] == {"articles": 3, "from": "2018-11-28", "to": "2018-11-28"}
    shown = answer["quotes"] + answer["near"]
    assert {quote["source"] for quote in shown} == {"Quotedesk, after Asharq Al-Awsat"}


def test_an_empty_home_is_filled_with_the_articles_that_ship_and_it_says_so(quotedesk):
    run = quotedesk("ask", WHO, "--json")
    assert (run.returncode, run.json["status"]) == (0, "answered")
    assert run.stderr == f"{quotedesk.home} is empty: indexing the articles that ship with Quotedesk.\n"
    assert quotedesk("ask", WHO, "--json").stderr == ""


def test_the_words_of_the_home_in_every_place(quotedesk, corpus_home, tmp_path):
    other = str(tmp_path / "other")
    after = quotedesk("status", "--json", "--home", str(corpus_home), QUOTEDESK_HOME=other)
    assert (after.json["home"], after.json["articles"]) == (str(corpus_home), 18)
    before = quotedesk("--home", str(corpus_home), "status", "--json", QUOTEDESK_HOME=other)
    assert before.json == after.json
    assert not (tmp_path / "other").exists()


ASKED = [
    {"question": WHO},
    {"question": CUP, "after": ["What happened?"], "from": "2018-11-25", "to": "2018-11-25"},
    {
        "question": "Where is\u2028Tazirbu?",
        "source": ["Quotedesk, after an unsigned Libyan report"],
        "asked": "2018-11-26",
    },
]


def test_many_questions_are_answered_in_order_one_a_line(filled):
    lines = "\ufeff" + "\n\n".join(json.dumps(asked, ensure_ascii=False) for asked in ASKED) + "\n"
    (filled.folder / "questions.jsonl").write_text(lines, "utf-8")
    run = filled("ask", "--file", "questions.jsonl", "--json")
    assert run.returncode == 0
    assert [list(answer) for answer in run.json_lines] == [ASK_KEYS] * 3
    assert [answer["question"] for answer in run.json_lines] == [WHO, CUP, "Where is Tazirbu?"]
    assert [answer["status"] for answer in run.json_lines[:2]] == ["answered", "unanswered"]
    assert run.json_lines[2]["searched"]["articles"] == 6


GOLDS = [{"question": WHO, "answers": ["eleven civilians"]}, {"question": CUP, "answers": []}]


def test_questions_with_known_answers_are_scored(filled):
    (filled.folder / "golds.jsonl").write_text("\n".join(map(json.dumps, GOLDS)))
    scores = filled("eval", "golds.jsonl", "--json").json
    assert (scores["questions"], scores["answerable"], scores["recall"]["10"]) == (2, 1, 1.0)
    assert (scores["quote_recall"], scores["abstention_precision"], scores["abstention_recall"]) == (1.0, 1.0, 1.0)
    plain = filled("eval", "golds.jsonl").stdout
    assert "2 questions, 1 of them with an answer\nrecall@1: " in plain
    assert "abstention recall: 100.0% of those without an answer are not answered" in plain


def test_a_file_without_answers_cannot_be_scored(filled):
    (filled.folder / "golds.jsonl").write_text(json.dumps({"question": WHO}))
    run = filled("eval", "golds.jsonl")
    assert (run.returncode, run.stdout) == (1, "")
    assert run.stderr == "quotedesk: golds.jsonl:1: answers None is not a list of texts, empty for no answer\n"


def test_questions_may_come_on_standard_input(filled):
    run = filled("ask", "--file", "-", stdin=json.dumps({"question": WHO}))
    assert (run.returncode, run.stderr) == (0, "")
    assert "\u00a0[1]" in run.stdout
    assert "\n\n[1] " in run.stdout
    assert ", 25 Nov 2018 · " in run.stdout


def test_progress_is_shown_on_standard_error_of_a_terminal_and_answers_on_standard_output(filled):
    lines = "\n".join(json.dumps({"question": question}) for question in (WHO, CUP))
    (filled.folder / "questions.jsonl").write_text(lines, "utf-8")
    ours, theirs = pty.openpty()  # a terminal, which keeps what is written until we read it
    fcntl.ioctl(theirs, termios.TIOCSWINSZ, struct.pack("HHHH", 24, 80, 0, 0))
    words = filled.command("ask", "--file", "questions.jsonl", "--json")
    done = subprocess.run(
        words, stdout=subprocess.PIPE, stderr=theirs, cwd=filled.folder, env=filled.environment(), check=True
    )
    shown = os.read(ours, 65536).decode() if select.select([ours], [], [], 1)[0] else ""
    os.close(ours)
    os.close(theirs)
    assert [json.loads(line)["question"] for line in done.stdout.decode().splitlines()] == [WHO, CUP]
    assert re.search(r"Answering: .*[012]/2 \[", shown)


@pytest.mark.parametrize(
    ("content", "said"),
    [
        ("", 'holds no question: write one {"question": "..."} a line'),
        ('{"question": "who?"}\n{"question": }', "questions.jsonl:2: Expecting value"),
        ('{"question": "who?", "form": "2018"}', "questions.jsonl:1: 'form' is not a field of a question"),
        ('{"question": "who?", "from": "soon"}', "questions.jsonl:1: from 'soon' is not a day: write it as 2018-11-25"),
        ("[" * 100_000, "questions.jsonl:1: "),
        ("\udcff", "questions.jsonl cannot be read: "),
    ],
    ids=["empty", "no JSON", "unknown field", "no day", "deep", "no UTF-8"],
)
def test_a_file_of_questions_that_is_wrong_is_refused_before_the_first_is_answered(filled, content, said):
    (filled.folder / "questions.jsonl").write_bytes(content.encode("utf-8", "surrogateescape"))
    run = filled("ask", "--file", "questions.jsonl", "--json")
    assert_refused(run, 1, said)
    assert run.stdout == ""


def test_a_missing_file_of_questions_is_named(filled):
    assert_refused(filled("ask", "--file", "none.jsonl"), 1, "none.jsonl cannot be read: No such file or directory")


# show and status -----------------------------------------------------------------------------------------------------


def test_show_prints_the_text_exactly_as_it_is_stored(quotedesk, write):
    text = "\ufeffOne\r\ntwo\rthree e\u0301 👍🏽 \u202eabc\u202c\u2028end\n\n"
    folder = write({"a.jsonl": json.dumps({"text": text, "title": "T", "source": "S", "published": "2018-11-25"})})
    quotedesk("index", str(folder))
    article_id = article(text, title="T", source="S", published=date(2018, 11, 25)).id
    stored = "One\ntwo\nthree e\u0301 👍🏽 \u202eabc\u202c\u2028end\n\n"
    shown = quotedesk("show", article_id)
    assert (shown.returncode, shown.stdout, shown.stderr) == (0, stored, "")
    as_json = quotedesk("show", article_id, "--json").json
    assert list(as_json) == SHOW_KEYS
    assert as_json == {
        "id": article_id,
        "text": stored,
        "title": "T",
        "source": "S",
        "url": None,
        "published": "2018-11-25",
        "authors": [],
    }


def test_status_of_a_filled_archive(filled, corpus_home):
    run = filled("status", "--json")
    assert (run.returncode, run.stderr) == (0, "")
    assert list(run.json) == STATUS_KEYS
    assert (run.json["home"], run.json["articles"], run.json["failed"]) == (str(corpus_home), 18, [])
    assert run.json["passages"] >= 18
    assert (run.json["from"], run.json["to"]) == ("2018-11-25", "2018-11-28")
    assert datetime.fromisoformat(run.json["changed"]).tzinfo
    assert sum(run.json["sources"].values()) == 18


def test_status_for_a_person(filled, corpus_home):
    plain = filled("status").stdout
    assert plain.startswith(f"{corpus_home}: 18 articles in ")
    assert "published 2018-11-25 to 2018-11-28\n" in plain
    assert "     6  Quotedesk, after an unsigned Libyan report\n" in plain


def test_status_of_an_empty_archive(quotedesk):
    run = quotedesk("status", "--json")
    assert run.json == {
        "home": str(quotedesk.home),
        "articles": 0,
        "passages": 0,
        "from": None,
        "to": None,
        "changed": None,
        "sources": {},
        "failed": [],
    }


# What is wrong with a call -------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("words", "said"),
    [
        ([], "the following arguments are required: COMMAND (see: quotedesk --help)"),
        (["aks"], "invalid choice: 'aks'"),
        (["index"], "the following arguments are required: PATH_OR_URL (see: quotedesk index --help)"),
        (["ask"], "give either a QUESTION or --file QUESTIONS.jsonl (see: quotedesk ask --help)"),
        (["ask", "who?", "--file", "q.jsonl"], "give either a QUESTION or --file QUESTIONS.jsonl"),
        (["ask", ""], "the question '' has no words: ask something"),
        (["ask", " ?! "], "the question '?!' has no words: ask something"),
        (["ask", "w" * 100_000], "the question has 100,000 characters: ask in at most 2,000"),
        (["ask", "who?", "--from", "25 Nov"], "argument --from: '25 Nov' is not a day: write it as 2018-11-25"),
        (["ask", "who?", "--to", "2018-02-30"], "argument --to: '2018-02-30' is not a day: write it as 2018-11-25"),
        (["ask", "who?", "--asked", "today"], "argument --asked: 'today' is not a day: write it as 2018-11-25"),
        (
            ["ask", "who?", "--from", "2018-12-01", "--to", "2018-11-01"],
            "no day is from 2018-12-01 to 2018-11-01: swap",
        ),
        (["ask", "who?", "--colour", "red"], "unrecognized arguments: --colour red"),
        (["show"], "the following arguments are required: ARTICLE_ID (see: quotedesk show --help)"),
        (["chat", "--port", "http"], "argument --port: 'http' is not a port: give one from 1 to 65535"),
        (["chat", "--port", "65536"], "argument --port: '65536' is not a port: give one from 1 to 65535"),
    ],
    ids=lambda value: " ".join(value)[:30] if isinstance(value, list) else "",
)
def test_wrong_words_exit_with_2_and_one_line_that_names_the_value_and_the_fix(quotedesk, words, said):
    run = quotedesk(*words)
    assert_refused(run, 2, said)
    assert run.stdout == ""
    assert not quotedesk.home.exists()


def test_help_needs_no_archive(quotedesk):
    for words in (["--help"], ["ask", "--help"]):
        run = quotedesk(*words)
        assert (run.returncode, run.stderr) == (0, "")
        assert run.stdout.startswith("usage: quotedesk ")
    assert not quotedesk.home.exists()


@pytest.mark.parametrize("article_id", ["nope", "\udcff"])
def test_an_unknown_article_is_named(filled, article_id):
    run = filled("show", article_id)
    assert_refused(run, 1, f"no article has the id {article_id!r}: `ask --json` gives the ids of those it quotes")


def test_words_that_are_no_text_are_read_as_far_as_they_are(filled):
    run = filled("ask", "\udcff who was kidnapped in Tazirbu", "--source", "\udcff", "--json")
    assert (run.returncode, run.stderr) == (0, "")
    assert run.json["question"] == "\ufffd who was kidnapped in Tazirbu"
    assert run.json["searched"]["articles"] == 0


def test_an_unknown_setting_is_named_with_its_place(quotedesk):
    quotedesk.home.mkdir()
    file = quotedesk.home / "quotedesk.toml"
    file.write_text('colour = "red"\n')
    assert_refused(quotedesk("status"), 1, f"{file}: colour = 'red': there is no such setting (settings: home, host,")
    file.write_text("port = \n")
    assert_refused(quotedesk("status"), 1, f"{file} cannot be read: Invalid value")
    file.unlink()
    run = quotedesk("status", QUOTEDESK_COLOUR="red")
    assert_refused(run, 1, "QUOTEDESK_COLOUR = 'red': there is no such setting (settings: home, host,")


def test_a_home_that_is_a_file_is_named(quotedesk, tmp_path):
    (tmp_path / "file").write_text("mine")
    run = quotedesk("status", "--home", str(tmp_path / "file"))
    assert_refused(run, 1, f"{tmp_path / 'file'} cannot be the home (File exists): give another (QUOTEDESK_HOME)")
    assert (tmp_path / "file").read_text() == "mine"


def test_a_damaged_home_is_named_with_what_to_do(quotedesk):
    quotedesk.home.mkdir()
    damaged = quotedesk.home / "articles.sqlite3"
    damaged.write_bytes(b"no database" * 999)
    run = quotedesk("ask", "who died?")
    assert_refused(run, 1, f"{damaged} cannot be used (file is not a database): free the disk or use another home")
    damaged.unlink()
    (quotedesk.home / "chroma").mkdir(exist_ok=True)
    (quotedesk.home / "chroma" / "chroma.sqlite3").write_bytes(b"no database" * 999)
    run = quotedesk("ask", "who died?")
    assert_refused(run, 1, f"the vectors in {quotedesk.home / 'chroma'} cannot be used: delete that folder and run")


def test_a_chroma_server_that_does_not_answer_is_named(quotedesk):
    run = quotedesk("status", QUOTEDESK_CHROMA_URL="http://127.0.0.1:1")
    assert_refused(run, 1, "no Chroma server answers at http://127.0.0.1:1: start it, or correct chroma_url")


def test_a_reader_that_stops_reading_is_no_failure(quotedesk, write):
    short, long = "Ten fled Kufra.", "Nine died in Tazirbu.\n" + "x" * 200_000
    quotedesk("index", str(write({"a.txt": short, "b.txt": long})))
    for text, wanted in ((short, 0), (long, 10)):
        with subprocess.Popen(
            quotedesk.command("show", article(text).id),
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            cwd=quotedesk.folder,
            env=quotedesk.environment(PYTHONUNBUFFERED=""),  # as most people have it
        ) as process:
            assert process.stdout
            assert process.stderr
            assert process.stdout.read(wanted) == text[:wanted].encode()
            process.stdout.close()
            assert process.stderr.read() == b""
        assert process.returncode == 0


def test_the_traceback_is_there_for_those_who_ask_for_it(quotedesk):
    run = quotedesk("show", "nope", PYTHONDEVMODE="1")
    assert run.returncode == 1
    assert "UnknownArticleError: no article has the id 'nope'" in run.stderr
