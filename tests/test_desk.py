"""bot.desk: from a question to an answer in quotes, over the articles that ship and over the scraped originals."""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import replace
from datetime import date, datetime
from pathlib import Path

import pytest

from bot.admission import Admission, TooManyQuestionsError
from bot.answer import Answer, Asker, Mentions, Question, Quote, Reading, Respelling, Searching, Waiting
from bot.desk import Desk
from bot.feedback import Feedback, FeedbackLog
from bot.question import QuestionError
from index.archive import Archive
from index.article import Scope
from index.catalogue import UnknownArticleError
from index.embedder import MiniLM
from tests.conftest import ORIGINALS
from tests.test_quotes import assert_exact

WHO = ["who was kidnapped in Tazirbu", "Who was abducted in Tazerbo?"]
UNRELATED = [
    "Who won the 2018 World Cup?",
    "What is the capital of France?",
    "How many people live in Tokyo?",
    "Who wrote Hamlet?",
    "When was the first iPhone released?",
    "What did the central bank decide about interest rates?",
]
ASKER = Asker("matrix", "@ann:x")
NOV_25, NOV_28 = date(2018, 11, 25), date(2018, 11, 28)


@pytest.fixture(scope="module")
def originals(tmp_path_factory: pytest.TempPathFactory, embedder: MiniLM) -> Iterator[Desk]:
    """A desk over the five scraped articles."""
    if not ORIGINALS.is_dir():
        pytest.skip(f"the scraped articles are not here ({ORIGINALS}): they may be tested with but not shipped")
    with Desk(Archive(tmp_path_factory.mktemp("originals") / "home", embedder=embedder)) as desk:
        assert desk.add([str(ORIGINALS)]).added == 5
        yield desk


@pytest.fixture
def told(archive: Archive, write: Callable[..., Path]) -> Callable[..., Desk]:
    """A desk over articles given as (outlet, day, text)."""

    def desk(*articles: tuple[str, str, str]) -> Desk:
        lines = [{"source": source, "published": day, "text": text} for source, day, text in articles]
        made = Desk(archive)
        made.add([str(write({"a.jsonl": "\n".join(map(json.dumps, lines))}))])
        return made

    return desk


def shown(answer: Answer) -> str:
    return "\n".join(quote.text for quote in answer.quotes)


def assert_names_the_kidnapped(answer: Answer) -> None:
    assert answer.status == "answered"
    assert "al-Snoussi" in shown(answer)
    assert "brothers" in shown(answer)
    assert "Mohammed Hassan Khairallah" in shown(answer)
    assert re.search("deputy", shown(answer))
    assert re.search(r"\b(11|eleven) (civilians|people)", shown(answer))


# Who was kidnapped ---------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("question", WHO)
def test_the_quotes_name_everyone_who_was_kidnapped(desk, question):
    assert_names_the_kidnapped(desk.ask(Question(question)))


@pytest.mark.parametrize("question", WHO)
def test_the_quotes_from_the_scraped_articles_name_everyone_who_was_kidnapped(originals, question):
    assert_names_the_kidnapped(originals.ask(Question(question)))


@pytest.mark.parametrize("question", WHO)
def test_every_quote_says_which_article_of_which_outlet_on_which_day(desk, question):
    answer = desk.ask(Question(question))
    assert answer.quotes
    for quote in answer.quotes:
        assert quote.title.strip()
        assert quote.source.startswith("Quotedesk, after ")
        assert quote.published in (NOV_25, NOV_28)
    assert_exact(desk, answer)


def test_the_scraped_articles_have_a_source_and_where_they_state_it_a_day(originals):
    answer = originals.ask(Question(WHO[0]))
    first = [quote for quote in answer.quotes if quote.source == "000_74e79ff759e3900b.txt"]
    assert {quote.published for quote in first} == {NOV_25}
    assert_exact(originals, answer)


