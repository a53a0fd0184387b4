"""`colorize serve`: the built page, with the headers that threads and privacy need, and nothing else of the disk."""

import http.client
import threading
from collections.abc import Iterator
from pathlib import Path

import pytest

from sdk import OutputError, PageUnavailable
from sdk.cli import main
from sdk.colorizer import BUNDLED_MODEL
from sdk.server import HEADERS, open_server


@pytest.fixture
def page(tmp_path: Path) -> Path:
    folder = tmp_path / "page"
    (folder / "assets").mkdir(parents=True)
    (folder / "index.html").write_text("<h1>Hello</h1>")
    (folder / "assets" / "network.wasm").write_bytes(b"\0asm")
    (tmp_path / "secret.txt").write_text("secret")
    return folder


@pytest.fixture
def port(page: Path) -> Iterator[int]:
    with open_server(page=page) as server:
        thread = threading.Thread(target=server.serve_forever)
        thread.start()
        yield server.server_port
        server.shutdown()
        thread.join()


def ask(port: int, path: str, method: str = "GET") -> tuple[http.client.HTTPResponse, bytes]:
    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=5)
    connection.request(method, path)
    answer = connection.getresponse()
    return answer, answer.read()


@pytest.mark.parametrize(
    ("path", "kind", "content"),
    [
        ("/", "text/html", b"<h1>Hello</h1>"),
        ("/?utm=1", "text/html", b"<h1>Hello</h1>"),
        ("/index.html", "text/html", b"<h1>Hello</h1>"),
        ("/assets/network.wasm", "application/wasm", b"\0asm"),
        ("/models/manifest.json", "application/json", (BUNDLED_MODEL / "manifest.json").read_bytes()),
    ],
)
def test_it_serves_the_page_and_the_model(port: int, path: str, kind: str, content: bytes) -> None:
    answer, body = ask(port, path)
    assert (answer.status, answer.getheader("Content-Type"), body) == (200, kind, content)


@pytest.mark.parametrize("path", ["/", "/nothing"])
def test_every_answer_isolates_the_page(port: int, path: str) -> None:
    answer, _ = ask(port, path)
    assert {name: answer.getheader(name) for name in HEADERS} == HEADERS


@pytest.mark.parametrize(
    "path", ["/../secret.txt", "/%2e%2e/secret.txt", "//etc/passwd", "/assets", "/assets/../../secret.txt"]
)
def test_nothing_else_can_be_asked_for(port: int, path: str) -> None:
    answer, body = ask(port, path)
    assert answer.status == 404
    assert b"secret" not in body.lower().replace(b"secret.txt", b"")


def test_head_has_no_body_and_posting_is_refused(port: int) -> None:
    answer, body = ask(port, "/", "HEAD")
    assert (answer.status, answer.getheader("Content-Length"), body) == (200, "14", b"")
    assert ask(port, "/", "POST")[0].status == 501


def test_an_installation_without_the_page_says_how_to_build_it(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    with pytest.raises(PageUnavailable, match="npm run build"):
        open_server(page=tmp_path)
    monkeypatch.setattr("sdk.server.PAGE", tmp_path)
    assert main(["serve", "--no-browser"]) == PageUnavailable.exit_code
    assert "npm run build" in capsys.readouterr().err


def test_a_port_that_is_taken_is_one_clear_error(page: Path, port: int) -> None:
    with pytest.raises(OutputError, match="--port"):
        open_server(port=port, page=page)
