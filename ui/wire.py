"""What goes over the wire, as types: the OpenAPI page and the schemas of MCP's tools are made of them."""

from __future__ import annotations

from datetime import date
from typing import Annotated, Any, Literal

from pydantic import BaseModel, ConfigDict, Field, StrictBool

from bot.answer import Answer, Quote
from bot.question import MAX_CHARS
from index.article import Article

Text = Annotated[str, Field(min_length=1, max_length=MAX_CHARS, pattern=r"[^\W_]")]
Day = Annotated[date | None, Field(description="ISO, as 2018-11-25")]


class QuestionBody(BaseModel):
    """What is asked."""

    model_config = ConfigDict(extra="forbid")

    question: Text
    after: str | list[str] | None = Field(None, description="the questions before it in the conversation, oldest first")
    start: Day = Field(None, alias="from", description="only articles published from this day on, or undated")
    end: Day = Field(None, alias="to", description="only articles published up to this day, or undated")
    source: str | list[str] | None = Field(None, description="only articles of these outlets")
    asked: Day = Field(None, description="the day of the question; today if left out")
    stream: bool | None = Field(None, description="answer with server-sent events, as Accept: text/event-stream does")


class PassageOut(BaseModel):
    """A passage found: `text` is the article's from `start` to `end`, in Unicode code points."""

    text: str
    article_id: str
    start: int
    end: int
    title: str
    source: str
    published: date | None
    url: str | None

    @classmethod
    def of(cls, quote: Quote) -> PassageOut:
        """The passage that `quote` is."""
        return cls.model_validate(quote, from_attributes=True)


class QuoteOut(PassageOut):
    """The words of an article that answer, under the number by which they are cited."""

    number: int


class FindingOut(BaseModel):
    """One answer, best first: words out of its quotes, and how many independent sources carry it."""

    text: str
    quotes: list[int]
    sources: int
    attributed: str


class SearchedOut(BaseModel):
    """The articles that were searched, and the days they cover."""

    articles: int
    start: date | None = Field(alias="from")
    end: date | None = Field(alias="to")


class MentionsOut(BaseModel):
    """Words of the question, and how many articles mention them."""

    text: str
    articles: int


class RespellingOut(BaseModel):
    """A name as it was asked for, and as the quotes spell it."""

    asked: str
    found: str


class AnswerOut(BaseModel):
    """The answer, in checked quotes; or that there is none, and the closest passages."""

    question: str
    query: str
    status: Literal["answered", "unanswered"]
    text: str
    answers: list[FindingOut]
    disagree: bool
    quotes: list[QuoteOut]
    near: list[QuoteOut]
    searched: SearchedOut
    absent: list[str]
    apart: list[MentionsOut]
    matched: list[RespellingOut]
    seconds: float

    @classmethod
    def of(cls, answer: Answer) -> AnswerOut:
        """As `answer.as_json` has it."""
        return cls.model_validate(answer.as_json())


class ArticleOut(BaseModel):
    """An article, exactly as it is stored."""

    id: str
    text: str
    title: str
    source: str
    url: str | None
    published: date | None
    authors: list[str]

    @classmethod
    def of(cls, article: Article) -> ArticleOut:
        """The article as outside programs read it."""
        return cls.model_validate(article, from_attributes=True)


class ErrorOut(BaseModel):
    """What went wrong, and what to do, in one line."""

    error: str


class FeedbackBody(BaseModel):
    """Whether an answer was useful."""

    model_config = ConfigDict(extra="forbid")

    question: Text
    query: str = Field("", max_length=MAX_CHARS, description="as the answer gave it")
    useful: StrictBool
    comment: str = Field("", max_length=MAX_CHARS)


def problems(*statuses: int) -> dict[int | str, dict[str, Any]]:
    """The errors that an endpoint may answer with."""
    return {status: {"model": ErrorOut} for status in statuses}
