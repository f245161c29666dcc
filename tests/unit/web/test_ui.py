import gzip
import html
import json
import re
from collections.abc import AsyncIterator
from pathlib import Path

import httpx2
import pytest
from fastapi import FastAPI
from starlette.applications import Starlette
from starlette.routing import Mount

from chatkeep import Chatkeep
from chatkeep.cli.assembly import folders, prompts
from chatkeep.cli.server import Application
from chatkeep.cli.settings import load
from chatkeep.testing.client import InProcessTransport
from chatkeep.web import ui
from support.clients import create

SCRIPT = b"console.log('chat');" * 40
FILES = {
    "chatkit.js": SCRIPT,
    "chatkit.js.gz": gzip.compress(SCRIPT),
    "chatkit.0.1.0.js": SCRIPT,
    "LICENSES.txt": b"preact 11",
    "chatkit.mjs": b'export * from "./chunks/chatkit-ABCDEFGH.js";',
    "chunks/chatkit-ABCDEFGH.js": b"export const version = 1;",
    "chunks/KaTeX-ABCDEFGH.woff2": b"wOF2",
    "page/index.html": b'<!doctype html><html data-prompts="[]"><openai-chatkit>',
    "page/page.css": b"main{}",
}


@pytest.fixture
def built(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A folder of built files, beside a file that is none of them."""
    folder = tmp_path / "static"
    write(folder, FILES)
    (tmp_path / "secret.js").write_text("secret")
    monkeypatch.setattr(ui, "BUILT", folder)
    return folder


@pytest.fixture
def unbuilt(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    folder = tmp_path / "static"
    monkeypatch.setattr(ui, "BUILT", folder)
    return folder


@pytest.fixture
async def chat() -> AsyncIterator[Chatkeep]:
    chat = Chatkeep("memory:", responder=lambda _turn: "Hello back")
    async with chat.lifespan():
        yield chat


def write(folder: Path, files: dict[str, bytes]) -> None:
    for name, content in files.items():
        path = folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(content)


def replace(folder: Path, files: dict[str, bytes]) -> None:
    """Put a new folder in the place of the old, as a build does."""
    folder.rename(folder.with_name("old"))
    write(folder, files)


def browser(app: object, **headers: str) -> httpx2.AsyncClient:
    transport = InProcessTransport(app)  # type: ignore[arg-type]
    headers = {"accept-encoding": "identity"} | headers
    return httpx2.AsyncClient(transport=transport, base_url="http://chat.test", headers=headers)


async def send(http: httpx2.AsyncClient, path: str) -> httpx2.Response:
    """Send a message as a client of the API does."""
    headers = {"content-type": "application/json"}
    return await http.post(path, content=create("Hello"), headers=headers)


def apps(chat: Chatkeep) -> dict[str, object]:
    """Every way in which a `Chatkeep` is mounted; the endpoint is at /chatkit in each."""
    fastapi = FastAPI()
    fastapi.include_router(chat.router())
    return {
        "alone": chat.asgi(),
        "mounted": Starlette(routes=[Mount("/chatkit", chat.asgi())]),
        "fastapi": fastapi,
    }


@pytest.mark.parametrize("how", ["alone", "mounted", "fastapi"])
async def test_the_files_are_below_the_endpoint_however_it_is_mounted(
    built: Path, chat: Chatkeep, how: str
) -> None:
    async with browser(apps(chat)[how]) as http:
        answer = await http.get("/chatkit/ui/chatkit.js")
        chunk = await http.get("/chatkit/ui/chunks/chatkit-ABCDEFGH.js")
        head = await http.head("/chatkit/ui/chatkit.js")
        posted = await http.post("/chatkit/ui/chatkit.js")

    assert (head.status_code, head.headers["etag"]) == (200, answer.headers["etag"])
    assert posted.status_code == 405
    assert answer.content == SCRIPT
    assert answer.headers["content-type"] == "text/javascript; charset=utf-8"
    assert answer.headers["x-content-type-options"] == "nosniff"
    assert chunk.content == FILES["chunks/chatkit-ABCDEFGH.js"]


@pytest.mark.parametrize(
    ("name", "media_type", "lasting"),
    [
        ("chatkit.js", "text/javascript; charset=utf-8", False),
        ("chatkit.mjs", "text/javascript; charset=utf-8", False),
        ("page/page.css", "text/css; charset=utf-8", False),
        ("LICENSES.txt", "text/plain; charset=utf-8", False),
        ("chatkit.0.1.0.js", "text/javascript; charset=utf-8", True),
        ("chunks/chatkit-ABCDEFGH.js", "text/javascript; charset=utf-8", True),
        ("chunks/KaTeX-ABCDEFGH.woff2", "font/woff2", True),
    ],
)
async def test_only_what_never_changes_is_kept_without_asking(
    built: Path, chat: Chatkeep, name: str, media_type: str, lasting: bool
) -> None:
    async with browser(chat.asgi()) as http:
        answer = await http.get(f"/chatkit/ui/{name}")

    assert answer.headers["content-type"] == media_type
    wanted = "public, max-age=31536000, immutable" if lasting else "no-cache"
    assert answer.headers["cache-control"] == wanted


async def test_a_file_that_the_browser_has_is_not_sent_again_until_it_changes(
    built: Path, chat: Chatkeep
) -> None:
    async with browser(chat.asgi()) as http:
        first = await http.get("/chatkit/ui/chatkit.js")
        known = {"if-none-match": f'"other", W/{first.headers["etag"]}'}
        again = await http.get("/chatkit/ui/chatkit.js", headers=known)
        replace(built, FILES | {"chatkit.js": b"new"})
        changed = await http.get("/chatkit/ui/chatkit.js", headers=known)

    assert (again.status_code, again.content) == (304, b"")
    assert again.headers["etag"] == first.headers["etag"]
    assert (changed.status_code, changed.content) == (200, b"new")


@pytest.mark.parametrize(
    ("accepted", "encoding"),
    [("gzip, deflate, br", "gzip"), ("gzip;q=0, br", None), ("identity", None)],
)
async def test_a_file_comes_compressed_to_those_who_take_it_so(
    built: Path, chat: Chatkeep, accepted: str, encoding: str | None
) -> None:
    async with browser(chat.asgi(), **{"accept-encoding": accepted}) as http:
        answer = await http.get("/chatkit/ui/chatkit.js")

    assert answer.content == SCRIPT
    assert answer.headers.get("content-encoding") == encoding
    assert answer.headers["vary"] == "accept-encoding"


async def test_an_encoding_has_an_etag_of_its_own(built: Path, chat: Chatkeep) -> None:
    async with browser(chat.asgi()) as http:
        plain = await http.get("/chatkit/ui/chatkit.js")
        packed = await http.get("/chatkit/ui/chatkit.js", headers={"accept-encoding": "gzip"})

    assert plain.headers["etag"] != packed.headers["etag"]


@pytest.mark.parametrize(
    "path",
    [
        "%2e%2e/secret.js",
        "..%2fsecret.js",
        "chunks/%2e%2e/%2e%2e/secret.js",
        "chunks/%2e%2e/chatkit.js",
        "//chatkit.js",
        "chatkit.js/",
        "chatkit.js.gz",
        "chunks",
        "chunks/chatkit-ABCDEFGH.js%00.js",
        "",
    ],
)
async def test_nothing_but_the_files_by_their_names_is_served(
    built: Path, chat: Chatkeep, path: str
) -> None:
    async with browser(chat.asgi()) as http:
        answer = await http.get(f"/chatkit/ui/{path}")

    assert answer.status_code in {400, 404}
    assert b"secret" not in answer.content


async def test_pages_of_other_origins_may_use_the_element(built: Path, chat: Chatkeep) -> None:
    app = chat.asgi(cors_origins=["https://shop.example"])
    async with browser(app, origin="https://blog.example") as http:
        answer = await http.get("/chatkit/ui/chunks/chatkit-ABCDEFGH.js")

    assert answer.headers["access-control-allow-origin"] == "*"
    assert answer.headers["cross-origin-resource-policy"] == "cross-origin"


async def test_the_page_and_the_endpoint_share_the_root(built: Path, chat: Chatkeep) -> None:
    async with browser(chat.asgi(page=True)) as http:
        page = await http.get("/")
        answer = await send(http, "/")
        elsewhere = await http.get("/chatkit")

    assert page.content == FILES["page/index.html"]
    assert page.headers["content-type"] == "text/html; charset=utf-8"
    assert b"Hello back" in answer.content
    assert elsewhere.status_code == 405


async def test_the_page_may_reach_no_other_host_and_run_nothing_inline(
    built: Path, chat: Chatkeep
) -> None:
    async with browser(chat.asgi(page=True)) as http:
        policy = (await http.get("/")).headers["content-security-policy"]

    directives = dict(part.strip().split(" ", 1) for part in policy.split(";"))
    assert directives["default-src"] == "'none'"
    assert directives["script-src"] == directives["style-src"] == "'self'"
    assert directives["connect-src"] == directives["font-src"] == "'self'"
    assert directives["img-src"] == "'self' data: blob:"
    for name in ("base-uri", "form-action", "frame-ancestors"):
        assert directives[name] == "'none'"


async def test_serve_shows_the_page(built: Path, chat: Chatkeep) -> None:
    app = Application(load(prompt=["Why, though?"]), chat)
    async with browser(app) as http:
        page = await http.get("/", headers={"host": "127.0.0.1:8000"})

    assert page.text.endswith("<openai-chatkit>")
    assert "Why, though?" in page.text


async def test_the_page_offers_questions_whatever_is_in_them(built: Path, chat: Chatkeep) -> None:
    questions = ['What is "half" of <b>2</b> & 3?', "¿Cuánto?"]
    async with browser(chat.asgi(page=True, prompts=questions)) as http:
        page = await http.get("/")

    [given] = re.findall('data-prompts="([^"]*)"', page.text)
    assert json.loads(html.unescape(given)) == questions
    assert "<b>" not in page.text


async def test_the_page_says_what_it_is_given_to_say(built: Path, chat: Chatkeep) -> None:
    said = 'No documents in "<b>docs</b>".'
    async with browser(chat.asgi(page=True, notice=said)) as http:
        page = await http.get("/")

    [given] = re.findall('data-notice="([^"]*)"', page.text)
    assert html.unescape(given) == said
    assert "<b>" not in page.text


def test_serve_offers_questions_about_its_own_documents_alone(tmp_path: Path) -> None:
    assert len(prompts(load())) > 2
    assert prompts(load(folders=[str(own_folder())])) == prompts(load())
    assert list(prompts(load(folders=[str(tmp_path)]))) == []
    assert list(prompts(load(folders=[str(tmp_path)], prompt=["Why, though?"]))) == ["Why, though?"]
    assert list(prompts(load(model="m"))) == []
    assert list(prompts(load(app="shop:chat"))) == []


def own_folder() -> Path:
    """The documents that are served when no folder is named."""
    [folder] = folders(load())
    return folder


async def test_without_a_page_the_root_is_the_endpoint_alone(built: Path, chat: Chatkeep) -> None:
    async with browser(chat.asgi()) as http:
        assert (await http.get("/")).status_code == 405


async def test_without_the_built_files_the_page_says_how_to_build_and_the_api_works(
    unbuilt: Path, chat: Chatkeep
) -> None:
    async with browser(chat.asgi(page=True)) as http:
        page = await http.get("/")
        script = await http.get("/chatkit/ui/chatkit.js")
        answer = await send(http, "/chatkit")
        write(unbuilt, FILES)
        then = await http.get("/")

    assert "make ui" in page.text
    assert "'unsafe-inline'" not in page.headers["content-security-policy"]
    assert (script.status_code, script.headers["cache-control"]) == (404, "no-store")
    assert "make ui" in script.text
    assert b"Hello back" in answer.content
    assert then.content == FILES["page/index.html"]
