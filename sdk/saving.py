"""How a coloured photo is written: every option of that kind, described and checked in this file alone."""

from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Final, TypedDict, cast

from sdk import formats
from sdk.errors import OptionError
from sdk.look import LookOptions
from sdk.options import as_argument, whole_number

DEFAULT_QUALITY: Final = 95


class SaveOptions(TypedDict, total=False):
    """The keyword options of everything that writes files. Each is explained, with its default, in `Saving`."""

    overwrite: bool
    mark: bool
    quality: int
    format: str | None
    keep_times: bool
    make_folders: bool
    inspect: Callable[[Path], object] | None


class FileOptions(LookOptions, SaveOptions, total=False):
    """The keyword options of `Colorizer.colorize_file`: how a photo is coloured, and how it is written."""


def look_of(options: FileOptions) -> LookOptions:
    """Those of the options that say how a photo is coloured."""
    names = LookOptions.__optional_keys__
    return cast("LookOptions", {name: value for name, value in options.items() if name in names})


@dataclass(frozen=True, kw_only=True)
class Saving:
    """How a coloured photo is written.

    Attributes:
        overwrite: Whether a file that exists is replaced.
        mark: Whether the file tells in its XMP that a model has coloured it.
        quality: Of JPEG, WebP and AVIF, from 1 to 100.
        format: "jpg", "png", "tif" and so on; by default what the file's suffix says.
        keep_times: Whether the file has the photo's times of access and change.
        make_folders: Whether folders on the way to the file are made where they are missing.
        inspect: Is shown each whole file before it takes its name, and may refuse it with an error.

    Raises:
        OptionError: One of them has a value it cannot have.
    """

    overwrite: bool = field(
        default=False, metadata={"--overwrite": {"action": "store_true", "help": "replace files that exist"}}
    )
    mark: bool = field(
        default=True,
        metadata={
            "--no-mark": {"action": "store_false", "help": "do not note in the file that a model has coloured it"}
        },
    )
    quality: int = field(
        default=DEFAULT_QUALITY,
        metadata={
            "--quality": {
                "type": whole_number(1, 100),
                "metavar": "N",
                "help": f"of JPEG, WebP and AVIF, 1 to 100 (default: {DEFAULT_QUALITY})",
            }
        },
    )
    format: str | None = field(
        default=None,
        metadata={
            "--format": {
                "type": as_argument(lambda name: formats.suffix_of(name).removeprefix(".")),
                "metavar": "NAME",
                "help": "write jpg, png, tif (these two keep 16 bits), webp, … (default: as the photo is, or OUT says)",
            }
        },
    )
    keep_times: bool = field(
        default=False,
        metadata={"--keep-times": {"action": "store_true", "help": "give each file the times of its photo"}},
    )
    make_folders: bool = False
    inspect: Callable[[Path], object] | None = None

    def __post_init__(self) -> None:
        if not 1 <= self.quality <= 100:
            raise OptionError(f"quality must lie between 1 and 100, not {self.quality}.")
        if self.format is not None:
            formats.suffix_of(self.format)
