"""The web page on a server of one's own: the standard library's, for this machine unless asked otherwise.

The page colours photos in the browser. The server only hands out files, all of them known before it starts, and never
receives any.
"""

import gzip
import hashlib
import ipaddress
import mimetypes
import re
import socket
import sys
import tarfile
import webbrowser
from dataclasses import dataclass
from functools import cached_property
from http import HTTPStatus
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any, Final
from urllib.parse import unquote, urlsplit

from sdk.colorizer import BUNDLED_MODEL
from sdk.errors import OutputError, PageUnavailable

PAGE: Final = Path(__file__).parent / "page"
"""Where the page lies: a folder where it was built, a `.tar.xz` beside that where it was installed, if at all."""

HEADERS: Final = {
    # Pages of other origins can neither hold on to this one nor show its files.
    "Cross-Origin-Opener-Policy": "same-origin",
    "Cross-Origin-Resource-Policy": "same-origin",
    # The page talks to nobody but this server.
    "Content-Security-Policy": (
        "default-src 'none'; script-src 'self' 'wasm-unsafe-eval'; worker-src 'self'; connect-src 'self'; "
        "img-src 'self' blob:; media-src 'self' blob:; style-src 'self'; font-src 'self'; manifest-src 'self'; "
        "base-uri 'none'; form-action 'none'; frame-ancestors 'none'"
    ),
    "Permissions-Policy": "camera=(self), geolocation=(), microphone=()",
    "Referrer-Policy": "no-referrer",
    "X-Content-Type-Options": "nosniff",
    # A browser asks whether its copy is still the right one; "Vary" keeps the compressed copy apart.
    "Cache-Control": "no-cache",
    "Vary": "Accept-Encoding",
}

# Systems disagree on these two, and browsers insist on them.
_TYPES: Final = {".js": "text/javascript", ".mjs": "text/javascript", ".wasm": "application/wasm"}
_COMPRESSIBLE: Final = {".css", ".html", ".js", ".json", ".mjs", ".onnx", ".svg", ".tflite", ".wasm", ".webmanifest"}
_CHUNK_BYTES: Final = 1 << 16
_SILENCE_SECONDS: Final = 20
"""A connection that says nothing for so long is closed; a phone on a slow network says something sooner."""


def serve(*, host: str = "127.0.0.1", port: int = 8000, open_browser: bool = True) -> None:
    """Serve the page until interrupted.

    Args:
        host: The address to listen on. Other machines reach the page only if it is one of this machine's network
            addresses, or 0.0.0.0 (:: for IPv6) for all of them.
        port: 0 takes any free one.
        open_browser: Show the page in the user's browser.

    Raises:
        PageUnavailable: This installation has no built page.
        OutputError: The address cannot be listened on.
    """
    with open_server(host=host, port=port) as server:
        address = f"http://{f'[{host}]' if ':' in host else host}:{server.server_port}/"
        print(f"{address}  (stop with Ctrl-C)", flush=True)
        if open_browser:
            webbrowser.open(address)
        server.serve_forever()


def open_server(*, host: str = "127.0.0.1", port: int = 0, page: Path | None = None) -> ThreadingHTTPServer:
    """A server that listens and waits for `serve_forever`; see `serve`."""
    files = _page(page or PAGE)
    if "/index.html" not in files:
        raise PageUnavailable(
            "This installation has no web page: there was no npm (https://nodejs.org) to build it, or no network. "
            "Install again from a checkout where both are at hand, or run `just page` in one."
        )
    files |= _folder(BUNDLED_MODEL, "/models/")
    files["/"] = files["/index.html"]

    class Handler(_FileHandler):
        served = files
        own_names = frozenset({host.lower(), "localhost", socket.gethostname().lower()})

    class Server(_Server):
        address_family = socket.AF_INET6 if ":" in host else socket.AF_INET

    try:
        return Server((host, port), Handler)
    except (OSError, OverflowError) as error:
        raise OutputError(
            f"{host}:{port} cannot be listened on ({error}); choose another with --host, --port."
        ) from error


@dataclass(frozen=True)
class _File:
    """A file as it is sent; what takes time is done once, when it is first asked for."""

    suffix: str
    plain: bytes

    @cached_property
    def compressed(self) -> bytes | None:
        return gzip.compress(self.plain, mtime=0) if self.suffix in _COMPRESSIBLE else None

    @cached_property
    def tag(self) -> str:
        return hashlib.sha256(self.plain).hexdigest()[:32]

    @property
    def type(self) -> str:
        return _TYPES.get(self.suffix) or mimetypes.guess_type(f"file{self.suffix}")[0] or "application/octet-stream"


def _page(page: Path) -> dict[str, _File]:
    archive = page.with_suffix(".tar.xz")
    return _folder(page, "/") if page.is_dir() or not archive.exists() else _unpacked(archive)


def _folder(folder: Path, prefix: str) -> dict[str, _File]:
    paths = [path for path in folder.rglob("*") if path.is_file()]
    return {
        prefix + path.relative_to(folder).as_posix(): _File(path.suffix.lower(), path.read_bytes()) for path in paths
    }


