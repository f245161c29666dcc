"""The web element's files, and the page that shows it alone."""

import base64
import hashlib
import html
import json
from collections.abc import Mapping, Sequence
from dataclasses import replace
from pathlib import Path

from .exchange import Outgoing
from .files import Folder

BUILT = Path(__file__).with_name("static")
"""Where ``tools/build_ui.py`` puts the files, and packages have them."""

HOW_TO_BUILD = "The web element is not built: run `make ui`, or install Chatkeep from a package."

_SHARED = {"access-control-allow-origin": "*", "cross-origin-resource-policy": "cross-origin"}
"""A page of another origin may use the element: its files are everyone's, and the same for all."""

_STYLE = """
body { max-width: 34rem; margin: 20vh auto 0; padding: 0 1.5rem; line-height: 1.6;
       font-family: system-ui, sans-serif; }
pre { padding: 1rem; border: 1px solid; border-radius: .5rem; }
"""

_UNBUILT = f"""<!doctype html>
<html lang="en">
<meta charset="utf-8">
<meta name="viewport" content="width=device-width">
<meta name="color-scheme" content="light dark">
<link rel="icon" href="data:,">
<title>Chatkeep: not built yet</title>
<style>{_STYLE}</style>
<main>
<h1>The chat is not built yet</h1>
<p>The server runs, and its API answers at <code>/chatkit</code>. To chat in the browser,
build the web element in the source folder, then load this page again:</p>
<pre><code>make ui</code></pre>
<p>Packages of Chatkeep bring it built.</p>
</main>
</html>
"""


def _policy(styles: str) -> str:
    """Return a policy under which nothing is loaded from, or sent to, any other host."""
    return "; ".join(
        (
            "default-src 'none'",
            "script-src 'self'",
            f"style-src {styles}",
            "connect-src 'self'",
            "img-src 'self' data: blob:",
            "font-src 'self'",
            "base-uri 'none'",
            "form-action 'none'",
            "frame-ancestors 'none'",
            "require-trusted-types-for 'script'",
            "trusted-types 'none'",
        )
    )


def _hash(text: str) -> str:
    return f"'sha256-{base64.b64encode(hashlib.sha256(text.encode()).digest()).decode()}'"


_NO_PROMPTS = 'data-prompts="[]"'
_MISSING = {"content-type": "text/plain; charset=utf-8", "cache-control": "no-store"}
_PAGE = {
    "content-type": "text/html; charset=utf-8",
    "cache-control": "no-cache",
    "x-content-type-options": "nosniff",
    "content-security-policy": _policy("'self'"),
    "cross-origin-opener-policy": "same-origin",
    "referrer-policy": "no-referrer",
}


class UI:
    """The web element's files. Both ways to get one read from the disk."""

    def __init__(self) -> None:
        self._folder = Folder(BUILT)

    def file(self, name: str, request_headers: Mapping[str, str]) -> Outgoing:
        """Return the answer to a request for the file of that name."""
        found = self._read(name, request_headers)
        if found is None:
            missing = HOW_TO_BUILD if self._folder.get("chatkit.js") is None else "No such file."
            found = Outgoing(404, missing.encode(), _MISSING)
        return replace(found, headers={**found.headers, **_SHARED})

    def _read(self, name: str, request_headers: Mapping[str, str]) -> Outgoing | None:
        try:
            file = self._folder.get(name)
            return file.answer(request_headers) if file else None
        except OSError:  # a build has just replaced it
            return None


class Page:
    """The page that shows the web element alone.

    Args:
        prompts: Questions that it offers to begin with.
        notice: What it says above them; by default its own greeting.
    """

    def __init__(self, prompts: Sequence[str] = (), notice: str = "") -> None:
        asked = json.dumps(list(prompts), ensure_ascii=False)
        self._given = f'data-prompts="{html.escape(asked)}"'
        if notice:
            self._given += f' data-notice="{html.escape(notice)}"'

    def show(self) -> Outgoing:
        """Return the page; without the built files, how to build them. Reads from the disk."""
        text = self._read()
        if text is None:
            policy = _policy(_hash(_STYLE))
            headers = _PAGE | {"content-security-policy": policy}
            return Outgoing(200, _UNBUILT.encode(), headers)
        return Outgoing(200, text.encode(), _PAGE)

    def _read(self) -> str | None:
        try:
            text = (BUILT / "page" / "index.html").read_text(encoding="utf-8")
        except OSError:  # it isn't there, or a build has just replaced it
            return None
        return text.replace(_NO_PROMPTS, self._given, 1)
