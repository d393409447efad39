"""Texts such as archives hold them, and worse: the strategies that the property tests draw from."""

from __future__ import annotations

from hypothesis import strategies as st

FAMILY = "\U0001f468\u200d\U0001f469\u200d\U0001f467"
"""One picture on the screen, five code points: emoji held together by zero-width joiners."""

_WORDS = [
    "Tazirbu", "nine", "policemen", "were", "kidnapped", "on", "25", "November", "Gen.", "Mr.", "U.S.", "3,000",
    "ليبيا", "اختطف", "المسلحون", "عشرة", "أشخاص،", "خمسة؟", "מלחמה", "בעיר", "城市", "襲撃。", "Поліція", "naïve",
    "e\u0301te\u0301", "a\u0300\u0316\u0301b", FAMILY, "\U0001f1f1\U0001f1fe", "👍🏽", "\u200b", "\u200e",
    "\u202eabc\u202c", "\ufeff", "\ufffd", "\ud7ff", "\ue000", "\uffff", "\U00010000", "\U0010ffff",
    "\ud800", "\udfff", "\ud83d\ude00",
    "\x00", "\x07", "\x1b[31m", "\x7f", "\x85", "\x0b", "\x0c", "\u00ad", "\u2060", "x" * 150, "y" * 700, "-", "—",
    "#Libya",
]  # fmt: skip
_ENDS = [". ", "! ", "? ", "؟ ", "。", "… ", ".” ", '." ', ": ", "; ", ".", " ", " ", " "]
_BREAKS = ["\n", "\n\n", "\r\n", "\r", "\r\n\r\n", " \n \n", "\t", "\u2028", "\u2029", "\u00a0", "  "]

_sentence = st.tuples(st.lists(st.sampled_from(_WORDS), min_size=1, max_size=12), st.sampled_from(_ENDS)).map(
    lambda made: " ".join(made[0]) + made[1]
)
_any = st.text(alphabet=st.characters(), max_size=15) | st.text(
    alphabet=st.characters(categories=["Cs", "Cc"]), max_size=4
)

texts = st.lists(_sentence | st.sampled_from(_BREAKS) | _any, max_size=25).map("".join)
"""Any text: sentences of many scripts, broken lines of every kind, and code points that belong to no text at all."""
