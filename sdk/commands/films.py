"""Films, for the command: one after another, each with a bar that tells how long it will take."""

import argparse
from functools import partial
from time import perf_counter
from typing import Any

from tqdm import tqdm

from sdk.batch import Result
from sdk.cli import say
from sdk.colorizer import Colorizer
from sdk.commands.telling import Telling
from sdk.errors import OptionError, OutputError, PhotoError
from sdk.film import DEFAULT_CRF, DEFAULT_SMOOTHING, colorize_film, stopped_path
from sdk.options import Options
from sdk.planning import Job
from sdk.saving import FileOptions, look_of


def add_film_options(group: Options) -> None:
    """What films alone are asked for."""
    group.add_argument(
        "--smoothing",
        type=float,
        default=DEFAULT_SMOOTHING,
        help=f"share of a frame's colours in the next one's, from 0 to below 1 (default: {DEFAULT_SMOOTHING})",
    )
    group.add_argument(
        "--crf",
        type=int,
        default=DEFAULT_CRF,
        metavar="N",
        help=f"x264's rate factor, 0 to 51 (default: {DEFAULT_CRF})",
    )


def run(
    colorizer: Colorizer, jobs: list[Job], options: argparse.Namespace, asked: FileOptions, telling: Telling
) -> list[Result]:
    """Colour films and say how each went."""
    look, results = look_of(asked), list[Result]()
    for job in jobs:
        start = perf_counter()
        # A bar for a person who waits; none for a pipe or a log file.
        with tqdm(unit="frame", desc=job.photo.name, disable=True if options.quiet else None) as bar:
            error = None
            try:
                colorize_film(
                    colorizer,
                    job.photo,
                    job.path,
                    smoothing=options.smoothing,
                    crf=options.crf,
                    overwrite=asked.get("overwrite", False),
                    on_frame=partial(_advance, bar),
                    **look,
                )
            except (PhotoError, OptionError, OutputError) as refused:
                error = str(refused)
            except KeyboardInterrupt:
                if stopped_path(job.path).exists():
                    say(f"{stopped_path(job.path)} is the film up to here")
                raise
        results.append(Result(job.photo, job.path, "failed" if error else "coloured", perf_counter() - start, error))
        telling.tell(results[-1])
    return results


def _advance(bar: "tqdm[Any]", total: int | None) -> None:
    bar.total = total
    bar.update()
