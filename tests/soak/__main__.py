"""Photos, damaged files, threads and killed runs for minutes, with figures.

    python -m tests.soak --minutes 20 --json soak.json

Exit codes: 0 every promise held; 1 one broke, and its row says how.
"""

import argparse
import json
import sys
import tempfile
from pathlib import Path
from time import perf_counter

from tqdm import tqdm

from tests.soak.concerns import CONCERNS
from training.evaluate import markdown_table


def main(arguments: list[str] | None = None) -> int:
    """Run every concern for its share of the minutes. Returns the exit code."""
    parser = argparse.ArgumentParser(
        prog="python -m tests.soak", description=__doc__, formatter_class=argparse.RawTextHelpFormatter
    )
    parser.add_argument("--minutes", type=float, default=20, help="for all concerns together (default: %(default)s)")
    parser.add_argument("--json", type=Path, help="also write the figures here")
    options = parser.parse_args(arguments)
    figures: dict[str, dict[str, float | str]] = {}
    for name, concern in tqdm(CONCERNS.items(), desc="soaking", unit="concern"):
        start = perf_counter()
        with tempfile.TemporaryDirectory() as folder:
            try:
                found = dict(concern(options.minutes * 60 / len(CONCERNS), Path(folder)))
            except AssertionError as error:
                found = {"broken": str(error)}
        figures[name] = {"seconds": perf_counter() - start, **found}
    rows = [
        [name, ", ".join(f"{key} {v:.6g}" if isinstance(v, float | int) else f"{key}: {v}" for key, v in found.items())]
        for name, found in figures.items()
    ]
    print(markdown_table([["concern", "figures"], *rows]))
    if options.json:
        options.json.write_text(json.dumps(figures, indent=2) + "\n")
    return 1 if any("broken" in found for found in figures.values()) else 0


if __name__ == "__main__":
    sys.exit(main())
