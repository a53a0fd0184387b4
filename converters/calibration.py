"""Real photographs for setting quantization ranges and for proving artifacts: a fixed, hashed sample."""

import hashlib
import heapq
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from sdk.color import FloatArray, Uint8Array
from sdk.contract import HINTS, Contract, Tensors
from sdk.hints import Hint, place_hints
from training.data import EmptyDatasetError, decode_rgb, find_photos

_MOST_HINTS = 16


@dataclass(frozen=True)
class PhotoSample:
    """Photos at the network's size.

    Attributes:
        rgb: Each (S, S, 3) sRGB.
        sha256: Of the photos' encoded bytes, in order: which photos these are.
    """

    rgb: list[Uint8Array]
    sha256: str

    def inputs(self, contract: Contract) -> list[Tensors]:
        """What the network is given for each photo. Where it takes hints, every photo but the first has some."""
        if HINTS not in contract.inputs:
            return [contract.encode(rgb) for rgb in self.rgb]
        return [contract.encode(rgb, hints=_hints(rgb, contract, count)) for count, rgb in enumerate(self.rgb)]


def sample_photos(source: Path, *, count: int, side: int, salt: str) -> PhotoSample:
    """Choose photos by a hash of their names: the same ones each time, whatever order they are stored in.

    Args:
        source: Tar shards or a folder of photos.
        count: How many; all there are if fewer.
        side: S of the tensor contract.
        salt: A different one chooses different photos.

    Raises:
        EmptyDatasetError: There are none.
    """

    def rank(photo: tuple[str, bytes]) -> str:
        return hashlib.sha256((salt + photo[0]).encode()).hexdigest()

    chosen = [content for _, content in heapq.nsmallest(count, find_photos(source), key=rank)]
    if not chosen:
        raise EmptyDatasetError(f"{source} holds no photo; point --photos at tar shards or a folder of photos.")
    digest = hashlib.sha256(b"".join(chosen)).hexdigest()
    return PhotoSample([decode_rgb(content, side) for content in chosen], digest)


def _hints(rgb: Uint8Array, contract: Contract, count: int) -> FloatArray:
    """As many of the photo's own colours, at places that are the same each time."""
    height, width, _ = rgb.shape
    random = np.random.default_rng(count)
    rows, columns = random.integers(height, size=count % _MOST_HINTS), random.integers(width, size=count % _MOST_HINTS)
    hints = [Hint(x, y, "#{:02x}{:02x}{:02x}".format(*rgb[y, x])) for y, x in zip(rows, columns, strict=True)]
    return place_hints(hints, contract, height=height, width=width)
