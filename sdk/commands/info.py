"""`colorize info`: which model, backend and versions these are."""

import argparse
import json
from dataclasses import asdict

from sdk.commands.common import CommandParser, add_model_options, load


def parser() -> argparse.ArgumentParser:
    """The command's options."""
    own = CommandParser(prog="colorize info", description="Show the model, its backend and versions.")
    add_model_options(own)
    own.add_argument("--json", action="store_true", help="as one JSON object")
    return own


def run(arguments: list[str]) -> int:
    """Print what `Colorizer.info` says."""
    options = parser().parse_args(arguments)
    with load(options) as colorizer:
        info = colorizer.info()
    facts = asdict(info)
    del facts["packages"]
    if options.json:
        print(json.dumps({**facts, "versions": info.versions}))
        return 0
    for name, value in {**facts, **info.versions}.items():
        print(f"{name:15} {value}")
    return 0
