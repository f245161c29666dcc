"""Where an answer is shown: as Markdown in a terminal, or as plain text anywhere else."""

from typing import IO, Protocol, Self

from rich.console import Console, ConsoleOptions, RenderableType, RenderResult
from rich.live import Live
from rich.segment import Segment
from rich.spinner import Spinner
from rich.text import Text

from ..characters import cut_after
from ..errors import words_of
from .answer import Sources, View
from .blocks import Blocks

_REFRESHES_PER_SECOND = 8
_RENDERED_TAIL = 4000
"""Characters up to which a block under way is drawn as Markdown on each refresh."""

_CONTROLS = {code: None for code in (*range(32), *range(127, 160)) if chr(code) not in "\n\t"}


def safe(text: str) -> str:
    """Return text without control characters: what a model says commands no terminal."""
    return text.translate(_CONTROLS)


def complain(message: str) -> None:
    """Print what went wrong, on standard error."""
    console = Console(stderr=True, highlight=False)
    words = words_of(safe(message))
    console.print(Text.assemble(("Error: ", "bold red"), words), soft_wrap=True)


def _markdown(source: str) -> RenderableType:
    # A server never draws any: with all that it brings, it takes 3 MB.
    from rich.markdown import Markdown

    return Markdown(source)


class OpenView(View, Protocol):
    """A view that is held open while an answer comes, and ends with its sources."""

    def __enter__(self) -> Self:
        """Begin to show."""
        ...

    def __exit__(self, *exc_info: object) -> None:
        """Show what is still held back, and give the terminal back."""
        ...

    def sources(self, sources: Sources) -> None:
        """Show the list of sources below the answer."""
        ...


class PlainView:
    """Writes the text as it comes, and nothing that passes."""

    def __init__(self, out: IO[str]) -> None:
        self._out = out
        self._last = ""
        self._gap = ""

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *exc_info: object) -> None:
        self._end_line()

    def text(self, text: str) -> None:
        """Write more of the text."""
        if text:
            self._out.write(self._gap + text)
            self._out.flush()
            self._last, self._gap = text[-1], ""

    def end(self) -> None:
        """End the line; an empty one comes before what follows."""
        self._end_line()
        self._gap = "\n" if self._last else ""

    def note(self, text: str) -> None:
        """Write a paragraph of its own."""
        self.end()
        self.text(text)
        self.end()

    def task(self, text: str) -> None:
        """Write nothing: how an answer was found is no part of it."""

    def status(self, text: str) -> None:
        """Write nothing: what passes has no place in a file."""

    def sources(self, sources: Sources) -> None:
        """Write the list of sources."""
        self.note("\n".join(sources.lines()))

    def _end_line(self) -> None:
        if self._last not in {"", "\n"}:
            self.text("\n")


class TerminalView:
    """Draws Markdown: each block once when it is whole, and below it the one under way.

    However long an answer grows, a refresh draws no more than a screen, and
    refreshes come at a fixed rate, not with each piece of text.
    """

    def __init__(self, console: Console) -> None:
        self._console = console
        self._blocks = Blocks()
        self._spinner = Spinner("dots", style="dim")
        self._busy = True
        self._printed = False
        self._live = Live(
            console=console,
            get_renderable=lambda: self,
            refresh_per_second=_REFRESHES_PER_SECOND,
            transient=True,
            redirect_stdout=False,
            redirect_stderr=False,
        )

    def __enter__(self) -> Self:
        self._live.start(refresh=True)
        return self

    def __exit__(self, *exc_info: object) -> None:
        self._busy = False
        self.end()
        self._live.stop()

    def __rich_console__(self, console: Console, options: ConsoleOptions) -> RenderResult:
        height = max(options.size.height - 3, 1)
        tail = self._blocks.tail(height)
        if len(tail) < _RENDERED_TAIL:
            rendered = _markdown(tail)
        else:
            rendered = Text(tail[cut_after(tail, len(tail) - _RENDERED_TAIL) :])
        yield _Lines(_lines(console, rendered)[-height:])
        if self._busy:
            yield self._spinner

    def text(self, text: str) -> None:
        """Take more of the text."""
        self._spinner.text = ""
        for block in self._blocks.feed(safe(text)):
            self._print_block(block)

    def end(self) -> None:
        """Print what is under way."""
        rest, self._blocks = self._blocks.rest(), Blocks()
        self._print_block(rest)

    def note(self, text: str) -> None:
        """Print a dim line above what is under way."""
        self._spinner.text = ""
        self._console.print(Text(safe(text), style="dim"))
        self._printed = True

    def task(self, text: str) -> None:
        """Print the task, done."""
        self.note(f"✓ {text}")

    def status(self, text: str) -> None:
        """Show the line beside the spinner."""
        self._spinner.text = Text(safe(text), style="dim")

    def sources(self, sources: Sources) -> None:
        """Print the list of sources."""
        lines = sources.lines()
        if lines:
            self._console.print()
        for line in lines:
            self._console.print(Text(safe(line), style="dim"))

    def _print_block(self, block: str) -> None:
        if not block.strip():
            return
        if self._printed:
            self._console.print()
        self._console.print(_Lines(_lines(self._console, _markdown(block))))
        self._printed = True


class _Lines:
    """Lines that are rendered already."""

    def __init__(self, lines: list[list[Segment]]) -> None:
        self._lines = lines

    def __rich_console__(self, _console: Console, _options: ConsoleOptions) -> RenderResult:
        for line in self._lines:
            yield from line
            yield Segment.line()


def _lines(console: Console, rendered: RenderableType) -> list[list[Segment]]:
    """Render to lines, without the empty ones that Rich puts around some elements."""
    lines = console.render_lines(rendered, pad=False)
    full = [number for number, line in enumerate(lines) if any(part.text.strip() for part in line)]
    return lines[full[0] : full[-1] + 1] if full else []


def view_for(console: Console) -> OpenView:
    """Return the view that suits a console: drawn in a terminal, else plain."""
    return TerminalView(console) if console.is_terminal else PlainView(console.file)
