"""`colorize info`: which model, backend and versions these are."""

import argparse
import json
from dataclasses import asdict

from sdk.commands.common import add_model_options, load


def parser() -> argparse.ArgumentParser:
    """The command's options."""
    own = argparse.ArgumentParser(prog="colorize info", description="Show the model, its backend and versions.")
    add_model_options(own)
    own.add_argument("--json", action="store_true", help="as one JSON object")
    return own


def run(arguments: list[str]) -> int:
    """Print what `Colorizer.info` says."""
    options = parser().parse_args(arguments)
    with load(options) as colorizer:
        facts = asdict(colorizer.info())
    if options.json:
        print(json.dumps(facts))
        return 0
    for name, value in {**facts, **facts.pop("versions")}.items():
        if name != "versions":
            print(f"{name:15} {value}")
    return 0