def test_the_answer_is_made_of_words_of_its_quotes_and_carries_their_numbers(desk):
    for question in WHO:
        answer = desk.ask(Question(question))
        quotes = {quote.number: quote for quote in answer.quotes}
        assert list(quotes) == list(range(1, len(quotes) + 1))
        for finding in answer.answers:
            assert any(finding.text in quotes[number].text for number in finding.quotes)
            assert finding.sources <= len({quotes[number].source for number in finding.quotes})
            assert " ".join(finding.text.split()) in answer.text
        for number in quotes:
            assert f"[{number}]" in answer.text


# What it does not know -----------------------------------------------------------------------------------------------


@pytest.mark.parametrize("question", UNRELATED)
def test_a_question_about_something_else_is_unanswered_and_shows_the_closest_passages(desk, question):
    answer = desk.ask(Question(question))
    assert (answer.status, answer.answers, answer.quotes, answer.disagree) == ("unanswered", (), (), False)
    assert answer.near
    assert "18 articles" in answer.text
    assert "2018-11-25 to 2018-11-28" in answer.text
    assert_exact(desk, answer)


@pytest.mark.parametrize("question", UNRELATED)
def test_the_scraped_articles_do_not_answer_it_either(originals, question):
    answer = originals.ask(Question(question))
    assert (answer.status, answer.quotes) == ("unanswered", ())
    assert answer.near


def test_an_empty_archive_answers_nothing(archive):
    answer = Desk(archive).ask(Question("who?"))
    assert (answer.status, answer.quotes, answer.near) == ("unanswered", (), ())
    assert (answer.searched.articles, answer.text) == (0, "Not found in the 0 articles searched.")


@pytest.mark.parametrize("text", ["", "?!", "w" * 100_000])
def test_what_is_no_question_is_refused(desk, text):
    with pytest.raises(QuestionError):
        desk.ask(Question(text))


# Which articles may answer -------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("scope", "articles", "days", "sources"),
    [
        (Scope(start=NOV_28), 12, {NOV_28, None}, None),
        (Scope(end=NOV_25), 15, {NOV_25, None}, None),
        (Scope(start=date(2030, 1, 1)), 9, {None}, None),
        (
            Scope(NOV_25, NOV_25, ("quotedesk, after an unsigned LIBYAN report",)),
            6,
            {NOV_25},
            {"unsigned Libyan report"},
        ),
        (Scope(sources=("Quotedesk, after Asharq Al-Awsat", "nobody")), 3, {NOV_28}, {"Asharq Al-Awsat"}),
    ],
    ids=["from", "to", "none dated", "day and source", "source"],
)
def test_only_articles_inside_the_scope_answer_and_undated_ones_are_always_inside_the_dates(
    desk, scope, articles, days, sources
):
    for question in (*WHO, UNRELATED[0]):
        answer = desk.ask(Question(question, scope=scope))
        quotes = answer.quotes + answer.near
        assert answer.searched.articles == articles
        assert quotes
        assert {quote.published for quote in quotes} <= days
        assert sources is None or all(any(name in quote.source for name in sources) for quote in quotes)


def test_a_source_that_is_not_there_leaves_nothing_to_answer_from(desk):
    answer = desk.ask(Question(WHO[0], scope=Scope(sources=("The Moon Times",))))
    assert (answer.status, answer.near, answer.searched.articles) == ("unanswered", (), 0)


# Conversations -------------------------------------------------------------------------------------------------------


def test_a_follow_up_is_searched_for_as_a_question_that_stands_alone(desk):
    answer = desk.ask(Question("and who was kidnapped there?", after=("what happened in Tazirbu?",)))
    assert answer.question == "and who was kidnapped there?"
    assert "Tazirbu" in answer.query
    assert answer.status == "answered"
    assert "al-Snoussi" in shown(answer)


def test_a_pronoun_takes_the_name_that_the_last_question_was_answered_with(desk):
    earlier = "Who is the Libyan ambassador to France?"
    answer = desk.ask(Question("And what did he call it?", after=("  ??", earlier)))
    assert answer.query == "what did Chibani Abu Hamoud call it?"
    desk.ask(Question(earlier))
    assert desk.ask(Question("And what did he call it?", after=(earlier,))).query == answer.query


