"""``chatkeep serve``, asked by ``chatkeep ask``: what a person gets, through real processes."""

import json
import socket
import subprocess
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Any

import httpx2
import pytest

from chatkeep.testing.model_server import FakeModel, Reply

if TYPE_CHECKING:
    from acceptance.conftest import Run, Serve, Server

DUE = "Rent is due on the first day of each month."


def items_of(answer: "subprocess.CompletedProcess[str]") -> list[dict[str, Any]]:
    items: list[dict[str, Any]] = json.loads(answer.stdout)["items"]
    return items


def post(server: "Server", request_type: str, **params: Any) -> dict[str, Any]:
    body = {"type": request_type, "params": params}
    result: dict[str, Any] = httpx2.post(server.url, json=body).raise_for_status().json()
    return result


# Answering


def test_a_question_about_a_folder_gets_a_cited_answer_that_outlives_a_restart(
    run: "Run", serve: "Serve", docs: Path
) -> None:
    server = serve("docs")
    assert "sqlite:///chatkeep.db" in server.output
    assert "passages of docs (2 files)" in server.output
    page = server.url.removesuffix("chatkit")
    assert f"browser  {page}\n" in server.output
    assert httpx2.get(page).headers["content-type"].startswith("text/html")

    answer = run("ask", "When is the rent due?", "--url", server.url)
    assert answer.returncode == 0, answer.stderr
    assert DUE in answer.stdout
    assert "[1] The rent · When it is due · rent.md, line 5" in answer.stdout
    assert server.interrupt() == 0

    (docs / "pets.txt").unlink()
    again = serve("docs")
    assert "passages of docs (1 file)" in again.output
    [thread] = post(again, "threads.list")["data"]
    assert thread["title"] == "When is the rent due?"
    items = post(again, "items.list", thread_id=thread["id"], order="asc")["data"]
    assert DUE in json.dumps(items[-1]["content"])
    assert again.interrupt() == 0


def test_without_folder_and_model_it_answers_about_itself(run: "Run", serve: "Serve") -> None:
    server = serve()
    assert "Chatkeep's own docs" in server.output
    answer = run("ask", "How do I mount Chatkeep in FastAPI?", "--url", server.url)
    assert "include_router" in answer.stdout
    assert "[1] " in answer.stdout


def test_a_model_answers_from_the_folder_with_its_key_and_instructions(
    run: "Run", serve: "Serve", docs: Path
) -> None:
    with FakeModel(then=Reply("On the first [1].")) as model:
        options = ["--model", "fake", "--base-url", model.base_url]
        options += ["--api-key-env", "MY_KEY", "--instructions", "Be brief."]
        server = serve(str(docs), *options, MY_KEY="sk-secret")
        answer = run("ask", "When is the rent due?", "--url", server.url)
        assert answer.stdout.startswith("On the first [1].")
        assert "rent.md" in answer.stdout
        [request] = model.requests
    assert request.headers["authorization"] == "Bearer sk-secret"
    system = request.body["messages"][0]["content"]
    assert "Be brief." in system
    assert DUE in system
    assert "sk-secret" not in server.output


def test_a_model_without_a_folder_just_answers(run: "Run", serve: "Serve") -> None:
    with FakeModel(then=Reply("Hello!")) as model:
        server = serve("--model", "fake", "--base-url", model.base_url, "--database", "memory:")
        first = run("ask", "Hi", "--json", "--url", server.url)
        thread_id = json.loads(first.stdout)["thread_id"]
        assert items_of(first)[-1]["content"][0]["text"] == "Hello!"
        again = run("ask", "-", "--thread", thread_id, "--url", server.url, stdin="And now?")
        assert again.stdout == "Hello!\n"
        asked = [message["content"] for message in model.requests[1].body["messages"]]
    assert asked == ["Hi", "Hello!", "And now?"]


def test_your_own_chatkeep_is_served_from_this_directory(
    run: "Run", serve: "Serve", own_app: str
) -> None:
    server = serve("--app", own_app)
    answer = run("ask", "say 3 0", "--url", server.url)
    assert answer.stdout == "word0 word1 word2 \n"


def test_two_workers_answer_from_one_database(run: "Run", serve: "Serve", docs: Path) -> None:
    server = serve(str(docs), "--workers", "2")
    answers = [run("ask", "When is the rent due?", "--url", server.url) for _ in range(4)]
    assert all(DUE in answer.stdout for answer in answers), (answers, server.output)
    assert len(post(server, "threads.list")["data"]) == 4
    assert server.interrupt() == 0
    assert "Traceback" not in server.output


