"""Markdown cut into blocks while it streams, so that each is rendered once."""

import re

_FENCE = re.compile(r"\s*(`{3,}|~{3,})(.*)")


class Blocks:
    """Takes text in any pieces, and gives back each block as soon as it is whole.

    A block ends at an empty line that text at the margin follows, outside of
    fenced code: what is indented belongs to the list item above it. The work
    is linear in the length of the text.
    """

    def __init__(self) -> None:
        self._lines: list[str] = []
        self._partial: list[str] = []
        self._fence: str | None = None

    def feed(self, text: str) -> list[str]:
        """Take more text, and return the blocks that it completes."""
        first, *rest = text.split("\n")
        self._partial.append(first)
        blocks = []
        for piece in rest:
            block = self._end_line("".join(self._partial))
            self._partial = [piece]
            if block is not None:
                blocks.append(block)
        return blocks

    def rest(self) -> str:
        """Return what is not yet a whole block."""
        return "\n".join([*self._lines, "".join(self._partial)])

    def tail(self, lines: int) -> str:
        """Return the last lines of what is not yet a whole block."""
        return "\n".join([*self._lines[-lines:], "".join(self._partial)])

    def _end_line(self, line: str) -> str | None:
        """Add a line; return the block before it if the line begins another."""
        whole = None
        if self._fence is None and self._begins_block(line):
            whole, self._lines = "\n".join(self._lines), []
        self._lines.append(line)
        self._follow_fence(line)
        return whole

    def _begins_block(self, line: str) -> bool:
        after_gap = len(self._lines) > 1 and not self._lines[-1].strip()
        return after_gap and bool(line) and not line[0].isspace()

    def _follow_fence(self, line: str) -> None:
        match = _FENCE.match(line)
        if match is None:
            return
        marks, after = match.groups()
        if self._fence is None:
            self._fence = marks
        elif marks.startswith(self._fence) and not after.strip():
            self._fence = None
