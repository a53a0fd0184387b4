"""Real photographs for setting quantization ranges and for proving artifacts: a fixed, hashed sample."""

import hashlib
import heapq
from dataclasses import dataclass
from pathlib import Path

from sdk import color
from sdk.color import FloatArray, Uint8Array
from training.data import EmptyDatasetError, decode_rgb, find_photos


@dataclass(frozen=True)
class PhotoSample:
    """Photos at the network's size.

    Attributes:
        rgb: Each (S, S, 3) sRGB.
        sha256: Of the photos' encoded bytes, in order: which photos these are.
    """

    rgb: list[Uint8Array]
    sha256: str

    def lightness(self) -> list[FloatArray]:
        """The network's input for each photo: (1, 1, S, S) in [-1, 1]."""
        return [color.normalize_lightness(color.rgb_to_lightness(rgb)) for rgb in self.rgb]


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
