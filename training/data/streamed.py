"""Photos decoded as they are needed, for collections too large to pack.

A tar shard is not compressed, so its photos are byte ranges: once their places are known, any photo can be read
alone. That makes a shard as good as a folder, and lets every process take its exact share of every epoch.
"""

import tarfile
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import numpy.typing as npt
import torch
from torch import Tensor

from sdk import color
from sdk.formats import is_photo
from training.data.photos import Photos, as_values, is_held_out
from training.data.sources import EmptyDatasetError, UnusablePhoto, decode_lab, find_files


@dataclass(frozen=True)
class _Place:
    """Where a photo's bytes are."""

    name: str
    path: Path
    offset: int
    length: int

    def read(self) -> bytes:
        with self.path.open("rb") as file:
            file.seek(self.offset)
            return file.read(self.length)


class StreamedPhotos(Photos):
    """Photos in tar shards (WebDataset's layout) or in a folder, on any mounted file system.

    Unusable photos are found out on the way: they are counted in `left_out` and missing from their batch.

    Args:
        source: A `.tar` shard, a folder of shards, or a folder of photos.
        side: Photos are stretched to this square, in pixels.
        held_out: Keep only the photos set aside for choosing between runs (or, by default, all others).
        workers: Threads that decode.

    Attributes:
        left_out: Names of the unusable photos met so far, and why: "unreadable" or "grey".

    Raises:
        EmptyDatasetError: There are none.
    """

    def __init__(self, source: Path, *, side: int = 192, held_out: bool = False, workers: int = 4) -> None:
        self.side = side
        self.left_out: dict[str, str] = {}
        self._source = source
        self._places = [place for place in _find_places(source) if is_held_out(place.name) == held_out]
        self._pool = ThreadPoolExecutor(workers)
        self._require_photos(source, held_out=held_out)

    def __len__(self) -> int:
        return len(self._places)

    def lab(self, indices: npt.NDArray[np.intp]) -> tuple[Tensor, npt.NDArray[np.intp]]:
        """See `Photos.lab`.

        Raises:
            EmptyDatasetError: None of them is usable.
        """
        decoded = list(self._pool.map(self._decode, indices))
        usable = [position for position, lab in enumerate(decoded) if lab is not None]
        if not usable:
            raise EmptyDatasetError(f"{self._source}: not one of {len(indices)} photos is usable; look at them.")
        lab = torch.from_numpy(np.stack([lab for lab in decoded if lab is not None])).movedim(-1, 1)
        return as_values(lab.contiguous()), np.array(usable)

    def _decode(self, index: int) -> color.FloatArray | None:
        place = self._places[index]
        try:
            return decode_lab(place.read(), self.side)
        except UnusablePhoto as reason:
            self.left_out[place.name] = str(reason)
            return None


def _find_places(source: Path) -> Iterator[_Place]:
    """The photos `find_photos` reads, by the same names, without reading them."""
    shards, files = find_files(source)
    for shard_path in shards:
        with tarfile.open(shard_path) as shard:
            for member in shard:
                if member.isfile() and is_photo(member.name):
                    yield _Place(f"{shard_path.name}/{member.name}", shard_path, member.offset_data, member.size)
    for path in files:
        yield _Place(str(path.relative_to(source)), path, 0, path.stat().st_size)
