"""The README and the docs: every Python example runs, and what it serves answers."""

import json
import re
import subprocess
import sys
from pathlib import Path
from types import ModuleType
from typing import Any

import pytest

from chatkeep import Chatkeep
from chatkeep.engine.dispatch import StreamReply

ROOT = Path(__file__).parents[2]
PAGES = [ROOT / "README.md", *sorted((ROOT / "docs").rglob("*.md"))]
NEEDS_A_MODEL = ("Completions(", "AsyncOpenAI(")

HELLO = json.dumps(
    {
        "type": "threads.create",
        "params": {
            "input": {
                "content": [{"type": "input_text", "text": "Hello"}],
                "attachments": [],
                "inference_options": {},
            }
        },
    }
)


def _examples() -> list[Any]:
    return [
        pytest.param(code, id=f"{page.relative_to(ROOT)}:{number}")
        for page in (*PAGES, *sorted((ROOT / "examples").glob("*.py")))
        for number, code in enumerate(_python_in(page))
    ]


def _python_in(page: Path) -> list[str]:
    if page.suffix == ".py":
        return [page.read_text()]
    return re.findall(r"^```python\n(.*?)^```", page.read_text(), re.M | re.S)


@pytest.mark.parametrize("code", _examples())
async def test_a_python_example_runs_and_answers(
    code: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    module = ModuleType("example")
    exec(compile(code, "example", "exec"), module.__dict__)  # noqa: S102 - our own docs
    chat = module.__dict__.get("chat")
    if isinstance(chat, Chatkeep) and not any(name in code for name in NEEDS_A_MODEL):
        assert await _ends_well(chat)


async def _ends_well(chat: Chatkeep) -> bool:
    async with chat.lifespan():
        reply = await chat.process(HELLO)
        assert isinstance(reply, StreamReply)
        streamed = b"".join([chunk async for chunk in reply.stream])
    return b'"assistant_message"' in streamed and b'"type":"error"' not in streamed


@pytest.mark.parametrize("page", PAGES, ids=lambda page: str(page.relative_to(ROOT)))
def test_a_page_links_only_to_what_is_there(page: Path) -> None:
    links = re.findall(r"\]\((?!https?:|#)([^)#]+)", page.read_text())
    assert [link for link in links if not (page.parent / link).exists()] == []


def test_the_commands_in_the_docs_exist() -> None:
    commands = {
        match
        for page in PAGES
        for match in re.findall(r"^\$ chatkeep (\w+)", page.read_text(), re.M)
    }
    assert commands
    for command in commands:
        subprocess.run(
            [sys.executable, "-m", "chatkeep", command, "--help"],
            check=True,
            capture_output=True,
            timeout=60,
        )
