"""Photos decoded as they are needed, for collections too large to pack.

Any photo can be read alone, out of a shard as well as out of a folder, so every process takes its exact share of
every epoch.
"""

from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import numpy as np
import numpy.typing as npt
import torch
from torch import Tensor

from training.data.photos import Photos, is_held_out
from training.data.sources import EmptyDatasetError, UnusablePhoto, decode_lab, find_places


class StreamedPhotos(Photos):
    """Photos in tar shards (WebDataset's layout) or in a folder, on any mounted file system.

    All are read once at the start, to tell which are held out. Unusable ones are found out on the way: they are counted
    in `left_out` and missing from their batch.

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
        self._pool = ThreadPoolExecutor(workers)
        places = list(find_places(source))
        sides = self._pool.map(lambda place: is_held_out(place.read()), places)
        self._places = [place for place, side in zip(places, sides, strict=True) if side == held_out]
        self._require_photos(source, held_out=held_out)

    def __len__(self) -> int:
        return len(self._places)

    def pixels(self, indices: npt.NDArray[np.intp]) -> tuple[Tensor, npt.NDArray[np.intp]]:
        """See `Photos.pixels`.

        Raises:
            EmptyDatasetError: None of them is usable.
        """
        decoded = list(self._pool.map(self._decode, indices))
        usable = [position for position, lab in enumerate(decoded) if lab is not None]
        if not usable:
            raise EmptyDatasetError(f"{self._source}: not one of {len(indices)} photos is usable; look at them.")
        pixels = torch.from_numpy(np.stack([lab for lab in decoded if lab is not None]))
        return pixels.to(self.device, non_blocking=True), np.array(usable)

    def _decode(self, index: int) -> npt.NDArray[np.uint8] | None:
        place = self._places[index]
        try:
            return decode_lab(place.read(), self.side)
        except UnusablePhoto as reason:
            self.left_out[place.name] = str(reason)
            return None