def test_reload_takes_up_changed_documents(run: "Run", serve: "Serve", docs: Path) -> None:
    server = serve(str(docs), "--reload")
    assert DUE in run("ask", "When is the rent due?", "--url", server.url).stdout
    (docs / "rent.md").write_text("# The rent\n\nRent is due on Fridays.\n", encoding="utf-8")
    for _ in range(100):
        answer = run("ask", "When is the rent due?", "--url", server.url)
        if "Fridays" in answer.stdout:
            break
    assert "Fridays" in answer.stdout
    server.interrupt()


# The end


def test_ctrl_c_in_the_middle_of_an_answer_keeps_it_and_tells_the_client(
    run: "Run", serve: "Serve", own_app: str, tmp_path: Path
) -> None:
    server = serve("--app", own_app)
    with asking(server, tmp_path) as question:
        assert server.interrupt() == 0
        _, error = question.communicate(timeout=30)
    assert question.returncode == 1
    assert "kept" in error
    assert_kept(serve("--app", own_app), run)


def test_a_second_ctrl_c_ends_it_at_once_and_keeps_the_answer(
    run: "Run", serve: "Serve", own_app: str, tmp_path: Path
) -> None:
    own = tmp_path / "own.py"
    own.write_text(own.read_text().replace("shutdown_grace=0.5", "shutdown_grace=600"))
    server = serve("--app", own_app)
    with asking(server, tmp_path) as question:
        server.process.send_signal(2)
        while "Finishing the answers under way" not in server.output:
            assert server.process.poll() is None
        assert server.interrupt() == 0
        assert "Traceback" not in server.output
        server = serve("--app", own_app, "--port", server.port)
        assert "The server is restarting." in question.communicate(timeout=60)[1]
    assert question.returncode == 1
    assert_kept(server, run)


def test_a_crash_in_the_middle_of_an_answer_loses_nothing_that_was_seen(
    run: "Run", serve: "Serve", own_app: str, tmp_path: Path
) -> None:
    server = serve("--app", own_app)
    with asking(server, tmp_path, words=30) as question:
        server.kill()
        server = serve("--app", own_app, "--port", server.port)
        assert "The server is restarting." in question.communicate(timeout=60)[1]
    assert question.returncode == 1
    assert_kept(server, run)


def asking(server: "Server", directory: Path, words: int = 3) -> "subprocess.Popen[str]":
    """Ask for an answer without end, and return once some of it was printed."""
    command = Path(sys.executable).with_name("chatkeep")
    question = subprocess.Popen(
        [command, "ask", "say 100000 0.05", "--url", server.url],
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )
    assert question.stdout
    seen = ""
    while f"word{words} " not in seen:
        character = question.stdout.read(1)
        assert character, "the answer ended early"
        seen += character
    return question


def assert_kept(server: "Server", run: "Run") -> None:
    """The question and the beginning of its answer are there, and the thread is usable."""
    [thread] = post(server, "threads.list")["data"]
    items = post(server, "items.list", thread_id=thread["id"], order="asc")["data"]
    assert items[0]["content"][0]["text"] == "say 100000 0.05"
    assert items[1]["content"][0]["text"].startswith("word0 word1 word2 ")
    again = run("ask", "say 2 0", "--thread", thread["id"], "--url", server.url)
    assert again.stdout == "word0 word1 \n"


# Refusals: one clear line, exit code 2


def refused(answer: "subprocess.CompletedProcess[str]", *words: str) -> None:
    assert answer.returncode == 2, answer
    assert "Traceback" not in answer.stderr
    for word in words:
        assert word in answer.stderr


def test_another_host_without_an_authenticator_is_refused(run: "Run", docs: Path) -> None:
    refused(run("serve", str(docs), "--host", "0.0.0.0"), "authenticator", "--app")  # noqa: S104


def test_another_host_with_an_authenticator_is_served(
    run: "Run", serve: "Serve", own_app: str
) -> None:
    server = serve("--app", "own:guarded", "--host", "0.0.0.0")  # noqa: S104
    url = server.url.replace("0.0.0.0", "127.0.0.1")  # noqa: S104
    stranger = run("ask", "say 1 0", "--url", url)
    assert stranger.returncode == 1
    assert "--token" in stranger.stderr
    known = run("ask", "say 1 0", "--url", url, CHATKEEP_TOKEN="open sesame")
    assert known.stdout == "word0 \n"
    header = "Authorization: Bearer open sesame"
    assert run("ask", "say 1 0", "--url", url, "--header", header).stdout == "word0 \n"


def test_a_page_cant_reach_it_under_a_name_of_its_own(serve: "Serve", docs: Path) -> None:
    server = serve(str(docs))
    body = {"type": "threads.list", "params": {}}
    assert httpx2.post(server.url, json=body).status_code == 200
    strange = httpx2.post(server.url, json=body, headers={"Host": "evil.test"})
    assert strange.status_code == 400


