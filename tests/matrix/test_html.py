"""Matrix's HTML and its plain text: what they say, and that nothing an article says becomes markup."""

from __future__ import annotations

from dataclasses import replace
from datetime import date
from html.parser import HTMLParser

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.answer import Answer, Finding, Quote
from index.article import Article
from tests.payloads import PAYLOADS
from tests.test_markdown import AGAIN, COURIER, COVERED, HERALD, answer
from ui.matrix.html import MAX_BYTES, Message, answered, passage, plain
from ui.shown import inert
from ui.source import CHECKED, Place

OURS = {"p", "blockquote", "strong", "em", "a", "br"}
HOW = "Was this useful? React with 👍 or 👎. Reply with a number, such as 1, to read around that quote."


class Read(HTMLParser):
    """What a client makes of HTML: its text, its tags, its links, and what is bold."""

    def __init__(self, markup: str) -> None:
        super().__init__()
        self.text, self.bold = "", ""
        self.tags: list[str] = []
        self.attributes: list[tuple[str, str | None]] = []
        self._open: list[str] = []
        self.feed(markup)
        self.close()
        assert not self._open, f"never closed: {self._open}"

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.append(tag)
        self.attributes += attrs
        if tag == "br":
            self.text += "\n"
        else:
            self._open.append(tag)

    def handle_endtag(self, tag: str) -> None:
        assert self._open.pop() == tag

    def handle_data(self, data: str) -> None:
        self.text += data
        self.bold += data if "strong" in self._open else ""

    def handle_comment(self, data: str) -> None:
        self.tags.append("<!-- -->")

    def handle_decl(self, decl: str) -> None:
        self.tags.append("<!>")

    def handle_pi(self, data: str) -> None:
        self.tags.append("<?>")


def saying(text: str, url: str | None = None, label: str = "Herald") -> Quote:
    return Quote(1, text, "a1", 0, len(text), label, label, date(2024, 3, 2), url)


def found(*quotes: Quote, findings: tuple[Finding, ...] = ()) -> Answer:
    findings = findings or tuple(Finding(quote.text, (quote.number,), 1) for quote in quotes)
    return Answer("how much?", "how much?", "answered", "", findings, quotes, (), COVERED)


# What is said --------------------------------------------------------------------------------------------------------


def test_an_answer_has_its_quotes_who_says_so_when_and_what_can_be_done_with_it() -> None:
    message = answered(answer(Finding("four million", (1, 2, 3), 2, "She")))
    assert message.body.split("\n") == [
        "four million, she",
        "“It cost four million, she said.”",
        "[1] [3] Herald, 2 Mar 2024 · [2] Courier, undated · 2 independent sources",
        "",
        "From the 12 articles searched, dated 1 Mar 2024 to 9 Mar 2024",
        "",
        HOW,
    ]
    assert message.html == (
        "<p><strong>four million</strong>, she</p>"
        "<blockquote><p>“It cost <strong>four million</strong>, she said.”</p>"
        "<p>[1] [3] Herald, 2 Mar 2024 · [2] Courier, undated · 2 independent sources</p></blockquote>"
        "<p><em>From the 12 articles searched, dated 1 Mar 2024 to 9 Mar 2024</em></p>"
        f"<p><em>{HOW}</em></p>"
    )


def test_the_number_of_a_quote_is_the_link_to_its_article() -> None:
    message = answered(found(saying("It cost four million.", "https://herald.example/bridge?a=1&b=2")))
    assert '<a href="https://herald.example/bridge?a=1&amp;b=2">[1]</a> Herald, 2 Mar 2024' in message.html
    assert "[1] Herald, 2 Mar 2024 (https://herald.example/bridge?a=1&b=2)" in message.body