def test_a_question_that_stands_alone_does_not_change_with_what_was_asked_before(desk):
    alone = desk.ask(Question("Who is the Libyan ambassador to France?"))
    later = desk.ask(Question("Who is the Libyan ambassador to France?", after=("what happened in Tazirbu?",)))
    assert replace(later, seconds=0) == replace(alone, seconds=0)
    assert "Chibani Abu Hamoud" in shown(alone)


# Who says so ---------------------------------------------------------------------------------------------------------

HERALD = ("Herald", "2018-11-25", "Nine policemen were killed in the attack on Tazirbu, the army said.")
POST = ("Post", "2018-11-26", "In the attack on Tazirbu, nine policemen were killed.")
KILLED = Question("How many policemen were killed in the attack on Tazirbu?", asked=date(2018, 11, 27))


def test_outlets_that_say_the_same_in_their_own_words_are_counted_once_each(told):
    again = ("Herald", "2018-11-27", "The attack on Tazirbu, in which nine policemen were killed, is over.")
    answer = told(HERALD, POST, again).ask(KILLED)
    assert [finding.sources for finding in answer.answers] == [2]
    assert {quote.source for quote in answer.quotes} == {"Herald", "Post"}
    assert not answer.disagree


@pytest.mark.parametrize(("when", "number"), [("before", "Eight"), ("after", "Ten")])
def test_a_question_may_say_its_days_by_an_event_whose_day_the_articles_tell(told, when, number):
    desk = told(
        ("Herald", "2018-11-28", "The attack on Tazirbu was on 25 November 2018."),
        ("Post", "2018-05-04", "Eight policemen were killed in Kufra on 3 May 2018."),
        ("Post", "2018-12-03", "Ten policemen were killed in Kufra on 2 December 2018."),
    )
    answer = desk.ask(Question(f"How many policemen were killed in Kufra {when} the attack on Tazirbu?"))
    assert [finding.text for finding in answer.answers] == [number]


def test_numbers_that_exclude_each_other_are_said_to_disagree_the_newest_first(told):
    desk = told(
        ("Herald", "2018-11-25", "Nine policemen were killed in Kufra on Sunday."),
        ("Post", "2018-11-24", "Eight policemen were killed in Kufra on Sunday."),
        ("Echo", "2018-11-26", "At least 9 policemen were killed in Kufra on Sunday."),
    )
    answer = desk.ask(Question("How many policemen were killed in Kufra?"))
    assert answer.disagree
    assert [(finding.text, finding.sources) for finding in answer.answers][1] == ("Eight", 1)
    assert answer.answers[0].sources == 2


def test_reprints_of_one_story_are_one_source(told):
    reprints = [(outlet, day, HERALD[2]) for outlet, day in (("Post", "2018-11-26"), ("Echo", "2018-11-26"))]
    answer = told(HERALD, *reprints).ask(KILLED)
    assert [finding.sources for finding in answer.answers] == [1]


# What is not there ---------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("question", "absent"),
    [
        ("Who won the prize of Timbuktu?", ("Timbuktu",)),
        ("Did Macron and Merkel win the prize of Sirte?", ("Macron", "Merkel")),
    ],
)
def test_a_name_that_no_article_mentions_is_said_to_be_missing(desk, question, absent):
    answer = desk.ask(Question(question))
    assert (answer.status, answer.absent) == ("unanswered", absent)
    assert f" None of them mentions {' or '.join(absent)}." in answer.text


def test_a_name_that_the_archive_has_nowhere_is_not_answered_with_another(desk):
    asked = [Question(f"Who is the Libyan ambassador to {country}?") for country in ("France", "Germany")]
    assert [desk.ask(question).status for question in asked] == ["answered", "unanswered"]


def test_what_happened_in_one_place_is_no_answer_about_another(desk):
    answer = desk.ask(Question("Who was kidnapped in Benghazi?"))
    assert answer.status == "unanswered"
    assert [(name.text, name.articles > 0) for name in answer.apart] == [("Benghazi", True), ("kidnapped", True)]
    assert desk.ask(Question("How many gunmen were sentenced to death in Benghazi?")).answers[0].text == "three"


