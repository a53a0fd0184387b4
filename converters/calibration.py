"""Real photographs for setting quantization ranges and for proving artifacts: a fixed, hashed sample."""

import hashlib
import heapq
from dataclasses import dataclass
from pathlib import Path

from sdk.color import Uint8Array
from sdk.contract import Contract, Tensors
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

    def inputs(self, contract: Contract) -> list[Tensors]:
        """What a network is given for each photo."""
        return [contract.encode(rgb) for rgb in self.rgb]


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
