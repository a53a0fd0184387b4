"""`colorize serve`: the built page, with the headers that threads and privacy need, and nothing else of the disk."""

import gzip
import http.client
import shutil
import socket
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from hatch_build import pack
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


@contextmanager
def serving(page: Path, host: str = "127.0.0.1") -> Iterator[int]:
    with open_server(host=host, page=page) as server:
        thread = threading.Thread(target=server.serve_forever, args=(0.01,))
        thread.start()
        yield server.server_port
        server.shutdown()
        thread.join()


@pytest.fixture
def port(page: Path) -> Iterator[int]:
    with serving(page) as port:
        yield port


def ask(
    port: int, path: str, method: str = "GET", *, host: str = "127.0.0.1", **headers: str
) -> tuple[http.client.HTTPResponse, bytes]:
    connection = http.client.HTTPConnection(host, port, timeout=5)
    connection.request(method, path, headers={name.replace("_", "-"): value for name, value in headers.items()})
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


def test_an_installed_page_is_served_out_of_its_archive(page: Path) -> None:
    (page / "models").mkdir()
    (page / "models" / "old.tflite").write_bytes(b"old")
    pack(page, page.with_suffix(".tar.xz"))
    shutil.rmtree(page)
    with serving(page) as port:
        for path, content in {"/": b"<h1>Hello</h1>", "/assets/network.wasm": b"\0asm"}.items():
            assert ask(port, path)[1] == content
        assert ask(port, "/models/old.tflite")[0].status == 404
        assert ask(port, "/models/student-int8.tflite")[0].status == 200


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


def test_what_shrinks_is_sent_compressed_to_those_who_take_it(port: int) -> None:
    plain, body = ask(port, "/models/manifest.json")
    answer, compressed = ask(port, "/models/manifest.json", Accept_Encoding="br, gzip")
    assert (answer.getheader("Content-Encoding"), gzip.decompress(compressed)) == ("gzip", body)
    assert len(compressed) < len(body)
    assert answer.getheader("ETag") != plain.getheader("ETag")
    assert ask(port, "/models/manifest.json", Accept_Encoding="br, gzip;q=0")[1] == body


def test_a_browser_keeps_its_copy_while_the_file_is_the_same(port: int) -> None:
    tag = ask(port, "/assets/network.wasm")[0].getheader("ETag")
    assert tag
    answer, body = ask(port, "/assets/network.wasm", If_None_Match=tag)
    assert (answer.status, body, answer.getheader("ETag")) == (304, b"", tag)
    assert ask(port, "/assets/network.wasm", If_None_Match='"another"')[0].status == 200


@pytest.mark.parametrize(
    ("asked", "status", "content", "where"),
    [
        ("bytes=1-2", 206, b"as", "bytes 1-2/4"),
        ("bytes=2-", 206, b"sm", "bytes 2-3/4"),
        ("bytes=-1", 206, b"m", "bytes 3-3/4"),
        ("bytes=1-99", 206, b"asm", "bytes 1-3/4"),
        ("bytes=-99", 206, b"\0asm", "bytes 0-3/4"),
        ("bytes=4-", 416, b"", "bytes */4"),
        ("bytes=-0", 416, b"", "bytes */4"),
        ("bytes=0-1,3-3", 200, b"\0asm", None),
        ("rows=1-2", 200, b"\0asm", None),
        ("bytes=-", 200, b"\0asm", None),
    ],
)
def test_a_part_can_be_asked_for(port: int, asked: str, status: int, content: bytes, where: str | None) -> None:
    answer, body = ask(port, "/assets/network.wasm", Range=asked)
    assert (answer.status, body, answer.getheader("Content-Range")) == (status, content, where)


def test_a_part_of_another_version_is_not_mixed_in(port: int) -> None:
    answer, body = ask(port, "/assets/network.wasm", Range="bytes=1-2", If_Range='"another"')
    assert (answer.status, body) == (200, b"\0asm")


@pytest.mark.parametrize("host", ["evil.example", "evil.example:8000", "127.0.0.1.evil.example", "[::1", ""])
def test_a_strangers_name_that_leads_here_is_refused(port: int, host: str) -> None:
    answer, body = ask(port, "/", Host=host)
    assert answer.status == 421
    assert b"Hello" not in body


@pytest.mark.parametrize("host", ["localhost", "LOCALHOST:80", "192.168.1.7:8000", "[::1]:8000", socket.gethostname()])
def test_its_own_names_and_addresses_are_answered(port: int, host: str) -> None:
    assert ask(port, "/", Host=host)[0].status == 200


def test_a_connection_that_says_nothing_is_closed(port: int, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("sdk.server._FileHandler.timeout", 0.2)
    for said in (b"", b"GET / HT"):
        with socket.create_connection(("127.0.0.1", port), timeout=5) as connection:
            connection.sendall(said)
            assert connection.recv(1) == b""


def test_a_browser_that_goes_away_leaves_no_traceback(
    page: Path, capfd: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("sdk.server._FileHandler.timeout", 0.2)
    (page / "index.html").write_bytes(bytes(30_000_000))  # more than the system's buffers take
    with serving(page) as port:
        threads = threading.active_count()
        with socket.create_connection(("127.0.0.1", port), timeout=5) as connection:
            connection.sendall(b"GET / HTTP/1.1\r\nHost: localhost\r\n\r\n")
            connection.recv(1)
        deadline = time.monotonic() + 5
        while threading.active_count() > threads and time.monotonic() < deadline:
            time.sleep(0.05)
        assert threading.active_count() == threads
    assert capfd.readouterr().err == ""


def test_it_listens_on_ipv6(page: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch) -> None:
    if not socket.has_ipv6:
        pytest.skip("NOT MEASURED: this machine has no IPv6")
    with serving(page, host="::1") as port:
        assert ask(port, "/", host="::1")[0].status == 200
    monkeypatch.setattr("sdk.server.PAGE", page)
    monkeypatch.setattr("sdk.server._Server.serve_forever", lambda server: None)
    assert main(["serve", "--host", "::1", "--port", "0", "--no-browser"]) == 0
    assert capsys.readouterr().out.startswith("http://[::1]:")


def test_an_installation_without_the_page_says_how_to_build_it(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    with pytest.raises(PageUnavailable, match="npm"):
        open_server(page=tmp_path)
    monkeypatch.setattr("sdk.server.PAGE", tmp_path)
    assert main(["serve", "--no-browser"]) == PageUnavailable.exit_code
    assert "Install again" in capsys.readouterr().err


def test_a_port_that_is_taken_is_one_clear_error(page: Path, port: int) -> None:
    with pytest.raises(OutputError, match="--port"):
        open_server(port=port, page=page)
