"""How right an answer is against the gold ones: exact match and token F1, as SQuAD defines them."""

from __future__ import annotations

import re
import unicodedata
from collections import Counter
from collections.abc import Sequence

from index.lexical import Without

_NO_PUNCTUATION = Without(lambda character: unicodedata.category(character).startswith(("P", "S")))
_ARTICLES = re.compile(r"\b(a|an|the)\b")


def normalized(text: str, *, keep_articles: bool = False) -> str:
    """`text` in lower case, without punctuation (and, unless kept, the articles a, an, the), single spaces between."""
    bare = text.casefold().translate(_NO_PUNCTUATION)
    return " ".join((bare if keep_articles else _ARTICLES.sub(" ", bare)).split())


def exact_match(answer: str, golds: Sequence[str], *, keep_articles: bool = False) -> bool:
    """Whether `answer` is one of `golds`, normalized."""
    wanted = {normalized(gold, keep_articles=keep_articles) for gold in golds}
    return normalized(answer, keep_articles=keep_articles) in wanted


def f1(answer: str, golds: Sequence[str], *, keep_articles: bool = False) -> float:
    """The best harmonic mean (0..1) of precision and recall of the answer's words over `golds`."""

    def words(text: str) -> Counter[str]:
        return Counter(normalized(text, keep_articles=keep_articles).split())

    given = words(answer)
    return max((_f1(given, words(gold)) for gold in golds), default=0.0)


def _f1(given: Counter[str], gold: Counter[str]) -> float:
    if not given or not gold:
        return float(given == gold)
    same = (given & gold).total()
    return 2 * same / (given.total() + gold.total())
