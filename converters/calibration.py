"""Real photographs, chosen by their content: some decide what rounding leaves open, others prove the artifacts."""

import hashlib
from collections.abc import Iterator
from dataclasses import dataclass
from itertools import islice
from pathlib import Path

import numpy as np

from converters.errors import TooFewPhotosError
from sdk.color import FloatArray, Uint8Array
from sdk.contract import HINTS, Contract, Tensors
from sdk.hints import Hint, place_hints
from training.data import find_photos
from training.data.sources import UnusablePhoto, decode_lab, decode_rgb

# Of each kind, where there are enough. With fewer than the least, ranges are chance and means of losses are noise.
MOST_PHOTOS = 128
LEAST_PHOTOS = 32
# Photos read for each that is wanted, since some turn out to be grey or unreadable.
_SPARE = 2
_MOST_HINTS = 16


@dataclass(frozen=True)
class PhotoSample:
    """Photos at the network's size.

    Attributes:
        rgb: Each (S, S, 3) sRGB.
        sha256: Of the photos' own hashes, in order: which photos these are.
    """

    rgb: list[Uint8Array]
    sha256: str

    def inputs(self, contract: Contract) -> list[Tensors]:
        """What the network is given for each photo. Where it takes hints, every photo but the first has some."""
        if HINTS not in contract.inputs:
            return [contract.encode(rgb) for rgb in self.rgb]
        return [contract.encode(rgb, hints=_hints(rgb, contract, count)) for count, rgb in enumerate(self.rgb)]


@dataclass(frozen=True)
class Samples:
    """Photos of one collection. None is of both kinds.

    Attributes:
        calibration: They decide what rounding leaves open.
        proof: They are measured on.
    """

    calibration: PhotoSample
    proof: PhotoSample


def sample_photos(source: Path, *, side: int, most: int = MOST_PHOTOS, least: int = LEAST_PHOTOS) -> Samples:
    """Choose photos by the hashes of their bytes: the same ones, however the collection is named and archived.

    Args:
        source: Tar shards or a folder of photos.
        side: S of the contract.
        most: How many of each kind. A collection that has not twice as many is halved.
        least: How many of each kind there must be.

    Raises:
        TooFewPhotosError: There are fewer.
    """
    usable = list(islice(_usable(source, side, wanted=2 * most * _SPARE), 2 * most))
    if len(usable) < 2 * least:
        raise TooFewPhotosError(
            f"{source} holds {len(usable)} different photos in colour, and {2 * least} are needed: one half to"
            " calibrate, the other to prove; point --photos at more."
        )
    half = len(usable) // 2
    return Samples(_sample(usable[:half]), _sample(usable[half : 2 * half]))


def _usable(source: Path, side: int, *, wanted: int) -> Iterator[tuple[str, Uint8Array]]:
    """Hash and pixels of photos in colour, by their hashes."""
    first = set(sorted({_digest(content) for _, content in find_photos(source)})[:wanted])
    # Read anew, since a collection is larger than memory.
    contents = {_digest(content): content for _, content in find_photos(source) if _digest(content) in first}
    for digest, content in sorted(contents.items()):
        try:
            decode_lab(content, side)
        except UnusablePhoto:
            continue
        yield digest, decode_rgb(content, side)


def _digest(content: bytes) -> str:
    return hashlib.sha256(content).hexdigest()


def _sample(photos: list[tuple[str, Uint8Array]]) -> PhotoSample:
    digest = _digest("".join(digest for digest, _ in photos).encode())
    return PhotoSample([rgb for _, rgb in photos], digest)


def _hints(rgb: Uint8Array, contract: Contract, count: int) -> FloatArray:
    """Some of the photo's own colours, at places that are the same each time."""
    height, width, _ = rgb.shape
    random = np.random.default_rng(count)
    rows, columns = (random.integers(length, size=count % _MOST_HINTS) for length in (height, width))
    hints = [Hint(x, y, "#{:02x}{:02x}{:02x}".format(*rgb[y, x])) for y, x in zip(rows, columns, strict=True)]
    return place_hints(hints, contract, height=height, width=width)
