"""Names in running text: where they stand, and which words are none."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator

IsName = Callable[[str], bool]
"""Whether a word in lower case is one that the articles only write with a capital."""
POSSESSIVE = re.compile(r"['’]s?$")
_WORD = re.compile(r"[^\W_][\w'’.-]*[^\W_]|[^\W_]")


def wordset(text: str) -> frozenset[str]:
    """The words of `text`."""
    return frozenset(text.split())


PARTICLES = wordset("of the de la al el bin ibn von van and for")
NO_NAMES = wordset(
    """
    i he she it they we you the a an in on at when what who whom whose where why how which did was were is are do does
    has have had can could will would should may might his her its their this that these those there then after before
    during and but as for from to of by with also although while since some one two three if yes no not all many most
    any both each however despite according because so or january february march april june july august september
    october november december monday tuesday wednesday thursday friday saturday sunday regarding besides
    though another such among between into about against within without through around toward towards than
    """
)


def never(_word: str) -> bool:
    """No word is known for a name: only capital letters tell."""
    return False


def names(text: str, is_name: IsName = never) -> list[str]:
    """The names in `text`, in order, each by itself."""
    spans = name_spans(text, is_name)
    return [name for start, end in spans for name in re.split(r" and (?:of |the )*", text[start:end])]


def name_spans(text: str, is_name: IsName) -> Iterator[tuple[int, int]]:
    """Where the names in `text` stand: runs of words that are capitalized or known, with the particles between."""
    run: list[re.Match[str]] = []
    for match in [*_WORD.finditer(text), None]:
        word = match.group().removesuffix("'s").removesuffix("’s") if match else ""
        bare = re.sub("^(al|el)-", "", word)
        if match and word.lower() not in NO_NAMES and (bare[:1].isupper() or is_name(word.lower())):
            joined = run and text[run[-1].end() : match.start()].strip() in {"", "-"}
            if run and not joined:
                yield from _run(run)
                run = []
            run.append(match)
        elif run and not (match and match.group() in PARTICLES and text[run[-1].end() : match.start()] == " "):
            yield from _run(run)
            run = []
        elif run and match:
            run.append(match)


def _run(run: list[re.Match[str]]) -> Iterator[tuple[int, int]]:
    while run and run[-1].group() in PARTICLES:
        run = run[:-1]
    if run:
        last = run[-1].group()
        cut = 2 if last.endswith(("'s", "’s")) else 0
        yield run[0].start(), run[-1].end() - cut


def lower_first(text: str) -> str:
    """`text` with its first letter lowered, unless a name begins it."""
    first = text.split(maxsplit=1)[0] if text.split() else ""
    return text[0].lower() + text[1:] if first.lower().strip("?!.,") in NO_NAMES else text