def test_it_can_be_reached_under_the_names_of_a_proxy(serve: "Serve", docs: Path) -> None:
    names = ["--allowed-host", "chat.example.com", "--allowed-host", "*.example.org"]
    server = serve(str(docs), *names)
    body = {"type": "threads.list", "params": {}}

    def status(host: str) -> int:
        return httpx2.post(server.url, json=body, headers={"Host": host}).status_code

    for host in ("chat.example.com", "chat.example.com:443", "a.example.org", "localhost"):
        assert status(host) == 200, host
    assert status("evil.test") == 400
    page = httpx2.get(server.url.removesuffix("chatkit"), headers={"Host": "chat.example.com"})
    assert page.status_code == 200


def test_a_folder_without_documents_is_warned_of(
    serve: "Serve", docs: Path, tmp_path: Path
) -> None:
    (tmp_path / "empty").mkdir()
    (tmp_path / "empty" / "photo.jpg").write_bytes(b"x")
    server = serve(str(docs), "empty")
    assert "warning  No documents in empty: none that ends in .htm" in server.output
    page = httpx2.get(server.url.removesuffix("chatkit")).text
    assert 'data-notice="No documents in empty: ' in page


def test_folders_with_documents_are_not(serve: "Serve", docs: Path) -> None:
    server = serve(str(docs))
    assert "warning" not in server.output
    assert "data-notice" not in httpx2.get(server.url.removesuffix("chatkit")).text


def test_only_listed_origins_may_call_it(serve: "Serve", docs: Path) -> None:
    server = serve(str(docs), "--cors-origin", "https://a.test", "--cors-origin", "https://b.test")

    def allowed(origin: str) -> str | None:
        asked = {"Origin": origin, "Access-Control-Request-Method": "POST"}
        return httpx2.options(server.url, headers=asked).headers.get("access-control-allow-origin")

    assert allowed("https://b.test") == "https://b.test"
    assert allowed("https://c.test") is None


def test_a_port_in_use_is_named(run: "Run", docs: Path) -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = str(taken.getsockname()[1])
        refused(run("serve", str(docs), "--port", port), f"Port {port} is in use", "--port")


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (["--app", "nowhere:chat"], ["no module nowhere"]),
        (["--app", "own:missing"], ["own has no missing"]),
        (["--app", "own:answer"], ["not a Chatkeep"]),
        (["--app", "own:chat", "--model", "x"], ["--model"]),
        (["missing"], ["missing is not a folder"]),
        (["docs", "--port", "70000"], ["--port", "65535"]),
        (["docs", "--database", "mysql://u:hunter2@h/db"], ["mysql"]),
        (["docs", "--database", "nonsense"], ["sqlite:///"]),
        (["docs", "--database", "sqlite:///no/such/folder.db"], ["no/such"]),
        (["docs", "--database", "memory:", "--workers", "2"], ["--workers"]),
        (["--model", "gpt"], ["OPENAI_API_KEY"]),
        (["--no-such-option"], ["--no-such-option"]),
    ],
    ids=lambda value: " ".join(value) if value and value[0].startswith(("-", "d", "m")) else "",
)
def test_what_cant_be_served_is_refused(
    run: "Run", docs: Path, own_app: str, arguments: list[str], words: list[str]
) -> None:
    answer = run("serve", *arguments, OPENAI_API_KEY="")
    refused(answer, *words)
    assert "hunter2" not in answer.stderr


def test_a_wrong_setting_is_named_with_its_source(run: "Run", tmp_path: Path) -> None:
    (tmp_path / "chatkeep.toml").write_text("modle = 'x'\n", encoding="utf-8")
    refused(run("serve", CHATKEEP_PORT="eighty"), "chatkeep.toml", "modle", "CHATKEEP_PORT")


def test_a_database_that_cant_be_reached_is_named_without_its_password(
    run: "Run", docs: Path
) -> None:
    with socket.socket() as closed:
        closed.bind(("127.0.0.1", 0))
        url = f"postgresql://user:hunter2@127.0.0.1:{closed.getsockname()[1]}/db"
        answer = run("serve", str(docs), "--database", url)
    refused(answer, "Connection refused")
    assert "hunter2" not in answer.stdout + answer.stderr


# Help


def test_the_help_explains_each_option_and_its_variable(run: "Run") -> None:
    shown = " ".join(run("serve", "--help", COLUMNS="200").stdout.split())
    options = (
        "app model base-url api-key-env instructions database host port workers reload cors-origin"
    )
    for option in options.split():
        assert f"--{option}" in shown
        assert f"[CHATKEEP_{option.upper().replace('-', '_')}]" in shown
    assert "[CHATKEEP_FOLDERS]" in shown
    assert "chatkeep.toml" in shown


def test_the_version_is_printed(run: "Run") -> None:
    assert run("--version").stdout.startswith("chatkeep 0.")
