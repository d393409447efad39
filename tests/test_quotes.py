"""Promise 1: every quote is exact. `article.text[start:end] == quote.text`, for any text, whenever it is shown."""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import replace
from datetime import date
from itertools import count
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from bot.answer import Answer, Finding, Question, Quote
from bot.desk import Desk
from bot.question import QuestionError
from bot.reader import Findings, ReadPassage, Told
from bot.sentence_reader import SentenceReader
from index.archive import Archive
from index.article import Article, article
from index.catalogue import Coverage
from index.embedder import MiniLM
from index.ingest import ingest
from tests.conftest import CommandLine
from tests.texts import FAMILY, texts

# Files as they are found: (ending, text). A lone half of a surrogate pair can stand in JSON only.
_files = st.lists(st.tuples(st.sampled_from([".txt", ".md", ".html", ".16.txt"]), texts), max_size=3)
_lines = st.lists(
    st.fixed_dictionaries(
        {"text": texts},
        optional={"title": texts, "source": texts, "published": st.sampled_from(["2018-11-25", "2015/02/17"])},
    ),
    min_size=1,
    max_size=4,
)


def written(folder: Path, files: Sequence[tuple[str, str]], lines: Sequence[dict[str, str]]) -> Path:
    folder.mkdir()
    for number, (ending, text) in enumerate(files):
        encoding = "utf-16" if ending.startswith(".16") else "utf-8"
        content = f"<html><body><article><p>{text}</p></article></body></html>" if ending == ".html" else text
        (folder / f"{number}{ending}").write_bytes(content.encode(encoding, "replace"))
    if lines:
        (folder / "lines.jsonl").write_text("\n".join(map(json.dumps, lines)), "utf-8")
    return folder


def questions(files: Sequence[tuple[str, str]], lines: Sequence[dict[str, str]]) -> list[str]:
    """A question that any archive may get, and the first words of each text."""
    return ["Who was kidnapped in Tazirbu?", *(text[:60] for _, text in files), *(line["text"][:60] for line in lines)]


def assert_exact(desk: Desk, answer: Answer) -> None:
    """Every quote stands word for word in its article, and every answer word for word in one of its quotes."""
    for quote in (*answer.quotes, *answer.near):
        stored = desk.article(quote.article_id)
        assert quote.text
        assert stored.text[quote.start : quote.end] == quote.text
        assert (quote.title, quote.source, quote.published) == (stored.title, stored.source, stored.published)
    by_number = {quote.number: quote.text for quote in answer.quotes}
    assert len(by_number) == len(answer.quotes)
    for finding in answer.answers:
        assert finding.quotes
        assert any(finding.text in by_number[number] for number in finding.quotes)
    assert (answer.status == "answered") == bool(answer.answers)


class Watched(Desk):
    """A desk that fails when its check at the end has anything to take out: the parts before it must be exact too."""

    def verified(self, answer: Answer) -> Answer:
        checked = super().verified(answer)
        assert checked == answer
        return checked


def test_every_quote_of_every_answer_stands_in_its_article_whatever_the_archive_holds(
    tmp_path: Path, embedder: MiniLM
) -> None:
    shown: Counter[str] = Counter()
    numbers = count()

    @settings(max_examples=60, suppress_health_check=[HealthCheck.too_slow, HealthCheck.data_too_large])
    @given(_files, _lines)
    def holds(files: list[tuple[str, str]], lines: list[dict[str, str]]) -> None:
        folder = written(tmp_path / f"articles-{next(numbers)}", files, lines)
        with Watched(Archive(tmp_path / f"home-{next(numbers)}", embedder=embedder)) as desk:
            report = desk.add([str(folder)])
            shown["articles"] += report.articles
            for text in questions(files, lines):
                try:
                    answer = desk.ask(Question(text))
                except QuestionError:
                    continue
                assert_exact(desk, answer)
                shown["quotes"] += len(answer.quotes)
                shown["near"] += len(answer.near)

    holds()
    assert min(shown["articles"], shown["quotes"], shown["near"]) > 50, shown


NASTY = [
    {
        "text": f"\ufeffThe family {FAMILY} of Tazirbu\r\nwas kidnapped.\rNine \u200bmen e\u0301te\u0301 fled.",
        "title": "A\r\nB",
    },
    {"text": "اختطف المسلحون عشرة من رجال الشرطة في Tazirbu.\x00 من اختطف؟ \u202eabc\u202c", "source": "الوسط"},
    {
        "text": "\ud83d\ude00 kidnapped \ud83d in Tazirbu\u2028and \x1b[31mred\x1b[0m ones too.\x0b\x0c End."
        + " x" * 5_000
    },
]


def test_what_show_prints_holds_every_quote_of_ask_byte_for_byte(quotedesk: CommandLine) -> None:
    (quotedesk.folder / "nasty.jsonl").write_text("\n".join(map(json.dumps, NASTY)), "utf-8")
    assert quotedesk("index", "nasty.jsonl", "--json").json["added"] == 3
    asked = [
        {"question": "Who was kidnapped in Tazirbu?"},
        {"question": "Which ones were red?"},
        {"question": "من اختطف؟"},
    ]
    answers = quotedesk("ask", "--file", "-", "--json", stdin="\n".join(map(json.dumps, asked))).json_lines
    quotes = [quote for answer in answers for quote in answer["quotes"] + answer["near"]]
    texts_by_id = {name: quotedesk("show", name).stdout for name in {quote["article_id"] for quote in quotes}}
    assert len(texts_by_id) == 3
    for quote in quotes:
        assert texts_by_id[quote["article_id"]][quote["start"] : quote["end"]] == quote["text"]


