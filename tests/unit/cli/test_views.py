"""What stands on the screen, and in a file, when an answer has been shown."""

import io

import pytest
from rich.console import Console

from chatkeep.cli.answer import Sources
from chatkeep.cli.views import OpenView, PlainView, TerminalView, complain, view_for

SOURCES = Sources()
SOURCES.number({"title": "Rent", "filename": "rent.md"})


def terminal(width: int = 60, height: int = 20) -> Console:
    return Console(file=io.StringIO(), force_terminal=True, width=width, height=height)


def screen(console: Console) -> str:
    """Return what a terminal shows after all that was written to it."""
    file = console.file
    assert isinstance(file, io.StringIO)
    return Screen(file.getvalue()).text()


class Screen:
    """A terminal that knows the few commands that a view uses."""

    def __init__(self, written: str) -> None:
        self.lines = [""]
        self.row = 0
        parts = written.split("\x1b[")
        self.write(parts[0])
        for part in parts[1:]:
            end = next(place for place, mark in enumerate(part) if mark.isalpha())
            self.command(part[end], part[:end])
            self.write(part[end + 1 :])

    def write(self, text: str) -> None:
        for character in text:
            if character == "\n":
                self.row += 1
                self.lines += [""] * (self.row + 1 - len(self.lines))
            elif character != "\r":
                self.lines[self.row] += character

    def command(self, name: str, number: str) -> None:
        if name == "A":
            self.row -= int(number or 1)
        elif name == "K":
            self.lines[self.row] = ""

    def text(self) -> str:
        return "\n".join(line.rstrip() for line in self.lines).strip("\n")


def show(view: OpenView) -> None:
    with view:
        view.status("Searching")
        view.task("Found it")
        view.text("Rent is **due**")
        view.text(" on the 1st. [1]\n\n- one\n- two\n")
        view.end()
        view.note("A widget")
        view.text("More.")
    view.sources(SOURCES)


def test_plain_text_has_the_answer_and_its_sources_and_nothing_that_passes() -> None:
    out = io.StringIO()
    show(PlainView(out))
    assert out.getvalue() == (
        "Rent is **due** on the 1st. [1]\n\n- one\n- two\n\nA widget\n\nMore.\n\n"
        "[1] Rent · rent.md\n"
    )


def test_plain_text_appears_as_it_comes() -> None:
    out = io.StringIO()
    with PlainView(out) as view:
        view.text("one ")
        assert out.getvalue() == "one "
        view.text("two")
    assert out.getvalue() == "one two\n"


def test_no_answer_and_no_sources_is_nothing() -> None:
    out = io.StringIO()
    view = PlainView(out)
    with view:
        view.end()
    view.sources(Sources())
    assert out.getvalue() == ""


def test_a_terminal_shows_rendered_markdown_and_no_trace_of_what_passed() -> None:
    console = terminal()
    show(TerminalView(console))
    assert screen(console) == (
        "✓ Found it\n\nRent is due on the 1st. [1]\n\n • one\n • two\nA widget\n\nMore.\n\n"
        "[1] Rent · rent.md"
    )


def test_an_answer_longer_than_the_screen_stands_there_whole_and_once() -> None:
    console = terminal(height=8)
    lines = [f"line {number}" for number in range(200)]
    view = TerminalView(console)
    with view:
        for line in lines:
            view.text(f"    {line}\n")
            console.file.flush()
    shown = [line.strip() for line in screen(console).splitlines()]
    assert [line for line in shown if line] == lines


def test_a_model_can_not_command_the_terminal() -> None:
    console = terminal()
    with TerminalView(console) as view:
        view.text("a\x1b[2Jb\x07\x9bc")
        view.note("\x1b]0;title\x07")
    written = console.file
    assert isinstance(written, io.StringIO)
    assert "\x1b[2J" not in written.getvalue()
    assert "\x1b]0" not in written.getvalue()
    assert "\x9b" not in written.getvalue()


def test_rich_markup_in_an_answer_is_just_text() -> None:
    console = terminal()
    with TerminalView(console) as view:
        view.note("[bold]not bold[/bold] :smile:")
    assert screen(console) == "[bold]not bold[/bold] :smile:"


def test_a_pipe_gets_plain_text() -> None:
    assert isinstance(view_for(Console(file=io.StringIO())), PlainView)
    assert isinstance(view_for(terminal()), TerminalView)


@pytest.mark.parametrize("message", ["", " \n", "\x1b\x07"])
def test_a_complaint_is_never_without_words(
    message: str, capsys: pytest.CaptureFixture[str]
) -> None:
    complain(message)
    assert capsys.readouterr().err == "Error: Something went wrong.\n"
