"""`colorize PHOTO...`: photos, films, and folders of photos."""

import argparse
import os
from contextlib import closing
from dataclasses import replace
from pathlib import Path
from typing import Final

from tqdm import tqdm

import sdk
from sdk import batch, output
from sdk.colorizer import Colorizer
from sdk.commands import films, pipe
from sdk.commands.common import CommandParser, add_model_options, load
from sdk.commands.telling import Telling
from sdk.compare import contact_sheet
from sdk.formats import is_film
from sdk.image import DEFAULT_LIMITS
from sdk.look import Look
from sdk.options import Options, add_options, given_options, whole_number
from sdk.planning import DEFAULT_SUFFIX, Job, plan
from sdk.saving import FileOptions, Saving

_FAILED: Final = 2
# A large photo takes some hundred megabytes while it is worked on, so a machine with many processors is not filled.
_WORKERS: Final = min(4, os.cpu_count() or 1)
_EPILOG: Final = """\
examples:
  colorize grandmother.jpg                  writes grandmother-colour.jpg beside it
  colorize scan.tif -o grandmother.png      writes the file you name; 16 bits stay 16 bits in PNG and TIFF
  colorize albums/ -o coloured/             mirrors the folder; run it again to go on where it stopped
  colorize albums/ --on-color keep          leaves photos alone that have colours
  colorize film.mp4                         a film, with its sound; needs the extra "video"
  cat scan.jpg | colorize - > coloured.png  from standard input, to standard output as PNG

commands:
  colorize info                             which model, backend and versions these are
  colorize bench                            how fast this machine is
  colorize serve                            the page that colours photos in a browser
  colorize completion bash                  what lets a shell complete all this
  (a photo that is named like a command is ./info)

exit codes:
  0    done
  2    a photo, an output or an option is unusable; one line each says why, and the other photos are done
  3    the model, its runtime or the page is missing or altered
  129, 130, 143  ended by SIGHUP, Ctrl-C or SIGTERM
  141  whoever read standard output has left
"""


def parser() -> argparse.ArgumentParser:
    """The command's options."""
    own = CommandParser(
        prog="colorize",
        description="Turn grey photographs into colour, on this machine, without a network.",
        epilog=_EPILOG,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    own.add_argument(
        "photos", metavar="PHOTO", nargs="+", help="a photo, a film, a folder of photos, or - for standard input"
    )
    own.add_argument("-o", "--output", metavar="OUT", help="the file, or for several photos the folder, to write")
    own.add_argument(
        "--suffix",
        default=DEFAULT_SUFFIX,
        help=f"what the name of a file beside its photo ends with (default: {DEFAULT_SUFFIX})",
    )
    look = own.add_argument_group("how it is coloured")
    add_options(look, Look)
    look.add_argument(
        "--with-hints", action="store_true", help="for each photo, also the colours in PHOTO.hints.json beside it"
    )
    add_options(own.add_argument_group("how it is written"), Saving)
    films.add_film_options(own.add_argument_group("films"))
    _add_worker_options(own.add_argument_group("what does the work"))
    _add_telling_options(own.add_argument_group("what is told"))
    return own


def _add_worker_options(group: Options) -> None:
    add_model_options(group)
    group.add_argument(
        "--workers",
        type=whole_number(1, 64),
        default=_WORKERS,
        metavar="N",
        help=f"photos at a time, a processor each (default: {_WORKERS})",
    )
    group.add_argument(
        "--limit-pixels",
        type=whole_number(1),
        default=DEFAULT_LIMITS.pixels,
        metavar="N",
        help=f"refuse photos of more pixels (default: {DEFAULT_LIMITS.pixels})",
    )


def _add_telling_options(group: Options) -> None:
    group.add_argument("--dry-run", action="store_true", help="show what would become what, and write nothing")
    group.add_argument("--json", action="store_true", help="one JSON object a photo on standard output")
    group.add_argument("--compare", type=Path, metavar="SHEET", help="also write a picture of all before and after")
    group.add_argument("-q", "--quiet", action="store_true", help="say nothing but what went wrong")
    group.add_argument("-v", "--verbose", action="store_true", help="also say which model it is, and each photo's time")
    group.add_argument("--version", action="version", version=f"edge-colorizer {sdk.__version__}")


def run(arguments: list[str]) -> int:
    """Colour photos. Returns the exit code."""
    own = parser()
    options = own.parse_args(arguments)
    asked: FileOptions = given_options(options, Look, Saving)
    if "-" in options.photos or options.output == "-":
        return pipe.run(own, options, asked)
    made = plan(options.photos, options.output, suffix=options.suffix, file_format=options.format)
    telling = Telling(quiet=options.quiet, verbose=options.verbose, as_json=options.json)
    limits = replace(DEFAULT_LIMITS, pixels=options.limit_pixels)
    if options.compare:
        output.check(options.compare, Saving(overwrite=options.overwrite or False))
    moving = [job for job in made.jobs if is_film(job.photo)]
    still = [job for job in made.jobs if job not in moving]
    # One photo has all processors to itself; of many, each worker has one, which wastes none on waiting for others.
    with load(options, limits=limits, threads=1 if len(still) > 1 and not moving else None) as colorizer:
        if options.dry_run:
            results = [batch.foresee(colorizer.info(), job, asked, with_hints=options.with_hints) for job in made.jobs]
            telling.foretell(results)
            return _FAILED if made.problems or any(result.error for result in results) else 0
        telling.begin(colorizer.info())
        results = _colour(colorizer, still, options, asked, telling)
        results += films.run(colorizer, moving, options, asked, telling)
    telling.end(results, notes=made.notes, problems=made.problems)
    done = [(result.photo, result.output) for result in results if result.status != "failed"]
    if options.compare and (pairs := [pair for pair in done if not is_film(pair[0])]):
        output.write_image(contact_sheet(pairs), options.compare, overwrite=options.overwrite or False)
    return _FAILED if made.problems or len(done) < len(results) else 0


def _colour(
    colorizer: Colorizer, jobs: list[Job], options: argparse.Namespace, asked: FileOptions, telling: Telling
) -> list[batch.Result]:
    """Run the jobs and say how each went."""
    running = batch.run(
        colorizer,
        jobs,
        workers=options.workers,
        with_hints=options.with_hints,
        **{**asked, "make_folders": True},
    )
    results: list[batch.Result] = []
    # A bar for a person who waits for several; none for one photo, a pipe or a log file.
    hidden = True if len(jobs) == 1 or options.quiet else None
    with closing(running), tqdm(running, total=len(jobs), unit="photo", disable=hidden) as shown:
        for result in shown:
            telling.tell(result)
            results.append(result)
    return results