def _unpacked(archive: Path) -> dict[str, _File]:
    """In memory: hatch_build.py packed it, and nothing needs it on the disk."""
    with tarfile.open(archive) as packed:
        return {
            f"/{member.name}": _File(Path(member.name).suffix.lower(), file.read())
            for member in packed
            if (file := packed.extractfile(member))
        }


class _Server(ThreadingHTTPServer):
    def handle_error(self, request: Any, client_address: Any) -> None:  # noqa: ARG002 - the standard library's
        """One line for what nobody foresaw; a browser that went away is no error."""
        error = sys.exception()
        if not isinstance(error, OSError):
            print(f"A request failed: {error!r}", file=sys.stderr)


class _FileHandler(BaseHTTPRequestHandler):
    """Answers GET and HEAD for known paths. What is not in the table does not exist, so no path can lead elsewhere."""

    served: dict[str, _File] = {}  # noqa: RUF012 - replaced by each server
    own_names: frozenset[str] = frozenset()
    protocol_version = "HTTP/1.1"
    server_version = "edge-colorizer"
    sys_version = ""
    timeout = _SILENCE_SECONDS

    def do_GET(self) -> None:
        """Send a file, or the part of it that is asked for."""
        body = memoryview(self._start())
        for start in range(0, len(body), _CHUNK_BYTES):  # the timeout is that of a chunk, not of the whole file
            self.wfile.write(body[start : start + _CHUNK_BYTES])

    def do_HEAD(self) -> None:
        """Send a file's headers."""
        self._start()

    def _start(self) -> bytes:
        """Sends the status and the headers; returns the body that belongs to them."""
        if not self._is_meant():
            return self._refuse(HTTPStatus.MISDIRECTED_REQUEST, "Ask for this server by its address.")
        file = self.served.get(unquote(urlsplit(self.path).path))
        if file is None:
            return self._refuse(HTTPStatus.NOT_FOUND)
        asked_range = self.headers.get("Range")
        compressed = file.compressed if self._takes_gzip() and not asked_range else None
        tag = f'"{file.tag}-gzip"' if compressed else f'"{file.tag}"'
        headers = {"ETag": tag, "Accept-Ranges": "bytes"}
        if tag in self.headers.get("If-None-Match", ""):
            return self._send(HTTPStatus.NOT_MODIFIED, headers, b"")
        headers["Content-Type"] = file.type
        if compressed:
            return self._send(HTTPStatus.OK, {**headers, "Content-Encoding": "gzip"}, compressed)
        if asked_range and self.headers.get("If-Range", tag) == tag:
            return self._send_part(file.plain, asked_range, headers)
        return self._send(HTTPStatus.OK, headers, file.plain)

    def _send_part(self, content: bytes, asked: str, headers: dict[str, str]) -> bytes:
        """One range of bytes (RFC 9110, 14); of several, or of another unit, everything is sent, as is allowed."""
        found = re.fullmatch(r"bytes=(\d*)-(\d*)", asked.replace(" ", ""))
        if not found or found.groups() == ("", ""):
            return self._send(HTTPStatus.OK, headers, content)
        first, last = found.groups()
        start = int(first) if first else max(0, len(content) - int(last))
        end = min(int(last) + 1, len(content)) if first and last else len(content)
        if start >= end:
            unsatisfied = {"Content-Range": f"bytes */{len(content)}"}
            return self._send(HTTPStatus.REQUESTED_RANGE_NOT_SATISFIABLE, unsatisfied, b"")
        headers["Content-Range"] = f"bytes {start}-{end - 1}/{len(content)}"
        return self._send(HTTPStatus.PARTIAL_CONTENT, headers, content[start:end])

    def _send(self, status: HTTPStatus, headers: dict[str, str], body: bytes) -> bytes:
        self.send_response(status)
        for name, value in headers.items():
            self.send_header(name, value)
        if status != HTTPStatus.NOT_MODIFIED:
            self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        return body

    def _refuse(self, status: HTTPStatus, reason: str | None = None) -> bytes:
        self.send_error(status, explain=reason)
        return b""

    def _takes_gzip(self) -> bool:
        return bool(re.search(r"\bgzip\b(?!\s*;\s*q=0(\.0*)?\s*(,|$))", self.headers.get("Accept-Encoding", "")))

    def _is_meant(self) -> bool:
        """Whether the address bar showed this machine: a stranger's name that leads here is DNS rebinding."""
        name = re.sub(r":\d*$", "", self.headers.get("Host", "").lower())
        try:
            ipaddress.ip_address(name.strip("[]"))
        except ValueError:
            return name.removesuffix(".local") in self.own_names
        return True

    def end_headers(self) -> None:
        """Every answer, errors too, carries the same protections."""
        for name, value in HEADERS.items():
            self.send_header(name, value)
        super().end_headers()

    def log_message(self, format: str, *args: object) -> None:
        """Say nothing: who looks at which photo is nobody's business."""
