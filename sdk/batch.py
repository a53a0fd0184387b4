"""Many photos: which file each becomes, and colouring them side by side."""

import os
from collections import Counter
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor, as_completed
from dataclasses import dataclass
from pathlib import Path, PurePath
from time import perf_counter
from typing import Final, Literal, Unpack

from sdk import formats
from sdk.colorizer import Colorizer
from sdk.errors import ColorizerError, OutputError, PhotoError
from sdk.hints import hints_beside
from sdk.look import LookOptions

_APPLE_DOUBLE: Final = "._"  # macOS's notes on a file, on disks that have no room for them


@dataclass(frozen=True)
class Job:
    """One photo and the file it becomes; `resumes` where an existing file means that it is done."""

    photo: Path
    path: Path
    resumes: bool = False


@dataclass(frozen=True)
class Result:
    """How one job went."""

    photo: Path
    output: Path
    status: Literal["done", "skipped", "failed"]
    seconds: float
    error: str | None = None


def plan(photos: list[Path], out: Path | None) -> list[Job]:
    """Which file each photo becomes.

    One photo becomes `out`, or the file beside it that its name with "-colour" says. Several, or a folder, go into
    the folder `out`; a folder is mirrored there, by default beside itself.

    Raises:
        PhotoError: A folder holds no photos.
        OutputError: Two photos would become one file, or `out` is a file where a folder is needed.
    """
    several = len(photos) > 1 or photos[0].is_dir()
    if several and out is not None and out.is_file():
        raise OutputError(f"{out} is a file; several photos need a folder.")
    jobs: list[Job] = []
    for photo in photos:
        if photo.is_dir():
            jobs += _mirror(photo, out or photo.resolve().with_name(f"{photo.resolve().name}-colour"))
        elif out is None:
            jobs.append(Job(photo, photo.with_name(f"{photo.stem}-colour{_suffix(photo)}")))
        elif several or out.is_dir():
            jobs.append(Job(photo, out / f"{photo.stem}{_suffix(photo)}"))
        else:
            jobs.append(Job(photo, out))
    taken: dict[Path, Path] = {}
    for job in jobs:
        if job.path in taken:
            raise OutputError(f"{job.photo} and {taken[job.path]} would both become {job.path}; colour them apart.")
        taken[job.path] = job.photo
    return jobs


def run(
    colorizer: Colorizer,
    jobs: list[Job],
    *,
    overwrite: bool,
    workers: int,
    with_hints: bool = False,
    mark: bool = True,
    keep_times: bool = False,
    **look: Unpack[LookOptions],
) -> Iterator[Result]:
    """Colour photos, `workers` at a time, each result as it comes. A bad photo is a result, not an exception.

    Args:
        colorizer: What colours them.
        jobs: As `plan` makes them.
        overwrite: Whether files that exist are replaced.
        workers: Photos at a time.
        with_hints: Whether each photo takes the hints in `PHOTO.hints.json` beside it, too.
        mark: As `Colorizer.colorize_file` takes it.
        keep_times: Likewise.
        look: As `Colorizer.colorize` takes it, for all of them.
    """

    def colour(job: Job) -> Result:
        start = perf_counter()
        try:
            if job.resumes and job.path.exists() and not overwrite:
                return Result(job.photo, job.path, "skipped", 0.0)
            if job.resumes or not job.path.parent.exists():
                _make_folder(job)
            asked = look | {"hints": [*look.get("hints", ()), *hints_beside(job.photo)]} if with_hints else look
            colorizer.colorize_file(job.photo, job.path, overwrite=overwrite, mark=mark, keep_times=keep_times, **asked)
        except ColorizerError as error:
            return Result(job.photo, job.path, "failed", perf_counter() - start, str(error))
        return Result(job.photo, job.path, "done", perf_counter() - start)

    with ThreadPoolExecutor(workers) as pool:
        waiting = [pool.submit(colour, job) for job in jobs]
        try:
            for finished in as_completed(waiting):
                yield finished.result()
        finally:
            pool.shutdown(cancel_futures=True)  # a caller who stops listening wants no more photos


def left_out(folder: Path) -> Counter[str]:
    """How many files of a folder are no photos, by what their names end with; hidden files are not counted."""
    names = (name for _, _, names in os.walk(folder) for name in names if not name.startswith("."))
    return Counter(PurePath(name).suffix.lower() or name for name in names if not formats.is_photo(name))


def mirrored_name(photo: Path) -> str:
    """The photo's own name; one that changes its format keeps the old suffix too, so that no two collide."""
    return photo.name if formats.is_kept(photo) else f"{photo.name}.png"


def _mirror(folder: Path, out: Path) -> list[Job]:
    inside = out.resolve()
    jobs: list[Job] = []
    for parent, folders, names in os.walk(folder):
        folders[:] = sorted(name for name in folders if (Path(parent) / name).resolve() != inside)
        for name in sorted(names):
            photo = Path(parent) / name
            if formats.is_photo(photo) and not name.startswith(_APPLE_DOUBLE):
                target = out / photo.relative_to(folder)
                jobs.append(Job(photo, target.with_name(mirrored_name(target)), resumes=True))
    if not jobs:
        raise PhotoError(f"{folder} holds no photo ({' '.join(formats.suffixes())}).")
    return jobs


def _suffix(photo: Path) -> str:
    return photo.suffix if formats.is_kept(photo) else ".png"


def _make_folder(job: Job) -> None:
    try:
        job.path.parent.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise OutputError(f"{job.path.parent} cannot be made: {error}.") from error
