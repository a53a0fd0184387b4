"""`colorize -`: one photo from standard input, or to standard output."""

import argparse
import io
import sys
from dataclasses import replace
from pathlib import Path
from time import perf_counter
from typing import Final

from sdk.batch import Result
from sdk.commands.common import load
from sdk.commands.telling import Telling
from sdk.errors import OutputError
from sdk.image import DEFAULT_LIMITS
from sdk.saving import FileOptions

_STREAM: Final = Path("-")


def run(parser: argparse.ArgumentParser, options: argparse.Namespace, asked: FileOptions) -> int:
    """Colour one photo. Returns the exit code."""
    to_stdout = options.output in (None, "-")
    if len(options.photos) > 1 or options.compare or options.dry_run:
        parser.error("- is one photo; name no other, and no --compare or --dry-run")
    if asked.get("keep_times"):
        parser.error("standard input and output have no times; leave --keep-times out")
    if to_stdout and options.json:
        parser.error("a picture and --json cannot both go to standard output; name a file with -o")
    if to_stdout and sys.stdout.isatty():
        raise OutputError("A terminal shows no picture; name a file with -o, or redirect standard output.")
    telling = Telling(quiet=options.quiet, verbose=options.verbose, as_json=options.json)
    start = perf_counter()
    with load(options, limits=replace(DEFAULT_LIMITS, pixels=options.limit_pixels)) as colorizer:
        telling.begin(colorizer.info())
        photo = sys.stdin.buffer if options.photos == ["-"] else options.photos[0]
        if to_stdout:
            picture = io.BytesIO()
            colorizer.colorize_file(photo, picture, **{"format": "png", **asked})
            sys.stdout.buffer.write(picture.getbuffer())
            return 0
        coloured = colorizer.colorize_file(photo, options.output, **asked)
    status = "coloured" if coloured else "kept"
    telling.tell(Result(_STREAM, Path(options.output), status, perf_counter() - start))
    return 0
