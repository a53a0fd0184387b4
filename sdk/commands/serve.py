"""`colorize serve`: the web page, on this machine."""

import argparse

from sdk.commands.common import CommandParser
from sdk.server import serve


def parser() -> argparse.ArgumentParser:
    """The command's options."""
    own = CommandParser(
        prog="colorize serve",
        description="Colour photos in the browser; they never leave it, not even for this server.",
    )
    own.add_argument("--host", default="127.0.0.1", help="address to listen on (default: this machine alone)")
    own.add_argument("--port", type=int, default=8000, help="0 takes any free one (default: 8000)")
    own.add_argument("--no-browser", action="store_true", help="do not open the page")
    return own


def run(arguments: list[str]) -> int:
    """Serve the page until Ctrl-C."""
    options = parser().parse_args(arguments)
    try:
        serve(host=options.host, port=options.port, open_browser=not options.no_browser)
    except KeyboardInterrupt:
        print()
    return 0
