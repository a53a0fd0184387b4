"""Where photos lie: folders, tar shards, and pairs of an old photo and its restoration."""

import io
import tarfile
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import numpy.typing as npt
from PIL import Image, UnidentifiedImageError

from sdk import color
from sdk.formats import is_photo

# Below this mean chroma (in Lab units) a photo is grey or sepia and teaches nothing about colour.
MINIMUM_MEAN_CHROMA = 4.0

OLD, REFERENCE = "old", "reference"


class EmptyDatasetError(ValueError):
    """No usable photo was found where photos were promised."""


class UnusablePhoto(ValueError):
    """A photo that is left out. The message is one word, and reports count by it: "unreadable" or "grey"."""


def find_photos(source: Path) -> Iterator[tuple[str, bytes]]:
    """Read photos, undecoded, from tar shards or folders, in a stable order.

    Args:
        source: A `.tar` shard, a folder of shards, or a folder of photos (searched recursively).

    Yields:
        Name within the source, and the file's bytes.
    """
    shards, files = find_files(source)
    for shard_path in shards:
        with tarfile.open(shard_path) as shard:
            for member in shard:
                content = shard.extractfile(member)
                if content is not None and is_photo(member.name):
                    yield f"{shard_path.name}/{member.name}", content.read()
    for path in files:
        yield str(path.relative_to(source)), path.read_bytes()


def find_files(source: Path) -> tuple[list[Path], list[Path]]:
    """The tar shards `source` is or holds; and, where there are none, its photos' files. Both sorted."""
    shards = [source] if source.suffix == ".tar" else sorted(source.glob("*.tar"))
    return shards, [] if shards else sorted(path for path in source.rglob("*") if is_photo(path.name))


def find_pairs(source: Path) -> Iterator[tuple[str, bytes, bytes]]:
    """Read pairs as Pik-Fix arranges them (arXiv 2205.01902): `old/NAME` beside `reference/NAME`, in any format.

    An old photo without a reference, or the other way round, is passed over.

    Yields:
        Name, the reference's bytes, and the old photo's.
    """
    old = {path.stem: path for path in (source / OLD).glob("*") if is_photo(path.name)}
    for reference in sorted((source / REFERENCE).glob("*")):
        if is_photo(reference.name) and reference.stem in old:
            yield reference.name, reference.read_bytes(), old[reference.stem].read_bytes()


def decode_rgb(content: bytes, side: int) -> npt.NDArray[np.uint8]:
    """Decode and stretch one photo to (side, side, 3) sRGB, bicubic, as the evaluation protocol does."""
    with Image.open(io.BytesIO(content)) as photo:
        return np.asarray(photo.convert("RGB").resize((side, side), Image.Resampling.BICUBIC))


def decode_lab(content: bytes, side: int, *, old: bytes | None = None) -> color.FloatArray:
    """Decode one photo to train on.

    Args:
        content: A colour photo's file.
        side: It is stretched to this square.
        old: An old photo of the same picture; the lightness is taken from it.

    Returns:
        (side, side, 3): L in [0, 100], a and b in Lab units.

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
    return lab
