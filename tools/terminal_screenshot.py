"""Makes docs/images/chat.svg: a real `chatkeep chat` against a real `chatkeep serve docs/`.

Needs `pip install pyte`, which plays the terminal. Run from the repository's root.
"""

import os
import pty
import re
import select
import subprocess
import sys
import tempfile
import time
from pathlib import Path

import pyte
from rich.console import Console
from rich.text import Text

COLUMNS, ROWS = 92, 24
PORT = "8137"
QUESTION = b"What happens when a client leaves?"
CHATKEEP = str(Path(sys.executable).with_name("chatkeep"))


def main() -> None:
    """Serve, ask, and draw what the terminal shows."""
    with tempfile.TemporaryDirectory() as folder:
        serve = [CHATKEEP, "serve", "docs", "--port", PORT]
        database = f"sqlite:///{folder}/chat.db"
        server = subprocess.Popen(  # noqa: S603 - our own command
            [*serve, "--database", database], stdout=subprocess.PIPE
        )
        try:
            _wait_for(server)
            draw(converse())
        finally:
            server.terminate()
            server.wait()


def _wait_for(server: "subprocess.Popen[bytes]") -> None:
    assert server.stdout is not None  # noqa: S101
    for line in server.stdout:
        if b"Ctrl-C" in line:
            return


def converse() -> pyte.Screen:
    """Type a question into a terminal of its own, and return its screen when it is answered."""
    screen = pyte.Screen(COLUMNS, ROWS)
    stream = pyte.ByteStream(screen)
    pid, terminal = pty.fork()
    if pid == 0:
        os.environ.update(TERM="xterm-256color", COLUMNS=str(COLUMNS), LINES=str(ROWS))
        os.execl(CHATKEEP, CHATKEEP, "chat", f"http://127.0.0.1:{PORT}/chatkit")  # noqa: S606
    _read(terminal, stream, seconds=2)
    os.write(terminal, QUESTION + b"\r")
    _read(terminal, stream, seconds=4)
    os.close(terminal)
    return screen


def _read(terminal: int, stream: pyte.ByteStream, *, seconds: float) -> None:
    end = time.monotonic() + seconds
    while (left := end - time.monotonic()) > 0:
        if select.select([terminal], [], [], left)[0]:
            stream.feed(os.read(terminal, 65536))


def draw(screen: pyte.Screen) -> None:
    """Write the screen as an SVG."""
    console = Console(record=True, width=COLUMNS, file=open(os.devnull, "w"))  # noqa: SIM115
    rows = [_row(screen, number) for number in range(ROWS)]
    while rows and not rows[-1].plain.strip():
        rows.pop()
    for row in rows:
        console.print(row, no_wrap=True)
    svg = console.export_svg(title="chatkeep chat")
    svg = re.sub(r"@font-face \{.*?\}", "", svg, flags=re.DOTALL)  # no request to a font host
    Path("docs/images/chat.svg").write_text(svg)


def _row(screen: pyte.Screen, number: int) -> Text:
    row = Text()
    for column in range(COLUMNS):
        cell = screen.buffer[number][column]
        style = "bold " if cell.bold else ""
        if cell.fg != "default":
            style += cell.fg if not cell.fg.isalnum() or len(cell.fg) != 6 else f"#{cell.fg}"
        row.append(cell.data, style.strip() or None)
    row.rstrip()
    return row


main()