@pytest.mark.parametrize(
    ("question", "is_answered"),
    [
        ("Who was kidnapped in Tazerbo?", True),
        ("Who was kidnapped in Tazirbu in November 2018?", True),
        ("Who was kidnapped in Kufra?", False),
        ("Who was kidnapped in Tazirbu by Omar Rashid?", True),
        ("Who was kidnapped in Tazirbu by Amina Rashid?", False),
    ],
)
def test_an_answering_article_has_some_word_of_every_name(told, question, is_answered):
    desk = told(
        ("Herald", "2018-11-25", "Eleven civilians were kidnapped in Tazirbu by the men of Omar on Sunday."),
        ("Courier", "2018-11-26", "Amina Rashid, who is a judge, spoke in Kufra of Omar Rashid."),
    )
    assert (desk.ask(Question(question)).status == "answered") is is_answered


def test_only_the_sentence_that_asks_says_the_days_of_the_answer(told):
    desk = told(("Herald", "2018-11-25", "Judge Amina Rashid will leave the court of Kufra. She was elected in 1992."))
    asked = date(2018, 11, 26)
    year = desk.ask(Question("Amina Rashid will leave this week. When was she elected?", asked=asked))
    assert [finding.text for finding in year.answers] == ["1992"]
    now = desk.ask(Question("When was Amina Rashid elected in November 2018?", asked=asked))
    assert now.status == "unanswered"


def test_another_day_in_a_sentence_of_this_week_s_news_does_not_hide_it(told):
    desk = told(("Herald", "2018-11-25", "Judge Amina Rashid, who was held since 2014, was freed in Kufra."))
    asked = date(2018, 11, 26)
    assert "Amina Rashid" in desk.ask(Question("Who was freed in Kufra this week?", asked=asked)).answers[0].text
    assert desk.ask(Question("Who was freed in Kufra in November 2018?", asked=asked)).status == "unanswered"


@pytest.mark.parametrize("when", ["", " in November 2018", " during the attack on Tazirbu"])
def test_saying_the_days_changes_nothing_in_what_was_told_of_them(desk, when):
    assert_names_the_kidnapped(desk.ask(Question(f"Who was kidnapped in Tazirbu{when}?")))


def test_what_was_before_an_event_is_no_part_of_it(desk):
    answer = desk.ask(Question("What did ISIS attack before the attack on Tazirbu?"))
    assert re.match("Nofaliya gate", answer.answers[0].text)
    assert not re.search("Taz[ie]rb[uo]", shown(answer))


def test_days_of_which_nothing_is_told_are_not_found_with_what_is_near(told):
    desk = told(("Herald", "2018-11-25", "Eleven civilians were kidnapped in Tazirbu."))
    answer = desk.ask(Question("Who was kidnapped in Tazirbu in 1995?"))
    assert answer.status == "unanswered"
    assert [quote.text for quote in answer.near] == ["Eleven civilians were kidnapped in Tazirbu."]


def test_what_is_near_is_of_any_day(desk):
    answer = desk.ask(Question("Who was kidnapped in Tazirbu in 1995?"))
    assert answer.status == "unanswered"
    assert "kidnapped" in answer.near[0].text


def test_in_every_spelling_of_a_name_the_same_is_found(desk):
    found = [desk.ask(Question(f"Who was kidnapped in {name}?")) for name in ("Tazirbu", "Tazirbou")]
    assert found[0].answers == found[1].answers


def test_who_a_person_is_is_told_by_the_words_beside_the_name(desk):
    answer = desk.ask(Question("Who is Abdul Rahman Bashir?"))
    assert [finding.text for finding in answer.answers] == ["who commands the battalion"]
    assert desk.ask(Question("What is Mediterranea?")).status == "unanswered"


@pytest.mark.parametrize(("asked", "number"), [("injured", "ten"), ("wounded", "ten"), ("killed", "nine")])
def test_of_two_numbers_in_a_sentence_the_one_of_the_question_s_verb_answers(told, asked, number):
    desk = told(("Herald", "2018-11-25", "In Tazirbu, nine people were killed and ten were injured on Sunday."))
    answer = desk.ask(Question(f"How many people were {asked} in Tazirbu?"))
    assert [finding.text for finding in answer.answers] == [number]


