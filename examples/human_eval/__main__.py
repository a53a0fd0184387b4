"""Can people tell our colours from true ones? A blind test to open in a browser, and its figures.

    pip install -e '.[train,examples]'   # from a checkout; `make` needs the SDK alone
    python -m examples.human_eval make albums/ --out page/
    python -m examples.human_eval report page-key.json results-*.json

`make` writes a page that shows photos for three seconds each, half of them coloured from their lightness by the bundled
model, and asks: real or generated? Open page/index.html, or put the folder on any web server; it asks nobody else. At
the end each viewer saves a file of answers. Which photos were generated stands in page-key.json, beside the page and
not in it: keep it to yourself. `report` prints, for each viewer and for all, how many generated photos passed for real
and how many real ones did, with Wilson intervals of 95 %. Exit code 2: it could not be done, and why.
"""

import argparse
import sys
from pathlib import Path

from examples.human_eval.make import make
from sdk import ColorizerError


def main(arguments: list[str] | None = None) -> int:
    """Make a page or report on its results. Returns the exit code."""
    options = _parser().parse_args(arguments)
    try:
        if options.command == "make":
            key = options.key or options.out.with_name(f"{options.out.name}-key.json")
            made = make(options.photos, options.out, key, seconds=options.seconds, count=options.count)
            print(f"{made} photos in {options.out / 'index.html'}; which are generated: {key}")
        else:
            from examples.human_eval.report import report  # SciPy and PyTorch, which `make` does without

            print(report(options.key, options.results))
    except (ColorizerError, OSError, ValueError) as error:
        print(f"human_eval: {error}", file=sys.stderr)
        return 2
    return 0


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="python -m examples.human_eval",
        description=__doc__,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    commands = parser.add_subparsers(dest="command", required=True)
    page = commands.add_parser("make", help="make the page and its key")
    page.add_argument("photos", type=Path, help="a folder of true colour photos that nobody taking part knows")
    page.add_argument("--out", type=Path, required=True, help="folder for the page; must not exist yet")
    page.add_argument("--key", type=Path, help="file for the answers (default: OUT-key.json)")
    page.add_argument("--seconds", type=float, default=3.0, help="how long a photo is shown (default 3)")
    page.add_argument("--count", type=int, default=40, help="at most so many photos, drawn at random (default 40)")
    figures = commands.add_parser("report", help="print what viewers' results say, as a Markdown table")
    figures.add_argument("key", type=Path, help="the key that `make` wrote")
    figures.add_argument("results", type=Path, nargs="+", help="files that viewers saved, one a viewer")
    return parser


if __name__ == "__main__":
    sys.exit(main())
