"""The query: what a question in plain words asks the index for."""

import re
from collections.abc import Iterator
from itertools import chain, islice, pairwise

MAX_TERMS = 24
"""How many different words of a long message are searched for."""

MAX_WORDS = 1000
"""How many words of a long message are looked at."""

_WORD = re.compile(
    r"[^\s\x00-/:-@\[-`{-\xbf\u2000-\u206f\u3000-\u303f\ud800-\udfff\uff00-\uff0f\uff1a-\uff20]+"
)
_SPACELESS = (
    r"\u0e00-\u0eff\u1000-\u109f\u1780-\u17ff\u3040-\u30ff\u31f0-\u31ff\u3400-\u4dbf"
    r"\u4e00-\u9fff\uac00-\ud7af\uf900-\ufaff\U00020000-\U0003134f"
)
"""Thai, Lao, Burmese, Khmer, Japanese, Chinese, and Korean with its endings."""

_UNSPACED = re.compile(f"[{_SPACELESS}]")
_RUN = re.compile(f"[{_SPACELESS}]+|[^{_SPACELESS}]+")

_QUESTION_WORDS = """
how what when where which who whom whose why can could do does did done doing may might must shall
should will would is are was were be been being am has have had having get gets got getting give
gives tell tells explain describe show please thanks thank hello hi hey know want wants need needs
like help find use uses used using possible way anything something someone anyone there here ok
okay work works working support supports supported available
"""
_FUNCTION_WORDS = """
a an the this that these those it its itself i me my mine myself we us our ours you your yours he
him his she her hers they them their theirs one ones and or but nor so if then than else as at by
for from in into of off on onto out over to up with without within about between through during
before after again against until while because both each few more most much many other some any
all such own same no not only just too very also ever even still yet now
"""
_CONTRACTIONS = """
s t d m ll re ve don doesn didn isn aren wasn weren won wouldn couldn shouldn cannot hasn haven hadn
let lets
"""
STOP_WORDS = frozenset((_QUESTION_WORDS + _FUNCTION_WORDS + _CONTRACTIONS).split())
"""English words that say nothing about what is asked. Those of other languages
stand in most passages, and so weigh next to nothing."""

_REFERRING = {"it", "its", "this", "that", "these", "those", "they", "them", "their"}
_CONTINUING = {"and", "but", "or", "so", "also", "then"}
_SHORT = 8
"""Words of a message that may lean on the one before."""


def terms(question: str) -> list[str]:
    """Return what to search for: the words that carry the question, each once.

    A question of stop words alone ("to be or not to be") is one term: it must
    stand there word for word.
    """
    words = list(islice(_words(question), MAX_WORDS))
    carrying = dict.fromkeys(word for word in words if word not in STOP_WORDS)
    if carrying:
        return list(islice(carrying, MAX_TERMS))
    return [" ".join(words[:MAX_TERMS])] if words else []


def required_share(count: int) -> float:
    """Return how much of a question's weight a passage must have to be a match.

    Of equally rare words that is one of two, two of eight, three of eighteen.
    Even a question that the documents answer has many words that they put
    otherwise, and the longer it is, the fewer of them one passage has.

    Args:
        count: How many terms the question has.
    """
    return float(0.7 / count**0.5)


def refers_back(message: str) -> bool:
    """Whether a message seems to need the one before it: "And how do I undo that?"."""
    words = list(islice(_words(message), _SHORT + 1))
    if not words or len(words) > _SHORT:
        return False
    continues = words[0] in _CONTINUING or words[1:2] == ["about"]
    return continues or not _REFERRING.isdisjoint(words) or STOP_WORDS.issuperset(words)


def segmented(text: str) -> str:
    """Return the words of a text in a script without spaces; of any other, nothing.

    SQLite takes a run of such a script for one word. Here it becomes its
    characters and its pairs of characters; a question asks for the pairs.
    """
    if not _UNSPACED.search(text):
        return ""
    return " ".join(
        part
        for word in _WORD.finditer(text)
        for run in _RUN.findall(word[0])
        for part in (chain(run, _pairs(run)) if _UNSPACED.match(run) else (run,))
    )


def _words(text: str) -> Iterator[str]:
    """Yield the words of a question in lower case; scripts without spaces by pairs."""
    for word in _WORD.finditer(text):
        for run in _RUN.findall(word[0].lower()):
            if _UNSPACED.match(run) and len(run) > 1:
                yield from _pairs(run)
            elif any(map(str.isalnum, run)):
                yield run


def _pairs(run: str) -> Iterator[str]:
    return map("".join, pairwise(run))
