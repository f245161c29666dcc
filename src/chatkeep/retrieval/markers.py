"""Citation markers: finds ``[1]`` in text while it streams."""

import re
from collections.abc import Iterator

_TOKEN = re.compile(
    r"(?P<ticks>`+)"
    r"|(?P<blank>\n[ \t]*\n)"
    r"|(?P<space>[ \t]{0,8})\[(?P<numbers>\d{1,3}(?:,[ \t]{0,2}\d{1,3}){0,9})\](?!\()"
)
_UNFINISHED = re.compile(
    r"(?:`{1,16}|\n(?:[ \t]{0,8}\n)?|[ \t]{0,8}\[[\d, \t]{0,60}\]?|\n?[ \t]{1,8})\Z"
)


class Markers:
    """Takes text piece by piece, and gives it back parted at its markers.

    ``[1]``, ``[1][2]`` and ``[1, 2]`` are markers, with the space before them;
    in code, as the text of a link, or with a number that is not known they are
    text. What may yet become a marker is held back until it is clear.

    Args:
        known: The highest number that there is.
    """

    def __init__(self, known: int) -> None:
        self._known = known
        self._held = ""
        self._code = 0

    def feed(self, text: str) -> Iterator[str | int]:
        """Yield the text that is clear by now, and in between the numbers cited."""
        text = self._held + text
        unfinished = _UNFINISHED.search(text)
        clear = unfinished.start() if unfinished else len(text)
        self._held = text[clear:]
        yield from self._part(text[:clear])

    def end(self) -> Iterator[str | int]:
        """Yield what was held back: no more text follows."""
        text, self._held = self._held, ""
        yield from self._part(text)

    def _part(self, text: str) -> Iterator[str | int]:
        start = 0
        for token in _TOKEN.finditer(text):
            if not token["numbers"]:
                self._note_code(token)
            elif not self._code:
                numbers = [int(number) for number in token["numbers"].split(",")]
                cited = [number for number in numbers if 1 <= number <= self._known]
                if not cited:
                    continue
                if text[start : token.start()]:
                    yield text[start : token.start()]
                yield from cited
                unknown = [str(number) for number in numbers if number not in cited]
                if unknown:
                    yield f"{token['space']}[{', '.join(unknown)}]"
                start = token.end()
        if text[start:]:
            yield text[start:]

    def _note_code(self, token: re.Match[str]) -> None:
        """Follow where code begins and ends: a paragraph's end ends a stray backtick."""
        ticks = len(token["ticks"] or "")
        if not ticks:
            self._code = self._code if self._code >= 3 else 0
        elif not self._code:
            self._code = ticks
        elif ticks == self._code or ticks > self._code >= 3:
            self._code = 0