@pytest.mark.parametrize("verb", ["were killed", "died"])
def test_a_number_of_something_else_is_no_disagreement(told, verb):
    desk = told(
        ("Herald", "2018-11-25", "Nine people were killed in Tazirbu on Sunday."),
        ("Post", "2018-11-26", "The men who attacked Tazirbu on Sunday left with 11 people."),
    )
    answer = desk.ask(Question(f"How many people {verb} in Tazirbu?"))
    assert [finding.text for finding in answer.answers] == ["Nine"]
    assert not answer.disagree


def test_a_long_conversation_is_followed_from_its_start(told):
    desk = told(("Herald", "2018-11-25", "Eleven civilians were kidnapped in Tazirbu on Sunday."))
    after = ("Who was kidnapped in Tazirbu?", "when was it?", "why?", "how?", "how did it happen?")
    assert desk.ask(Question("where was it?", after)).query == "where was someone kidnapped in Tazirbu?"


def test_a_distance_is_no_number_of_people(desk):
    answer = desk.ask(Question("How many people did the attackers take away from Tazirbu?"))
    assert not [finding for finding in answer.answers if "400" in finding.text]
    assert not answer.disagree


def test_what_is_told_of_no_name_is_a_word_that_tells_something(told):
    desk = told(
        ("Herald", "2018-11-25", "A Sudanese man spoke in Kufra."),
        ("Post", "2018-11-26", "Ten were injured in Misrata, three women among them, officials said."),
        ("Times", "2018-11-27", "Bread is dear. Many were injured in Derna."),
    )
    answer = desk.ask(Question("How many Sudanese were among the injured?"))
    assert answer.status == "unanswered"
    assert [one.text for one in answer.apart] == ["Sudanese", "injured"]


def test_what_no_article_tells_of_together_is_said(told):
    desk = told(
        ("Herald", "2018-11-25", "Eleven civilians were kidnapped in Tazirbu."),
        ("Post", "2018-11-26", "Bread is dear in Misrata."),
    )
    answer = desk.ask(Question("Who was kidnapped in Misrata?"))
    assert (answer.status, answer.apart) == ("unanswered", (Mentions("Misrata", 1), Mentions("kidnapped", 1)))
    assert " 1 mentions Misrata, 1 mentions “kidnapped” or a word like it, but none both." in answer.text
    absent = desk.ask(Question("Who was kidnapped in Timbuktu?"))
    assert absent.apart == (Mentions("Timbuktu", 0), Mentions("kidnapped", 1))
    assert " None of them mentions Timbuktu. 1 mentions “kidnapped” or a word like it." in absent.text
    first = desk.ask(Question("Misrata: who was kidnapped?"))
    assert [words.text for words in first.apart] == ["Misrata", "kidnapped"]


@pytest.mark.parametrize(("asked", "found"), [("Gadhafi", "Qaddafi"), ("Qaddafi", None)])
def test_a_name_in_another_spelling_is_said_to_be_matched(told, asked, found):
    desk = told(("Herald", "2018-11-25", "Qaddafi spoke in Sirte."), ("Post", "2018-11-26", "The weather was fine."))
    answer = desk.ask(Question(f"Where did {asked} speak?"))
    assert answer.matched == ((Respelling(asked, found),) if found else ())


# The desk itself -----------------------------------------------------------------------------------------------------


def test_an_answer_comes_about_in_three_steps(desk):
    searching, reading, answer = desk.stream(Question("and when?", after=(WHO[0],)))
    assert searching == Searching(answer.query, answer.searched)
    assert isinstance(reading, Reading)
    assert len(reading.titles) == len(set(reading.titles)) > 0
    assert {quote.title for quote in (*answer.quotes, *answer.near)} <= set(reading.titles)
    assert 0 < answer.seconds < 60


def test_the_same_question_has_the_same_answer_also_for_many_at_once(desk):
    alone = [replace(desk.ask(Question(question)), seconds=0) for question in WHO]
    with ThreadPoolExecutor(4) as pool:
        together = list(pool.map(lambda number: desk.ask(Question(WHO[number % 2])), range(8)))
    assert [replace(answer, seconds=0) for answer in together] == alone * 4


