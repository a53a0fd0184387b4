"""`colorize info`: which model, backend and versions these are."""

import argparse
import json
from dataclasses import asdict

from sdk.colorizer import Colorizer


def run(arguments: list[str]) -> int:
    """Print what `Colorizer.info` says."""
    parser = argparse.ArgumentParser(prog="colorize info", description="Show the model, its backend and versions.")
    parser.add_argument("--backend", default="auto", help="runtime (default: auto)")
    parser.add_argument("--json", action="store_true", help="as one JSON object")
    options = parser.parse_args(arguments)
    with Colorizer.load(options.backend) as colorizer:
        facts = asdict(colorizer.info())
    if options.json:
        print(json.dumps(facts))
        return 0
    for name, value in {**facts, **facts.pop("versions")}.items():
        if name != "versions":
            print(f"{name:15} {value}")
    return 0
