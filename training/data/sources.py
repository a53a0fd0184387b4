"""Where photos lie: folders, tar shards, and pairs of an old photo and its restoration."""

import io
import tarfile
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import numpy.typing as npt
from PIL import Image, UnidentifiedImageError

from sdk import color
from sdk.formats import is_photo
from training.data.crops import as_levels
from training.errors import TrainingError

# Below this mean chroma (in Lab units) a photo is grey or sepia and teaches nothing about colour.
MINIMUM_MEAN_CHROMA = 4.0

OLD, REFERENCE = "old", "reference"


class EmptyDatasetError(TrainingError, ValueError):
    """No usable photo was found where photos were promised."""


class ShardError(TrainingError, ValueError):
    """A tar shard is cut off or damaged: photos are missing from it, nobody knows how many."""


class UnusablePhoto(ValueError):
    """A photo that is left out. The message is one word, and reports count by it: "unreadable" or "grey"."""


@dataclass(frozen=True)
class Place:
    """Where a photo's bytes are: a file, or a part of a shard.

    Attributes:
        name: Within the source.
        path: The file or the shard.
        offset: Where it begins, in bytes.
        length: In bytes.
    """

    name: str
    path: Path
    offset: int
    length: int

    def read(self) -> bytes:
        """The photo's file, undecoded."""
        with self.path.open("rb") as file:
            file.seek(self.offset)
            return file.read(self.length)


def find_photos(source: Path) -> Iterator[tuple[str, bytes]]:
    """Read photos, undecoded, in the order of `find_places`.

    Yields:
        Name within the source, and the file's bytes.

    Raises:
        ShardError: A tar shard is damaged.
    """
    for place in find_places(source):
        yield place.name, place.read()


def find_places(source: Path) -> Iterator[Place]:
    """Where the photos of tar shards or folders are, in a stable order.

    Args:
        source: A `.tar` shard, a folder of shards, or a folder of photos (searched recursively).

    Raises:
        ShardError: A tar shard is damaged.
    """
    shards = [source] if source.suffix == ".tar" else sorted(source.glob("*.tar"))
    for shard in shards:
        yield from _places_in(shard)
    if not shards:
        for path in sorted(path for path in source.rglob("*") if is_photo(path.name)):
            yield Place(str(path.relative_to(source)), path, 0, path.stat().st_size)


def _places_in(path: Path) -> Iterator[Place]:
    # A tar is not compressed, so each photo is a byte range. tarfile takes any end for the end of the archive; a whole
    # one has a block of zeros there.
    try:
        with tarfile.open(path, "r:") as shard:
            for member in shard:
                if member.isfile() and is_photo(member.name):
                    yield Place(f"{path.name}/{member.name}", path, member.offset_data, member.size)
            end = shard.offset
    except tarfile.ReadError as error:
        raise ShardError(f"{path} is damaged ({error}); fetch it again.") from error
    if Place(path.name, path, end, tarfile.BLOCKSIZE).read() != bytes(tarfile.BLOCKSIZE):
        raise ShardError(f"{path} is cut off or damaged after {end} bytes; fetch it again.")


def find_pairs(source: Path) -> Iterator[tuple[Place, Place]]:
    """Find pairs as Pik-Fix arranges them (arXiv 2205.01902): `old/NAME` beside `reference/NAME`, in any format.

    An old photo without a reference, or the other way round, is passed over.

    Yields:
        The reference and the old photo.
    """
    old = {Path(place.name).stem: place for place in find_places(source / OLD)}
    for reference in find_places(source / REFERENCE):
        if Path(reference.name).stem in old:
            yield reference, old[Path(reference.name).stem]


def decode_rgb(content: bytes, side: int) -> npt.NDArray[np.uint8]:
    """Decode and stretch one photo to (side, side, 3) sRGB, bicubic, as the evaluation protocol does."""
    with Image.open(io.BytesIO(content)) as photo:
        return np.asarray(photo.convert("RGB").resize((side, side), Image.Resampling.BICUBIC))


def decode_lab(content: bytes, side: int, *, old: bytes | None = None) -> npt.NDArray[np.uint8]:
    """Decode one photo to train on.

    Args:
        content: A colour photo's file.
        side: It is stretched to this square.
        old: An old photo of the same picture; the lightness is taken from it.

    Returns:
        (side, side, 3) 8-bit Lab, as `training.data.crops` has it.

    Raises:
        UnusablePhoto: It is "unreadable" or "grey".
    """
    try:
        lab = color.rgb_to_lab(decode_rgb(content, side))
        if old is not None:
            lab[..., 0] = color.rgb_to_lightness(decode_rgb(old, side))
    except (UnidentifiedImageError, OSError, ValueError, SyntaxError, Image.DecompressionBombError) as error:
        raise UnusablePhoto("unreadable") from error
    if np.hypot(lab[..., 1], lab[..., 2]).mean() < MINIMUM_MEAN_CHROMA:
        raise UnusablePhoto("grey")
    return as_levels(lab)