HERALD = article("Nine policemen were killed in Tazirbu on Sunday.", source="Herald", url="http://herald.test/1")
POST = article(
    "In Tazirbu, nine policemen were killed.", source="Post", url="http://post.test/1", published=date(2018, 11, 25)
)


@pytest.fixture
def put(archive: Archive, write: Callable[..., Path]) -> Callable[..., None]:
    """Store an article as it is now."""

    def stored(*articles: Article) -> None:
        names = ("text", "url", "source")
        lines = [json.dumps({name: getattr(one, name) for name in names}) for one in articles]
        ingest(archive, [str(write({"a.jsonl": "\n".join(lines)}) / "a.jsonl")])

    return stored


def answer_from(*articles: Article) -> Answer:
    """An answer with one quote, the whole text, of each article."""
    quotes = tuple(Quote.of(one, 0, len(one.text), number) for number, one in enumerate(articles, 1))
    findings = tuple(Finding(quote.text, (quote.number,), 1) for quote in quotes)
    return Answer("q", "q", "answered", "text", findings, quotes, (), Coverage(2, None, None), disagree=True)


def test_an_answer_whose_articles_are_as_they_were_is_shown_as_it_is(archive, put):
    put(HERALD, POST)
    answer = answer_from(HERALD, POST)
    assert Desk(archive).verified(answer) is answer


@pytest.mark.parametrize("change", ["edited", "removed"])
def test_a_quote_whose_article_has_changed_since_is_not_shown(archive, put, change):
    put(HERALD, POST)
    desk = Desk(archive)
    answer = answer_from(HERALD, POST)
    put(*([replace(HERALD, text="Nine policemen died."), POST] if change == "edited" else [POST]))
    left = desk.verified(answer)
    assert [quote.number for quote in left.quotes] == [2]
    assert [finding.text for finding in left.answers] == [POST.text]
    assert left.status == "answered"
    assert HERALD.text not in left.text
    assert f"“{POST.text}”\u00a0[2]" in left.text


def test_an_answer_of_which_nothing_is_left_is_none(archive, put):
    put(HERALD, POST)
    desk = Desk(archive)
    answer = answer_from(HERALD, POST)
    put(replace(HERALD, text="All is quiet."), replace(POST, text="All was quiet."))
    left = desk.verified(answer)
    assert (left.status, left.answers, left.quotes, left.near, left.disagree) == ("unanswered", (), (), (), False)
    assert left.text == "Not found in the 2 articles searched."


def test_the_closest_passages_are_checked_too(archive, put):
    put(HERALD, POST)
    desk = Desk(archive)
    quotes = answer_from(HERALD, POST).quotes
    answer = replace(answer_from(), status="unanswered", near=quotes, text="Not found. The closest passages:")
    put(HERALD)
    left = desk.verified(answer)
    assert left.status == "unanswered"
    assert left.near == quotes[:1]


def test_a_quote_moved_by_one_code_point_is_not_shown(archive, put):
    put(HERALD)
    desk = Desk(archive)
    quote = Quote.of(HERALD, 0, 4, 1)
    for wrong in (
        replace(quote, start=1, end=5),
        replace(quote, text="nine"),
        replace(quote, end=5),
        replace(quote, start=-48, end=-44),
        replace(quote, article_id="nope"),
        replace(quote, start=4, end=4, text=""),
    ):
        answer = replace(answer_from(), quotes=(wrong,), answers=(Finding("Nine", (1,), 1),))
        assert desk.verified(answer).quotes == ()


def test_when_one_of_two_sources_falls_away_only_the_other_is_counted(archive, put):
    put(HERALD, POST)
    desk = Desk(archive)
    both = (Finding("killed", (1, 2), 2),)
    answer = replace(answer_from(HERALD, POST), answers=both)
    put(POST)
    assert desk.verified(answer).answers == (Finding("killed", (2,), 1),)


class Meddled:
    """The real reader, with something else happening to the archive while it reads."""

    def __init__(self, archive: Archive, meddle: Callable[[], None]) -> None:
        self._reader, self._meddle = SentenceReader(archive), meddle

    def read(self, query: str, passages: Sequence[ReadPassage], told: Told) -> Findings:
        findings = self._reader.read(query, passages, told)
        self._meddle()
        return replace(findings, threshold=0.0)  # whatever it finds is given as an answer


def test_an_article_that_is_edited_while_the_question_is_answered_is_not_quoted_as_it_was(archive, put):
    put(HERALD, POST)
    desk = Desk(archive, reader=Meddled(archive, lambda: put(replace(HERALD, text="Nobody died in Tazirbu."), POST)))
    answer = desk.ask(Question("Who was killed in Tazirbu?"))
    assert {quote.text for quote in (*answer.quotes, *answer.near)} == {POST.text}
    assert_exact(desk, answer)


def test_an_article_that_is_removed_while_the_question_is_answered_is_not_quoted(archive, put):
    put(HERALD, POST)
    desk = Desk(archive, reader=Meddled(archive, lambda: put(POST)))
    answer = desk.ask(Question("Who was killed in Tazirbu?"))
    assert {quote.text for quote in (*answer.quotes, *answer.near)} == {POST.text}
