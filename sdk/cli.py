"""The `colorize` command: finds the subcommand, and turns errors into one line and an exit code."""

import io
import sys
from importlib import import_module
from typing import Final

from sdk.errors import ColorizerError

# Name → module with `run`. What is no command's name is a photo's.
COMMANDS: Final = {
    "info": "sdk.commands.info",
    "bench": "sdk.commands.bench",
    "serve": "sdk.commands.serve",
}
DEFAULT_COMMAND: Final = "sdk.commands.photos"


def main(arguments: list[str] | None = None) -> int:
    """Run a command. Returns the exit code."""
    for stream in (sys.stdout, sys.stderr):  # a file's name may be no text of this system's
        if isinstance(stream, io.TextIOWrapper):
            stream.reconfigure(errors="backslashreplace")
    arguments = sys.argv[1:] if arguments is None else arguments
    name = arguments[0] if arguments else ""
    module = COMMANDS.get(name, DEFAULT_COMMAND)
    try:
        return import_module(module).run(arguments[1:] if name in COMMANDS else arguments)
    except ColorizerError as error:
        print(f"colorize: {error}", file=sys.stderr)
        return error.exit_code
    except KeyboardInterrupt:
        print("colorize: stopped; what is written is whole, and the same command goes on from there", file=sys.stderr)
        return 130


if __name__ == "__main__":
    sys.exit(main())
