"""Which file each photo becomes, decided and checked before the first one is coloured."""

import glob
import os
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path, PurePath
from typing import Final

from sdk import formats
from sdk.errors import OptionError, OutputError, PhotoError
from sdk.record import Record

DEFAULT_SUFFIX: Final = "-colour"
_APPLE_DOUBLE: Final = "._"  # macOS's notes on a file, on disks that have no room for them


@dataclass(frozen=True)
class Job:
    """One photo or film and the file it becomes.

    Attributes:
        photo: What is coloured.
        path: What it becomes.
        record: Of the folder that is being filled, where what is done need not be done again.
    """

    photo: Path
    path: Path
    record: Record | None = None


@dataclass(frozen=True)
class Plan:
    """What is to be done.

    Attributes:
        jobs: In order.
        notes: A sentence for each thing that is left alone, and why.
        problems: A sentence for each thing that should have been coloured and cannot be.
    """

    jobs: list[Job] = field(default_factory=list[Job])
    notes: list[str] = field(default_factory=list[str])
    problems: list[str] = field(default_factory=list[str])


def plan(
    names: list[str], out: str | None = None, *, suffix: str = DEFAULT_SUFFIX, file_format: str | None = None
) -> Plan:
    """Which file each photo becomes.

    One photo becomes `out`, or the file beside it that its name with the suffix says. Several, or a folder, go into
    the folder `out`; a folder is mirrored there, by default beside itself.

    Args:
        names: Photos, films, folders of photos, and patterns such as *.jpg, which some shells hand on as they are.
        out: A file or folder; one that ends with a slash is a folder.
        suffix: What the name of a file beside its photo ends with.
        file_format: What photos become, as `Saving.format` names it; by default what they are.

    Raises:
        PhotoError: A folder holds no photos.
        OptionError: The suffix would give a photo's own name, or that of a file elsewhere.
        OutputError: Two photos would become one file, one would become a photo that is to be coloured, or `out` is a
            file where a folder is needed.
    """
    if not suffix or PurePath(suffix).name != suffix:
        raise OptionError(f"A suffix is part of a file's name, such as {DEFAULT_SUFFIX}, not {suffix!r}.")
    photos = [Path(path) for name in names for path in _matching(name)]
    if out is None and len(photos) == 2 and not photos[1].exists() and formats.is_photo(photos[1]):
        raise OutputError(f"{photos[1]} does not exist; to write it: colorize {photos[0]} -o {photos[1]}")
    target = None if out is None else Path(out)
    fills_folder = target is not None and (
        len(photos) > 1 or photos[0].is_dir() or target.is_dir() or str(out).endswith(("/", os.sep))
    )
    if (
        target
        and fills_folder
        and not target.is_dir()
        and (target.exists() or formats.is_photo(target) or formats.is_film(target))
    ):
        raise OutputError(f"{target} is named as a file; several photos need a folder.")
    made = Plan()
    record = Record(target) if target and len(photos) > 1 else None
    for photo in photos:
        if target is None and _is_result(photo, photos, suffix):
            made.notes.append(f"{photo} is left alone: its name says that it was coloured here.")
        elif os.path.isdir(photo):  # noqa: PTH112 - a folder that may not be entered is no error yet
            mirror = target or photo.resolve().with_name(f"{photo.resolve().name}{suffix}")
            made.jobs.extend(_mirrored(photo, mirror, file_format, made))
        elif target is None:
            made.jobs.append(Job(photo, photo.with_name(f"{photo.stem}{suffix}{_ending(photo, file_format)}")))
        elif fills_folder:
            made.jobs.append(Job(photo, target / f"{photo.stem}{_ending(photo, file_format)}", record))
        else:
            made.jobs.append(Job(photo, target))
    _check(made.jobs)
    return made


def mirrored_name(photo: Path, file_format: str | None = None) -> str:
    """The photo's own name; one that changes its format keeps the old suffix too, so that no two collide."""
    ending = _ending(photo, file_format)
    return photo.name if ending == photo.suffix else f"{photo.name}{ending}"


def _matching(name: str) -> list[str]:
    """The paths that a name stands for: itself, or what it matches where it is a pattern and no file's own name."""
    return [name] if os.path.lexists(name) else sorted(glob.glob(name)) or [name]  # noqa: PTH207 - it may be absolute


def _is_result(photo: Path, photos: list[Path], suffix: str) -> bool:
    """Whether a photo is named as what another one of them becomes."""
    origin = photo.with_name(photo.stem.removesuffix(suffix) or photo.name)
    return photo.stem.endswith(suffix) and any(origin == other.with_suffix("") for other in photos)


def _mirrored(folder: Path, out: Path, file_format: str | None, made: Plan) -> Iterator[Job]:
    """A folder's photos; what else it holds is noted in `made`."""
    inside, record, count = out.resolve(), Record(out), 0
    if folder.resolve() == inside:
        raise OutputError(f"{folder} is where the photos are; name another folder with -o.")
    others: Counter[str] = Counter()

    def refused(error: OSError) -> None:
        made.problems.append(f"{error.filename} cannot be read: {error.strerror}.")

    for parent, folders, names in os.walk(folder, onerror=refused):
        here = Path(parent)
        others.update("linked folder" for name in folders if (here / name).is_symlink())
        folders[:] = sorted(name for name in folders if (here / name).resolve() != inside)
        for name in sorted(names):
            if formats.is_photo(name) and not name.startswith(_APPLE_DOUBLE):
                count += 1
                target = out / (here / name).relative_to(folder)
                yield Job(here / name, target.with_name(mirrored_name(target, file_format)), record)
            elif not name.startswith("."):
                others[PurePath(name).suffix.lower() or name] += 1
    if not count and not made.problems:
        raise PhotoError(f"{folder} holds no photo ({' '.join(formats.suffixes())}).")
    if others:
        kinds = ", ".join(f"{number} {kind}" for kind, number in sorted(others.items()))
        made.notes.append(f"{folder} also holds what is not read as a photo: {kinds}")


def _ending(photo: Path, file_format: str | None) -> str:
    if formats.is_film(photo):
        return formats.film_suffix(photo)
    if file_format is not None and not formats.is_named(photo, file_format):
        return formats.suffix_of(file_format)
    return photo.suffix if file_format is not None or formats.is_kept(photo) else ".png"


def _check(jobs: list[Job]) -> None:
    """Refuse jobs that would write over a photo or over one another, by whatever names."""
    originals = {_identity(job.photo): job.photo for job in jobs}
    taken: dict[object, Path] = {}
    for job in jobs:
        written = _identity(job.path)
        if original := originals.get(written):
            raise OutputError(f"{job.path} is a photo to be coloured ({original}); name another file or folder.")
        if written in taken:
            raise OutputError(f"{job.photo} and {taken[written]} would both become {job.path}; colour them apart.")
        taken[written] = job.photo


def _identity(path: Path) -> object:
    """The same for all names of one file."""
    try:
        status = path.stat()
    except OSError:
        return path.parent.resolve() / path.name
    return status.st_dev, status.st_ino
