"""Options that several commands have."""

import argparse
from typing import Final, NoReturn

from sdk.backends import BACKENDS
from sdk.colorizer import Colorizer
from sdk.errors import OptionError
from sdk.image import DEFAULT_LIMITS, Limits
from sdk.options import Options, whole_number

MOST_THREADS: Final = 64


class CommandParser(argparse.ArgumentParser):
    """Says in one line what is wrong with the arguments, where argparse lists all options first."""

    def error(self, message: str) -> NoReturn:
        """End the command with the sentence."""
        self.exit(OptionError.exit_code, f"{self.prog}: {message.rstrip('.')}; see {self.prog} --help\n")


def add_model_options(parser: Options) -> None:
    """What is opened, and on how many processors."""
    parser.add_argument("--backend", default="auto", choices=("auto", *BACKENDS), help="runtime (default: auto)")
    parser.add_argument("--model", metavar="DIR", help="folder of another model and its manifest.json")
    parser.add_argument(
        "--threads",
        type=whole_number(1, MOST_THREADS),
        metavar="N",
        help="processor threads for one photo (default: what does best)",
    )


def load(options: argparse.Namespace, *, limits: Limits = DEFAULT_LIMITS, threads: int | None = None) -> Colorizer:
    """Open what `add_model_options` was told to, on so many threads where nobody has said how many."""
    return Colorizer.load(options.backend, model_dir=options.model, threads=options.threads or threads, limits=limits)
