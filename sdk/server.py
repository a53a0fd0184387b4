"""The web page on a server of one's own: the standard library's, for this machine unless asked otherwise.

The page colours photos in the browser. The server only hands out files, all of them known before it starts, and never
receives any.
"""

import mimetypes
import webbrowser
from http import HTTPStatus
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Final
from urllib.parse import unquote, urlsplit

from sdk.colorizer import BUNDLED_MODEL
from sdk.errors import OutputError, PageUnavailable

PAGE: Final = Path(__file__).parent / "page"
"""Where the built page lies, if this installation has it."""

HEADERS: Final = {
    # Together these isolate the page from other origins, without which browsers give WebAssembly one thread.
    "Cross-Origin-Opener-Policy": "same-origin",
    "Cross-Origin-Embedder-Policy": "require-corp",
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
    "Cache-Control": "no-cache",
}

# Systems disagree on these two, and browsers insist on them.
_TYPES: Final = {".js": "text/javascript", ".mjs": "text/javascript", ".wasm": "application/wasm"}
_CHUNK_BYTES: Final = 1 << 16


def serve(*, host: str = "127.0.0.1", port: int = 8000, open_browser: bool = True) -> None:
    """Serve the page until interrupted.

    Args:
        host: The address to listen on. Other machines reach the page only if it is one of this machine's network
            addresses, or 0.0.0.0 for all of them.
        port: 0 takes any free one.
        open_browser: Show the page in the user's browser.

    Raises:
        PageUnavailable: This installation has no built page.
        OutputError: The address cannot be listened on.
    """
    with open_server(host=host, port=port) as server:
        address = f"http://{host}:{server.server_port}/"
        print(f"{address}  (stop with Ctrl-C)", flush=True)
        if open_browser:
            webbrowser.open(address)
        server.serve_forever()


def open_server(*, host: str = "127.0.0.1", port: int = 0, page: Path | None = None) -> ThreadingHTTPServer:
    """A server that listens and waits for `serve_forever`; see `serve`."""
    page = page or PAGE
    if not (page / "index.html").is_file():
        raise PageUnavailable(
            "The web page is not in this installation; run `npm ci && npm run build` in web/ and install again."
        )
    files = {**_files(page, "/"), **_files(BUNDLED_MODEL, "/models/"), "/": page / "index.html"}

    class Handler(_FileHandler):
        served = files

    try:
        return ThreadingHTTPServer((host, port), Handler)
    except (OSError, OverflowError) as error:
        raise OutputError(
            f"{host}:{port} cannot be listened on ({error}); choose another with --host, --port."
        ) from error


def _files(folder: Path, prefix: str) -> dict[str, Path]:
    return {prefix + file.relative_to(folder).as_posix(): file for file in folder.rglob("*") if file.is_file()}


class _FileHandler(BaseHTTPRequestHandler):
    """Answers GET and HEAD for known paths. What is not in the table does not exist, so no path can lead elsewhere."""

    served: dict[str, Path] = {}  # noqa: RUF012 - replaced by each server
    protocol_version = "HTTP/1.1"
    server_version = "edge-colorizer"
    sys_version = ""

    def do_GET(self) -> None:
        """Send a file."""
        file = self._start()
        if file:
            with file.open("rb") as stream:
                while chunk := stream.read(_CHUNK_BYTES):
                    self.wfile.write(chunk)

    def do_HEAD(self) -> None:
        """Send a file's headers."""
        self._start()

    def _start(self) -> Path | None:
        file = self.served.get(unquote(urlsplit(self.path).path))
        if file is None or not file.is_file():
            self.send_error(HTTPStatus.NOT_FOUND)
            return None
        self.send_response(HTTPStatus.OK)
        suffix = file.suffix.lower()
        self.send_header(
            "Content-Type", _TYPES.get(suffix) or mimetypes.guess_type(file)[0] or "application/octet-stream"
        )
        self.send_header("Content-Length", str(file.stat().st_size))
        self.end_headers()
        return file

    def end_headers(self) -> None:
        """Every answer, errors too, carries the same protections."""
        for name, value in HEADERS.items():
            self.send_header(name, value)
        super().end_headers()

    def log_message(self, format: str, *args: object) -> None:
        """Say nothing: who looks at which photo is nobody's business."""