@pytest.mark.parametrize(
    "url",
    [
        "javascript:alert(1)",
        "ftp://herald.example/a",
        "//herald.example/a",
        "https://",
        "https://[",
        "https://herald.example/a b",
        "https://herald.example/\u202eabc",
        "https://herald.example/" + "a" * 3_000,
    ],
)
def test_what_is_no_page_s_address_is_no_link(url: str) -> None:
    message = answered(found(saying("It cost four million.", url)))
    assert "a" not in Read(message.html).tags
    assert "[1] Herald, 2 Mar 2024\n" in message.body


def test_not_found_is_said_with_the_closest_passages() -> None:
    said = Read(answered(answer(near=(COURIER,), query="how much? really?")).html)
    assert said.text.startswith("Not found in the 12 articles searched, dated 1 Mar 2024 to 9 Mar 2024.")
    assert (
        "The closest passages, which may not answer the question:“Repairs cost four million.”[2] Courier" in said.text
    )
    assert "Searched for: how much? really?" in said.text
    assert "such as 2, to read around that quote" in said.text


def test_nothing_to_read_around_is_offered_where_there_is_nothing() -> None:
    assert answered(answer()).body.endswith("\n\nWas this useful? React with 👍 or 👎.")


def test_disagreement_is_said_first() -> None:
    nine, ten = Finding("four million", (1,), 1), Finding("Repairs", (2,), 1)
    message = answered(answer(nine, ten, disagree=True))
    assert message.html.startswith("<p><strong>The sources disagree</strong>: four million (Herald, 2 Mar 2024) · ")


# What an article says is text ----------------------------------------------------------------------------------------


@given(st.text(max_size=60) | st.sampled_from(PAYLOADS), st.text(max_size=20) | st.sampled_from(PAYLOADS))
def test_a_client_reads_every_word_of_a_quote_and_no_markup_of_its(text: str, label: str) -> None:
    text = f"x{text} four million {text}x".replace("\r", "")
    quote = saying(text, label, label)
    for made in (found(quote, findings=(Finding("four million", (1,), 1, text),)), replace(answer(), near=(quote,))):
        message = answered(made)
        said = Read(message.html)
        assert set(said.tags) <= OURS
        assert f"“{inert(text)}”" in message.body
        if "\x00" not in text:  # which no stored article has
            assert f"“{inert(text)}”" in said.text
        assert [(name, value) for name, value in said.attributes if name != "href"] == []


@pytest.mark.parametrize("payload", PAYLOADS)
def test_whatever_an_article_says_the_markup_is_ours(payload: str) -> None:
    text = f"{payload} or four million {payload}"
    hostile = saying(text, payload, payload)
    made = Answer(
        payload, f"{payload}?", "answered", payload, (Finding("four million", (1,), 1),), (hostile,), (), COVERED
    )
    article = Article("a1", text, payload, payload, payload, None)
    for message in (answered(made), passage(article, Place.of(hostile)), plain(payload)):
        said = Read(message.html)
        assert set(said.tags) <= OURS
        assert said.attributes == []
    assert "four million" in Read(answered(made).html).bold


# Size ----------------------------------------------------------------------------------------------------------------


def long(number: int, text: str) -> Quote:
    return Quote(number, text, f"a{number}", 0, len(text), "Bridge", "Herald", None, None)


@pytest.mark.parametrize("letter", ["e", "é", "ع", "😀", "<", '"'])
def test_a_message_that_is_full_leaves_out_the_last_quotations_whole_and_says_how_many(letter: str) -> None:
    quotes = [long(number, f"{number} " + letter * 600) for number in range(1, 31)]
    message = answered(found(*quotes))
    assert message.size <= MAX_BYTES
    shown = [quote for quote in quotes if quote.text in Read(message.html).text]
    assert 0 < len(shown) < 30
    assert shown == quotes[: len(shown)]
    assert all(quote.text in message.body for quote in shown)
    gone = 30 - len(shown)
    assert f"This message is full: {gone} more quotations are left out." in message.body
    assert f"({len(shown) + 1} to 30)" in message.body
    assert message.body.endswith(HOW)


