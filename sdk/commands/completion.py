"""`colorize completion SHELL`: what a shell needs to complete the command's options and files."""

import argparse
from importlib import import_module
from typing import Any, Final

from sdk import cli
from sdk.commands.common import CommandParser
from sdk.errors import OptionError

_SHELLS: Final = ("bash", "zsh", "tcsh")
# What may stand in a photo's place: a file, or a command.
_PHOTOS: Final = """
_colorize_photos() {{
  compgen -f -- "$1"
  compgen -W "{}" -- "$1"
}}
"""


def parser() -> argparse.ArgumentParser:
    """The command's options."""
    own = CommandParser(
        prog="colorize completion",
        description="Print what completes colorize's options in a shell; needs shtab, the extra completion.",
        epilog="such as: colorize completion bash > ~/.local/share/bash-completion/completions/colorize",
    )
    own.add_argument("shell", choices=_SHELLS)
    return own


def run(arguments: list[str]) -> int:
    """Print the completion of one shell."""
    options = parser().parse_args(arguments)
    try:
        import shtab
    except ImportError as error:
        raise OptionError(
            'Completion needs shtab: install edge-colorizer with its extra "completion", or pip install shtab.'
        ) from error
    whole = import_module(cli.DEFAULT_COMMAND).parser()
    for action in whole._actions:  # pyright: ignore[reportPrivateUsage] - where shtab looks for them
        if action.dest == "photos":
            action.complete = {"bash": "_colorize_photos", "zsh": "_files"}  # pyright: ignore[reportAttributeAccessIssue]
        elif action.metavar in ("OUT", "FILE", "SHEET", "DIR"):
            action.complete = shtab.FILE  # pyright: ignore[reportAttributeAccessIssue]
    preamble: Any = {"bash": _PHOTOS.format(" ".join(cli.COMMANDS))}  # by shell, whatever its type says
    print(shtab.complete(whole, options.shell, preamble=preamble))
    return 0
