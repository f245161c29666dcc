"""Where text may be cut: between characters as people see them.

One of those can be many code points: an emoji with a skin tone or of a family,
a flag, a letter with accents, a Korean or Indic syllable. The rules are those of
Unicode's text segmentation (UAX #29, extended grapheme clusters), told from
the categories that Python knows. Where those are too coarse no cut is made:
at worst a text ends a character earlier.
"""

from unicodedata import category

_ZWJ = "\u200d"
_MARKS = frozenset({"Mn", "Me", "Mc"})
_SYMBOLS = frozenset({"So", "Sm"})
_CONTROLS = frozenset({"Cc", "Zl", "Zp", "Cs"})

_MORE_MARKS = frozenset(
    "\u200c\u0e33\u0eb3\uff9e\uff9f"  # a joiner, two vowels, two sound marks of half width
    + "".join(map(chr, range(0x1F3FB, 0x1F400)))  # skin tones
    + "".join(map(chr, range(0xE0020, 0xE0080)))  # the tags of a region's flag
)
"""What belongs to the character before it, though its category doesn't say so."""

_PREFIXES = frozenset(
    "\u0600\u0601\u0602\u0603\u0604\u0605\u06dd\u070f\u0890\u0891\u08e2\u0d4e"
    "\U000110bd\U000110cd\U000111c2\U000111c3\U0001193f\U00011941\U00011d46\U00011f02"
)
"""What belongs to the character behind it."""

_LINKERS = frozenset(
    "\u094d\u09cd\u0acd\u0b4d\u0c4d\u0d4d\u1039\u17d2\u1a60\u1b44\u1bab\ua9c0\uaaf6"
    "\U00010a3f\U00011133\U0001193e\U00011a47\U00011a99\U00011f42"
)
"""Signs that join two consonants to one syllable."""


def cut_before(text: str, limit: int, start: int = 0) -> int:
    """Return the last place up to ``limit``, behind ``start``, that parts no character.

    A character that fills all of it is parted: it is no longer one that anybody sees.
    """
    if limit >= len(text):
        return len(text)
    place = limit
    while place > start and not _parts(text, place):
        place -= 1
    return place if place > start else limit


def cut_after(text: str, limit: int) -> int:
    """Return the first place from ``limit`` on that parts no character."""
    place = max(0, limit)
    while place < len(text) and not _parts(text, place):
        place += 1
    return place


def shorten(text: str, limit: int) -> str:
    """Return the beginning of a text, of at most so many code points and whole characters."""
    return text[: cut_before(text, limit)]


def _parts(text: str, place: int) -> bool:
    """Whether one character ends and another begins here."""
    if not 0 < place < len(text):
        return True
    before, behind = text[place - 1], text[place]
    if before < "\u0300" and behind < "\u0300":  # most text is
        return (before, behind) != ("\r", "\n")
    if category(before) in _CONTROLS or category(behind) in _CONTROLS:
        return True
    if _is_mark(behind) or before in _PREFIXES:
        return False
    if before == _ZWJ and (category(behind) in _SYMBOLS or behind >= "\U0001f000"):
        return False
    if _is_flag_letter(before) and _is_flag_letter(behind):
        return _flag_letters_before(text, place) % 2 == 0
    return not (_are_one_syllable(before, behind) or _is_linked(text, place))


def _is_mark(character: str) -> bool:
    return character == _ZWJ or character in _MORE_MARKS or category(character) in _MARKS


def _is_flag_letter(character: str) -> bool:
    return "\U0001f1e6" <= character <= "\U0001f1ff"


def _flag_letters_before(text: str, place: int) -> int:
    first = place
    while first > 0 and _is_flag_letter(text[first - 1]):
        first -= 1
    return place - first


def _are_one_syllable(before: str, behind: str) -> bool:
    """Whether two Korean letters or syllables are written as one."""
    match _korean(before), _korean(behind):
        case ("L", "L" | "V" | "LV" | "LVT") | ("LV" | "V", "V" | "T") | ("LVT" | "T", "T"):
            return True
    return False


def _korean(character: str) -> str:
    if "\u1100" <= character <= "\u115f" or "\ua960" <= character <= "\ua97c":
        return "L"
    if "\u1160" <= character <= "\u11a7" or "\ud7b0" <= character <= "\ud7c6":
        return "V"
    if "\u11a8" <= character <= "\u11ff" or "\ud7cb" <= character <= "\ud7fb":
        return "T"
    if "\uac00" <= character <= "\ud7a3":
        return "LVT" if (ord(character) - 0xAC00) % 28 else "LV"
    return ""


def _is_linked(text: str, place: int) -> bool:
    """Whether the consonant here is joined to the one before it."""
    if category(text[place]) != "Lo":
        return False
    linked = False
    while place > 0 and _is_mark(text[place - 1]):
        place -= 1
        linked = linked or text[place] in _LINKERS
    return linked and place > 0 and category(text[place - 1]) == "Lo"
