"""Many photos, coloured side by side."""

import hashlib
from collections.abc import Generator
from concurrent.futures import ThreadPoolExecutor, as_completed
from dataclasses import dataclass
from pathlib import Path
from time import perf_counter
from typing import Literal, Unpack

from sdk import film, formats, output
from sdk.colorizer import Colorizer
from sdk.errors import ColorizerError, OutputError, PhotoError
from sdk.hints import hints_beside
from sdk.info import Info
from sdk.look import Look
from sdk.options import split_options
from sdk.planning import Job
from sdk.saving import FileOptions, Saving

Status = Literal["coloured", "kept", "skipped", "failed"]


@dataclass(frozen=True)
class Result:
    """How one job went.

    Attributes:
        photo: What was to be coloured.
        output: What it was to become.
        status: "coloured"; "kept" where it has colours that stay; "skipped" where it was done before; "failed".
        seconds: How long that took.
        error: Why it failed.
    """

    photo: Path
    output: Path
    status: Status
    seconds: float
    error: str | None = None


def run(
    colorizer: Colorizer, jobs: list[Job], *, workers: int, with_hints: bool = False, **options: Unpack[FileOptions]
) -> Generator[Result]:
    """Colour photos, `workers` at a time, each result as it comes. A bad photo is a result, not an exception.

    Args:
        colorizer: What colours them.
        jobs: As `plan` makes them.
        workers: Photos at a time.
        with_hints: Whether each photo takes the hints in `PHOTO.hints.json` beside it, too.
        options: As `Colorizer.colorize_file` takes them, for all of them.
    """

    def timed(job: Job) -> Result:
        start = perf_counter()
        try:
            status = _colour(colorizer, job, asked_of(job, options, with_hints=with_hints))
        except ColorizerError as error:
            return Result(job.photo, job.path, "failed", perf_counter() - start, str(error))
        return Result(job.photo, job.path, status, perf_counter() - start)

    with ThreadPoolExecutor(workers) as pool:
        waiting = [pool.submit(timed, job) for job in jobs]
        try:
            for finished in as_completed(waiting):
                yield finished.result()
        finally:
            pool.shutdown(cancel_futures=True)  # a caller who stops listening wants no more photos


def asked_of(job: Job, options: FileOptions, *, with_hints: bool) -> FileOptions:
    """The options for one photo: everybody's, and the hints beside it.

    Raises:
        OptionError: The hints beside it are none.
    """
    if not with_hints:
        return options
    return {**options, "hints": [*options.get("hints", ()), *hints_beside(job.photo)]}


def foresee(info: Info, job: Job, options: FileOptions, *, with_hints: bool) -> Result:
    """How a job would go, as far as that can be told without reading the photo."""
    try:
        asked = asked_of(job, options, with_hints=with_hints)
        if is_done(info, job, asked):
            return Result(job.photo, job.path, "skipped", 0.0)
        if not job.photo.is_file():
            raise PhotoError(f"{job.photo}: it does not exist.")
        if formats.is_film(job.photo):
            film.check(job.photo, job.path, overwrite=asked.get("overwrite", False))
        else:
            output.check(job.path, split_options(asked, Look, Saving)[1])
    except (ColorizerError, OSError) as error:
        return Result(job.photo, job.path, "failed", 0.0, str(error))
    return Result(job.photo, job.path, "coloured", 0.0)


def is_done(info: Info, job: Job, options: FileOptions) -> bool:
    """Whether a job's file is there already: a whole picture of this photo, by this model and these options.

    Raises:
        OutputError: There is a file, and it is another one.
    """
    if job.record is None or options.get("overwrite") or not job.path.exists():
        return False
    if job.record.holds(job.path, job.photo, _made_by(info, options)):
        return True
    raise OutputError(
        f"{job.path} exists already, and is not {job.photo} as this model and these options colour it; "
        "choose another folder or allow overwriting."
    )


def _colour(colorizer: Colorizer, job: Job, options: FileOptions) -> Status:
    info, record = colorizer.info(), job.record
    if is_done(info, job, options):
        return "skipped"
    if record is not None:
        made_by = _made_by(info, options)
        options = {**options, "inspect": lambda whole: record.add(job.path, whole, job.photo, made_by)}
    return "coloured" if colorizer.colorize_file(job.photo, job.path, **options) else "kept"


def _made_by(info: Info, options: FileOptions) -> str:
    """Tells apart what gives other pictures: models and options, not folders and names."""
    look, saving = split_options(options, Look, Saving)
    told = f"{info.backend} {info.sha256} {look} {saving.quality} {saving.mark}"
    return hashlib.sha256(told.encode()).hexdigest()
