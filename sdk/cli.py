"""The `colorize` command."""

import argparse
import sys
from importlib.metadata import version
from pathlib import Path

from sdk import image
from sdk.colorizer import Colorizer
from sdk.errors import ColorizerError, OutputError, PhotoError

_EPILOG = """\
examples:
  colorize grandmother.jpg                  writes grandmother-colour.jpg beside it
  colorize scan.tif -o grandmother.png      writes the file you name

exit codes:
  0  done
  2  the photo, the output or an option is unusable; one line says why, and nothing is written
  3  the model or its runtime is missing or altered
"""


def main(arguments: list[str] | None = None) -> int:
    """Colour one photo. Returns the exit code."""
    options = _parser().parse_args(arguments)
    photo: Path = options.photo
    out: Path = options.output or photo.with_name(f"{photo.stem}-colour{photo.suffix}")
    try:
        coloured = Colorizer.load().colorize(photo)
        image.write(coloured, out, overwrite=options.overwrite)
    except ColorizerError as error:
        print(f"colorize: {error}", file=sys.stderr)
        return 2 if isinstance(error, PhotoError | OutputError) else 3
    print(out)
    return 0


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="colorize",
        description="Turn a grey photograph into colour, on this machine, without a network.",
        epilog=_EPILOG,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    parser.add_argument("photo", metavar="PHOTO", type=Path, help="the photo to colour; colours it has are ignored")
    parser.add_argument("-o", "--output", metavar="OUT", type=Path, help="where to write; the suffix names the format")
    parser.add_argument("--overwrite", action="store_true", help="replace OUT if it exists")
    parser.add_argument("--version", action="version", version=f"edge-colorizer {version('edge-colorizer')}")
    return parser


if __name__ == "__main__":
    sys.exit(main())