def test_a_quote_that_is_no_message_is_left_out_and_not_cut() -> None:
    quote = long(1, "e" * MAX_BYTES)
    message = answered(found(quote))
    assert "eee" not in message.body + message.html
    assert "1 more quotation is left out. Reply with the number (1) to read one in its article." in message.body
    around = passage(Article("a1", quote.text, "Bridge", "Herald"), Place.of(quote))
    assert "This quote is too long to be shown in a message of Matrix." in around.body


def test_a_question_that_would_fill_the_message_is_cut_in_what_is_said_of_it() -> None:
    made = replace(answer(Finding("four million", (1,), 1)), query="& 😀" * 700)
    message = answered(made)
    assert message.size <= MAX_BYTES
    assert "…" in message.body
    assert HERALD.text in message.body


# The article ---------------------------------------------------------------------------------------------------------

TEXT = "First.\n\nSecond, before.\n\nThird. It cost four million, she said. More.\n\nFourth, after.\n\nFifth."
WORDS = "It cost four million, she said."
ARTICLE = Article("a1", TEXT, "Bridge", "Herald", "https://herald.example/bridge", date(2024, 3, 2))


def place(text: str, words: str) -> Place:
    start = text.index(words)
    return Place.of(Quote(1, words, "a1", start, start + len(words), "", "", None, None))


def test_a_quote_is_shown_in_its_paragraph_between_the_one_before_and_the_one_after() -> None:
    message = passage(ARTICLE, place(TEXT, WORDS))
    assert message.html == (
        '<p><strong>Bridge</strong><br><a href="https://herald.example/bridge">Herald, 2 Mar 2024</a></p>'
        "<blockquote><p>Second, before.</p>"
        f"<p>Third. <strong>{WORDS}</strong> More.</p><p>Fourth, after.</p></blockquote>"
        f"<p><em>{CHECKED.format('bold')}</em></p>"
    )
    assert f"Second, before.\n\nThird. >>{WORDS}<< More.\n\nFourth, after.\n\nChecked just now" in message.body


@pytest.mark.parametrize(
    ("words", "first", "last"), [("First.", "First.", "Second, before."), ("Fifth.", "Fourth, after.", "Fifth.")]
)
def test_at_the_ends_of_an_article_there_is_only_what_there_is(words: str, first: str, last: str) -> None:
    text = passage(ARTICLE, place(TEXT, words)).body.split("\n\n", 1)[1].replace(">>", "").replace("<<", "")
    assert text.startswith(first)
    assert text.split("\n\nChecked")[0].endswith(last)


def test_paragraphs_may_be_single_lines() -> None:
    text = TEXT.replace("\n\n", "\n")
    assert "First." not in passage(replace_text(text), place(text, WORDS)).body
    assert "Second, before." in passage(replace_text(text), place(text, WORDS)).body


def replace_text(text: str) -> Article:
    return replace(ARTICLE, text=text)


def test_of_an_article_without_paragraphs_only_what_is_near_is_shown() -> None:
    text = f"begin {'word ' * 5_000}{WORDS} {'word ' * 5_000}end"
    message = passage(replace_text(text), place(text, WORDS))
    assert f"word >>{WORDS}<< word" in message.body
    assert "… word" in message.body and "word …" in message.body
    assert message.size < MAX_BYTES


def test_a_quote_that_no_longer_stands_there_is_not_shown_as_if_it_did() -> None:
    changed = replace_text(TEXT.replace("four", "five"))
    message = passage(changed, place(TEXT, WORDS))
    assert "no longer stands in the article" in message.body
    assert "million" not in message.body + message.html


def test_plain_words_keep_their_lines() -> None:
    assert plain("a < b\nc") == Message("a < b\nc", "<p>a &lt; b<br>c</p>")
    assert AGAIN.text in answered(found(AGAIN)).body