def test_questions_are_answered_while_articles_go_in(told, write):
    desk = told(HERALD)
    folder = write({f"{number}.txt": f"Number {number} came to Kufra." for number in range(40)}, "more")
    with ThreadPoolExecutor(2) as pool:
        adding = pool.submit(desk.add, [str(folder)])
        while not adding.done():
            answer = desk.ask(KILLED)
            assert_exact(desk, answer)
            assert HERALD[2] in {quote.text for quote in (*answer.quotes, *answer.near)}
    assert adding.result().added == 40
    assert desk.coverage().articles == 41


def test_what_the_desk_knows_of_its_archive(desk):
    assert desk.status().articles == desk.coverage().articles == 18
    assert not desk.is_empty
    quote: Quote = desk.ask(Question(WHO[0])).quotes[0]
    assert desk.article(quote.article_id).title == quote.title
    with pytest.raises(UnknownArticleError):
        desk.article("nope")


def test_a_conversation_goes_on_as_a_person_would_have_it(desk):
    asked = (
        "Who was kidnapped in Tazirbu?",
        "when was it?",
        "and how many policemen were killed there?",
        "who did it?",
    )
    answers = [desk.ask(Question(text, asked[:place])) for place, text in enumerate(asked)]
    assert [answer.query for answer in answers[1:]] == [
        "when was someone kidnapped in Tazirbu?",
        "how many policemen were killed in Tazirbu?",
        "who killed policemen in Tazirbu?",
    ]
    assert "25" in answers[1].answers[0].text
    assert answers[2].answers[0].text.lower().startswith(("nine", "9"))
    assert not answers[2].disagree
    assert "ISIS" in answers[3].answers[0].text


# Who asks ------------------------------------------------------------------------------------------------------------


class Kept:
    """A meter that keeps what it is told."""

    def __init__(self) -> None:
        self.outcomes: list[tuple[str, str]] = []
        self.stages: list[str] = []

    def ended(self, surface, outcome):
        self.outcomes.append((surface, outcome))

    @contextmanager
    def stage(self, name):
        self.stages.append(name)
        yield


def test_who_asks_too_often_is_refused_and_every_end_is_told_to_the_meter(archive):
    desk, ann = Desk(archive, admission=Admission(a_minute=1)), Asker("slack", "ann")
    desk.meter = meter = Kept()
    assert desk.ask(Question("Who?"), ann).status == "unanswered"
    with pytest.raises(TooManyQuestionsError):
        desk.ask(Question("Who else?"), ann)
    next(desk.stream(Question("And who else?"), Asker("web"))).query  # noqa: B018 - and goes away
    assert meter.outcomes == [("slack", "unanswered"), ("slack", "refused"), ("web", "failed")]
    assert meter.stages[:5] == ["waiting", "understanding", "retrieving", "reading", "composing"]


def test_a_question_waits_while_another_is_answered_and_the_place_in_line_is_the_first_event(archive):
    desk = Desk(archive, admission=Admission(at_once=1))
    first, second = desk.stream(Question("Who?"), Asker("web")), desk.stream(Question("When?"), Asker("api"))
    assert isinstance(next(first), Searching)
    assert next(second) == Waiting(1)
    *_, answer = first
    assert isinstance(next(second), Searching), "an answer that was given holds nobody up"
    assert answer.question == "Who?"


def test_feedback_is_kept_with_who_gave_it(archive):
    desk = Desk(archive)
    desk.feedback(Feedback("and when?", "when was it?", useful=False, comment="a line\nand \u2028 another"), ASKER)
    desk.feedback(Feedback("who?", "who?", useful=True), ASKER)
    first, second = FeedbackLog(archive.home).read()
    assert datetime.fromisoformat(first.pop("at")).tzinfo
    assert first == {
        "surface": "matrix", "person": "@ann:x", "question": "and when?", "query": "when was it?", "useful": False,
        "comment": "a line\nand \u2028 another",
    }  # fmt: skip
    assert second["useful"] is True
