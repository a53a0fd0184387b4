"""`colorize PHOTO...`: photos and folders of them."""

import argparse
import json
import os
import sys
from dataclasses import asdict
from importlib.metadata import version
from pathlib import Path
from typing import Final

from tqdm import tqdm

from sdk import batch, look, output
from sdk.backends import BACKENDS
from sdk.colorizer import Colorizer
from sdk.compare import contact_sheet
from sdk.image import DEFAULT_LIMITS

# A large photo takes some hundred megabytes while it is worked on, so a machine with many processors is not filled.
_WORKERS: Final = min(4, os.cpu_count() or 1)
_EPILOG: Final = """\
examples:
  colorize grandmother.jpg                  writes grandmother-colour.jpg beside it
  colorize scan.tif -o grandmother.png      writes the file you name; 16 bits stay 16 bits in PNG and TIFF
  colorize albums/ -o coloured/             mirrors the folder; run it again to go on where it stopped
  cat scan.jpg | colorize - > coloured.png  from standard input, to standard output as PNG

commands:
  colorize info                             which model, backend and versions these are
  colorize bench                            how fast this machine is
  (a photo that is named like a command is ./info)

exit codes:
  0    done
  2    a photo, an output or an option is unusable; one line each says why, and the other photos are done
  3    the model or its runtime is missing or altered
  130  stopped with Ctrl-C
"""


def run(arguments: list[str]) -> int:
    """Colour photos. Returns the exit code."""
    parser = _parser()
    options = parser.parse_args(arguments)
    if "-" in options.photos:
        if len(options.photos) > 1 or options.compare or options.keep_times:
            parser.error("- is one photo on standard input; name no other, and no --compare or --keep-times")
        return _pipe(options)
    if options.output == "-":
        parser.error("-o - goes with the photo - alone")
    asked = look.given_options(options)
    jobs = batch.plan([Path(photo) for photo in options.photos], Path(options.output) if options.output else None)
    if options.compare:
        output.check(options.compare, overwrite=options.overwrite)
    # One photo has all processors to itself; of many, each worker has one, which wastes none on waiting for others.
    with Colorizer.load(options.backend, threads=1 if len(jobs) > 1 else None) as colorizer:
        failed = _colour(colorizer, jobs, options, asked)
    for folder in filter(Path.is_dir, map(Path, options.photos)):
        if others := batch.left_out(folder):
            kinds = ", ".join(f"{count} {kind}" for kind, count in sorted(others.items()))
            print(f"colorize: {folder} also holds files that are not read as photos: {kinds}", file=sys.stderr)
    if options.compare:
        done = [(job.photo, job.path) for job in jobs if job.path.is_file() and job not in failed]
        output.write_image(contact_sheet(done), options.compare, overwrite=options.overwrite)
    return 2 if failed else 0


def _colour(
    colorizer: Colorizer, jobs: list[batch.Job], options: argparse.Namespace, asked: look.LookOptions
) -> list[batch.Job]:
    """Run the jobs, say how each went, and return those that failed."""
    results = batch.run(
        colorizer,
        jobs,
        overwrite=options.overwrite,
        workers=options.workers,
        with_hints=options.with_hints,
        mark=not options.no_mark,
        keep_times=options.keep_times,
        **asked,
    )
    failures: list[batch.Result] = []
    # A bar for a person who waits for several; none for one photo, a pipe or a log file.
    for result in tqdm(results, total=len(jobs), unit="photo", disable=True if len(jobs) == 1 else None):
        if options.json:
            tqdm.write(json.dumps(asdict(result), default=str))
        elif result.status != "failed":
            tqdm.write(f"{result.output}{' (was there already)' if result.status == 'skipped' else ''}")
        if result.status == "failed":
            failures.append(result)
    for failure in failures:
        print(f"colorize: {failure.error}", file=sys.stderr)
    if failures and len(jobs) > 1:
        print(f"colorize: {len(failures)} of {len(jobs)} photos failed; they are named above", file=sys.stderr)
    failed = {failure.photo for failure in failures}
    return [job for job in jobs if job.photo in failed]


def _pipe(options: argparse.Namespace) -> int:
    asked, mark = look.given_options(options), not options.no_mark
    photo = sys.stdin.buffer.read(DEFAULT_LIMITS.bytes + 1)
    with Colorizer.load(options.backend) as colorizer:
        if options.output not in (None, "-"):
            colorizer.colorize_file(photo, options.output, overwrite=options.overwrite, mark=mark, **asked)
            print(options.output)
        else:
            sys.stdout.buffer.write(colorizer.colorize_to_png(photo, mark=mark, **asked))
    return 0


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="colorize",
        description="Turn grey photographs into colour, on this machine, without a network.",
        epilog=_EPILOG,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    parser.add_argument("photos", metavar="PHOTO", nargs="+", help="a photo, a folder of them, or - for standard input")
    parser.add_argument("-o", "--output", metavar="OUT", help="the file, or for several photos the folder, to write")
    parser.add_argument("--backend", default="auto", choices=("auto", *BACKENDS), help="runtime (default: auto)")
    look.add_options(parser)
    parser.add_argument(
        "--with-hints", action="store_true", help="for each photo, also the colours in PHOTO.hints.json beside it"
    )
    parser.add_argument(
        "--workers",
        type=_workers,
        default=_WORKERS,
        metavar="N",
        help=f"photos at a time, a processor each (default: {_WORKERS})",
    )
    parser.add_argument("--json", action="store_true", help="one JSON object a photo on standard output")
    parser.add_argument("--compare", type=Path, metavar="SHEET", help="also write a picture of all before and after")
    parser.add_argument("--overwrite", action="store_true", help="replace files that exist")
    parser.add_argument("--keep-times", action="store_true", help="give each file the times of its photo")
    parser.add_argument("--no-mark", action="store_true", help="do not note in the file that a model has coloured it")
    parser.add_argument("--version", action="version", version=f"edge-colorizer {version('edge-colorizer')}")
    return parser


def _workers(text: str) -> int:
    workers = int(text)
    if not 1 <= workers <= 64:
        raise argparse.ArgumentTypeError("must lie between 1 and 64")
    return workers
