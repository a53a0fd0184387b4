"""Photos decoded once, into one file of 8-bit Lab.

After that a batch costs a few reads, so two processor cores stay busy training instead of decoding WebP.
"""

import json
from collections import Counter
from collections.abc import Iterator, Sequence
from concurrent.futures import Executor, ProcessPoolExecutor
from dataclasses import dataclass, replace
from itertools import repeat
from pathlib import Path

import numpy as np
import numpy.typing as npt
import torch
from torch import Tensor
from tqdm import tqdm

from training.data.crops import Pixels
from training.data.photos import Photos, is_held_out
from training.data.sources import EmptyDatasetError, Place, UnusablePhoto, decode_lab, find_pairs, find_places

INDEX_FILE = "index.json"
PIXELS_FILE = "lab.u8"
# Of a GPU's free memory, what photos may take; the rest is for training.
_SHARE_OF_MEMORY = 0.5


@dataclass(frozen=True)
class _Packed:
    """What became of a photo.

    Attributes:
        name: Within its source.
        outcome: "packed", or why it is left out.
        held_out: Whether it is set aside.
        lab: (side, side, 3) 8-bit Lab, if it is packed.
    """

    name: str
    outcome: str
    held_out: bool = False
    lab: npt.NDArray[np.uint8] | None = None


def pack(source: Path, target: Path, *, side: int = 192, pairs: bool = False) -> dict[str, int]:
    """Decode every usable photo under `source`, on all processors, into `target`, a folder `PackedPhotos` opens.

    Unreadable and near-grey photos are counted, named in the index, and left out.

    Args:
        source: Tar shards, a folder of photos, or of pairs.
        target: Folder to write.
        side: Photos are stretched to this square, in pixels.
        pairs: `source` is laid out as `find_pairs` says.

    Returns:
        How many photos were `packed`, `unreadable` and `grey`.

    Raises:
        EmptyDatasetError: Nothing usable was found.
        ShardError: A tar shard is damaged.
    """
    photos = list(find_pairs(source) if pairs else ((place, None) for place in find_places(source)))
    target.mkdir(parents=True, exist_ok=True)
    chosen: list[_Packed] = []
    left_out: dict[str, str] = {}
    partial = target / "lab.partial"
    with partial.open("wb") as out, ProcessPoolExecutor() as pool:
        for photo in tqdm(_pack_all(photos, side, pool), total=len(photos), desc="packing", unit="photo"):
            if photo.lab is None:
                left_out[photo.name] = photo.outcome
            else:
                out.write(photo.lab.tobytes())
                chosen.append(replace(photo, lab=None))
    counts = {"packed": len(chosen), "unreadable": 0, "grey": 0} | Counter(left_out.values())
    if not chosen:
        partial.unlink()
        raise EmptyDatasetError(f"{source} holds no usable colour photo ({counts}); name a folder of photos or shards.")
    index = {
        "side": side,
        "counts": counts,
        "names": [photo.name for photo in chosen],
        "held_out": [photo.held_out for photo in chosen],
        "left_out": left_out,
    }
    (target / INDEX_FILE).unlink(missing_ok=True)  # of an earlier pack: it would not fit these pixels
    partial.replace(target / PIXELS_FILE)
    (target / INDEX_FILE).write_text(json.dumps(index))
    return counts


def _pack_all(photos: Sequence[tuple[Place, Place | None]], side: int, pool: Executor) -> Iterator[_Packed]:
    # A slice at a time: what a pool has decoded waits in memory until it is asked for.
    for start in range(0, len(photos), 512):
        places, olds = zip(*photos[start : start + 512], strict=True)
        yield from pool.map(_pack_one, places, olds, repeat(side), chunksize=32)


def _pack_one(place: Place, old: Place | None, side: int) -> _Packed:
    content = place.read()
    try:
        lab = decode_lab(content, side, old=old.read() if old else None)
    except UnusablePhoto as reason:
        return _Packed(place.name, str(reason))
    return _Packed(place.name, "packed", is_held_out(content), lab)


class PackedPhotos(Photos):
    """Photos that `pack` has decoded.

    Args:
        folder: What `pack` wrote.
        held_out: Keep only the photos set aside for choosing between runs (or, by default, all others).

    Raises:
        EmptyDatasetError: There are none, or `folder` was packed by an older version.
    """

    def __init__(self, folder: Path, *, held_out: bool = False) -> None:
        index = json.loads((folder / INDEX_FILE).read_text())
        if "held_out" not in index:
            raise EmptyDatasetError(f"{folder} does not say which photos are held out; pack them again.")
        self.side: int = index["side"]
        sides = np.array(index["held_out"])
        file, size = folder / PIXELS_FILE, len(sides) * self.side**2 * 3
        if file.stat().st_size != size:
            raise EmptyDatasetError(f"{file} is not as long as {INDEX_FILE} says; pack the photos again.")
        self._chosen = np.flatnonzero(sides == held_out)
        self._mapped = torch.from_file(str(file), size=size, dtype=torch.uint8).view(-1, self.side, self.side, 3)
        self._kept: Tensor | None = None
        self._require_photos(folder, held_out=held_out)

    def __len__(self) -> int:
        return len(self._chosen)

    def move_to(self, device: torch.device) -> None:
        """See `Photos.move_to`; a GPU keeps all photos in its memory, if they fit."""
        super().move_to(device)
        if device.type == "cuda" and len(self) * self.side**2 * 3 < _SHARE_OF_MEMORY * torch.cuda.mem_get_info()[0]:
            self._kept = torch.empty((len(self), self.side, self.side, 3), dtype=torch.uint8, device=device)
            for some, places in zip(self._kept.split(1024), torch.from_numpy(self._chosen).split(1024), strict=True):
                some.copy_(self._mapped[places])

    def pixels(self, indices: npt.NDArray[np.intp]) -> tuple[Pixels, npt.NDArray[np.intp]]:
        """See `Photos.pixels`; every packed photo is usable."""
        if self._kept is not None:
            pixels: Pixels = self._kept[torch.from_numpy(indices).to(self.device, non_blocking=True)]
        else:
            # Where they lie: of each photo no more than its crop is ever read.
            pixels = [self._mapped[place] for place in self._chosen[indices]]
            if self.device.type != "cpu":
                pixels = torch.stack(pixels).to(self.device, non_blocking=True)
        return pixels, np.arange(len(indices))
