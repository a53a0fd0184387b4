"""Photos decoded once, into one memory-mapped array of 8-bit Lab.

After that a batch costs a few array reads, so two processor cores stay busy training instead of decoding WebP.
"""

import json
from collections import Counter
from collections.abc import Iterator
from concurrent.futures import Executor, ProcessPoolExecutor
from itertools import islice, repeat
from pathlib import Path

import numpy as np
import numpy.typing as npt
import torch
from torch import Tensor
from tqdm import tqdm

from training.data.photos import Photos, as_values, is_held_out
from training.data.sources import EmptyDatasetError, UnusablePhoto, decode_lab, find_pairs, find_photos

INDEX_FILE = "index.json"
PIXELS_FILE = "lab.u8"
_CHROMA_OFFSET = 128

# What became of a photo, and its (side, side, 3) 8-bit Lab if it is usable.
_Packed = tuple[str, npt.NDArray[np.uint8] | None]


def pack(source: Path, target: Path, *, side: int = 192, pairs: bool = False, workers: int = 2) -> dict[str, int]:
    """Decode every usable photo under `source` into `target`, a folder `PackedPhotos` opens.

    Unreadable and near-grey photos are counted, named in the index, and left out.

    Args:
        source: Tar shards, a folder of photos, or of pairs.
        target: Folder to write.
        side: Photos are stretched to this square, in pixels.
        pairs: `source` is laid out as `find_pairs` says.
        workers: Processes that decode.

    Returns:
        How many photos were `packed`, `unreadable` and `grey`.

    Raises:
        EmptyDatasetError: Nothing usable was found.
    """
    target.mkdir(parents=True, exist_ok=True)
    names: list[str] = []
    left_out: dict[str, str] = {}
    photos = find_pairs(source) if pairs else ((name, content, None) for name, content in find_photos(source))
    partial = target / "lab.partial"
    with partial.open("wb") as out, ProcessPoolExecutor(workers) as pool:
        for name, (outcome, lab) in tqdm(_pack_all(photos, side, pool), desc="packing", unit="photo"):
            if lab is None:
                left_out[name] = outcome
            else:
                names.append(name)
                out.write(lab.tobytes())
    counts = {"packed": len(names), "unreadable": 0, "grey": 0} | Counter(left_out.values())
    if not names:
        partial.unlink()
        raise EmptyDatasetError(f"{source} holds no usable colour photo ({counts}); name a folder of photos or shards.")
    index = {"side": side, "counts": counts, "names": names, "left_out": left_out}
    (target / INDEX_FILE).write_text(json.dumps(index))
    partial.rename(target / PIXELS_FILE)
    return counts


def _pack_all(
    photos: Iterator[tuple[str, bytes, bytes | None]], side: int, pool: Executor
) -> Iterator[tuple[str, _Packed]]:
    # A pool's map reads its input to the end at once; a slice at a time keeps memory flat for any collection.
    while some := list(islice(photos, 512)):
        names, contents, olds = zip(*some, strict=True)
        yield from zip(names, pool.map(_pack_one, contents, olds, repeat(side), chunksize=32), strict=True)


def _pack_one(content: bytes, old: bytes | None, side: int) -> _Packed:
    try:
        lab = decode_lab(content, side, old=old)
    except UnusablePhoto as reason:
        return str(reason), None
    lab[..., 0] *= 255 / 100
    lab[..., 1:] += _CHROMA_OFFSET
    return "packed", np.rint(lab).clip(0, 255).astype(np.uint8)


class PackedPhotos(Photos):
    """Photos that `pack` has decoded.

    Args:
        folder: What `pack` wrote.
        held_out: Keep only the photos set aside for choosing between runs (or, by default, all others).

    Raises:
        EmptyDatasetError: There are none.
    """

    def __init__(self, folder: Path, *, held_out: bool = False) -> None:
        index = json.loads((folder / INDEX_FILE).read_text())
        self.side: int = index["side"]
        names: list[str] = index["names"]
        self._lab = np.memmap(folder / PIXELS_FILE, np.uint8, "r", shape=(len(names), self.side, self.side, 3))
        self._chosen = np.flatnonzero([is_held_out(name) == held_out for name in names])
        self._require_photos(folder, held_out=held_out)

    def __len__(self) -> int:
        return len(self._chosen)

    def lab(self, indices: npt.NDArray[np.intp]) -> tuple[Tensor, npt.NDArray[np.intp]]:
        """See `Photos.lab`; every packed photo is usable."""
        lab = torch.from_numpy(self._lab[self._chosen[indices]]).permute(0, 3, 1, 2).float()
        lab[:, :1] *= 100 / 255
        lab[:, 1:] -= _CHROMA_OFFSET
        return as_values(lab), np.arange(len(indices))
