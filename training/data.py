"""Photos in, training batches out.

Every photo is decoded once, by `pack`, into one memory-mapped array of 8-bit Lab. After that a batch
costs a few array reads, so two processor cores stay busy training instead of decoding WebP.
"""

import hashlib
import io
import json
import tarfile
from collections.abc import Iterator, Sequence
from concurrent.futures import Executor, ProcessPoolExecutor
from dataclasses import dataclass
from itertools import islice, repeat
from pathlib import Path

import numpy as np
import numpy.typing as npt
import torch
from PIL import Image, UnidentifiedImageError
from torch import Tensor
from torch.nn import functional as F
from tqdm import tqdm

from sdk import color

PHOTO_SUFFIXES = frozenset({".jpg", ".jpeg", ".png", ".webp"})
# Below this mean chroma (in Lab units) a photo is grey or sepia and teaches nothing about colour.
MINIMUM_MEAN_CHROMA = 4.0
_CHROMA_OFFSET = 128

# Name, what became of it, and its (side, side, 3) 8-bit Lab if it is usable.
_PackedPhoto = tuple[str, str, npt.NDArray[np.uint8] | None]


class EmptyDatasetError(ValueError):
    """No usable photo was found where photos were promised."""


@dataclass(frozen=True)
class Batch:
    """One step's worth of photos.

    Attributes:
        lightness: (N, 1, S, S) float32 in [-1, 1].
        ab: (N, 2, S/2, S/2) float32, a and b over `color.CHROMA_SCALE`: the ground truth.
    """

    lightness: Tensor
    ab: Tensor


def find_photos(source: Path) -> Iterator[tuple[str, bytes]]:
    """Read photos, undecoded, from tar shards or folders, in a stable order.

    Args:
        source: A `.tar` shard, a folder of shards, or a folder of photos (searched recursively).

    Yields:
        Name within the source, and the file's bytes.
    """
    if source.suffix == ".tar":
        with tarfile.open(source) as shard:
            for member in shard:
                content = shard.extractfile(member)
                if content is not None and Path(member.name).suffix.lower() in PHOTO_SUFFIXES:
                    yield f"{source.name}/{member.name}", content.read()
        return
    shards = sorted(source.glob("*.tar"))
    for shard_path in shards:
        yield from find_photos(shard_path)
    if not shards:
        for path in sorted(source.rglob("*")):
            if path.suffix.lower() in PHOTO_SUFFIXES:
                yield str(path.relative_to(source)), path.read_bytes()


def decode_rgb(content: bytes, side: int) -> npt.NDArray[np.uint8]:
    """Decode and stretch one photo to (side, side, 3) sRGB, bicubic, as the evaluation protocol does."""
    with Image.open(io.BytesIO(content)) as photo:
        return np.asarray(photo.convert("RGB").resize((side, side), Image.Resampling.BICUBIC))


def pack(source: Path, target: Path, *, side: int = 192, workers: int = 2) -> dict[str, int]:
    """Decode every usable photo under `source` into `target`, a folder `PackedPhotos` opens.

    Unreadable and near-grey photos are counted and left out.

    Returns:
        How many photos were `packed`, `unreadable` and `grey`.

    Raises:
        EmptyDatasetError: Nothing usable was found.
    """
    target.mkdir(parents=True, exist_ok=True)
    names: list[str] = []
    counts = {"packed": 0, "unreadable": 0, "grey": 0}
    partial = target / "lab.partial"
    with partial.open("wb") as out, ProcessPoolExecutor(workers) as pool:
        for name, outcome, lab in tqdm(_packed(find_photos(source), side, pool), desc="packing", unit="photo"):
            counts[outcome] += 1
            if lab is not None:
                names.append(name)
                out.write(lab.tobytes())
    if not names:
        partial.unlink()
        raise EmptyDatasetError(f"{source} holds no usable colour photo ({counts}); point --photos at photos.")
    index = {"side": side, "counts": counts, "names": names}
    (target / "index.json").write_text(json.dumps(index))
    partial.rename(target / "lab.u8")
    return counts


def _packed(photos: Iterator[tuple[str, bytes]], side: int, pool: Executor) -> Iterator[_PackedPhoto]:
    # A pool's map reads its input to the end at once; a slice at a time keeps memory flat for any collection.
    while some := list(islice(photos, 512)):
        names, contents = zip(*some, strict=True)
        yield from pool.map(_pack_one, names, contents, repeat(side), chunksize=32)


def _pack_one(name: str, content: bytes, side: int) -> _PackedPhoto:
    try:
        lab = color.rgb_to_lab(decode_rgb(content, side))
    except (UnidentifiedImageError, OSError, ValueError, SyntaxError, Image.DecompressionBombError):
        return name, "unreadable", None
    if np.hypot(lab[..., 1], lab[..., 2]).mean() < MINIMUM_MEAN_CHROMA:
        return name, "grey", None
    lab[..., 0] *= 255 / 100
    lab[..., 1:] += _CHROMA_OFFSET
    return name, "packed", np.rint(lab).clip(0, 255).astype(np.uint8)


class PackedPhotos:
    """Photos that `pack` has decoded: (N, side, side, 3) 8-bit Lab, memory-mapped.

    Args:
        folder: What `pack` wrote.
        held_out: Keep only the photos set aside for choosing between runs (or, by default, all others).
    """

    def __init__(self, folder: Path, *, held_out: bool = False) -> None:
        index = json.loads((folder / "index.json").read_text())
        self.side: int = index["side"]
        names: Sequence[str] = index["names"]
        self._lab = np.memmap(folder / "lab.u8", np.uint8, "r", shape=(len(names), self.side, self.side, 3))
        self._chosen = np.flatnonzero([is_held_out(name) == held_out for name in names])
        if not len(self._chosen):
            raise EmptyDatasetError(f"{folder} holds no photo with held_out={held_out}.")

    def __len__(self) -> int:
        return len(self._chosen)

    def lab(self, indices: npt.NDArray[np.intp]) -> Tensor:
        """(N, 3, side, side) float32: L over 50 minus 1, a and b over 110."""
        lab = torch.from_numpy(self._lab[self._chosen[indices]]).permute(0, 3, 1, 2).float()
        lab[:, :1] = lab[:, :1] * (100 / 255 / color.LIGHTNESS_SCALE) - 1
        lab[:, 1:] = (lab[:, 1:] - _CHROMA_OFFSET) / color.CHROMA_SCALE
        return lab

    def batch(self, step: int, *, batch_size: int, size: int, smallest_crop: float, seed: int) -> Batch:
        """The batch of one training step: a function of its arguments alone, so a run can resume anywhere.

        Each epoch visits every photo once, in an order of its own. A photo is cropped to a random square of
        `smallest_crop` to 1 of its side, resized to `size` and mirrored half the time.
        """
        positions = np.arange(step * batch_size, (step + 1) * batch_size)
        indices = np.array([self._order(int(p) // len(self), seed)[int(p) % len(self)] for p in positions])
        generator = torch.Generator().manual_seed(seed * 1_000_003 + step)
        theta = _random_crops(batch_size, smallest_crop, generator)
        grid = F.affine_grid(theta, [batch_size, 3, size, size], align_corners=False)
        lab = F.grid_sample(self.lab(indices), grid, mode="bilinear", padding_mode="border", align_corners=False)
        return Batch(lightness=lab[:, :1].contiguous(), ab=F.avg_pool2d(lab[:, 1:], 2))

    def _order(self, epoch: int, seed: int) -> npt.NDArray[np.intp]:
        if getattr(self, "_epoch", None) != (epoch, seed):
            self._epoch = (epoch, seed)
            self._permutation = np.random.default_rng((seed, epoch)).permutation(len(self))
        return self._permutation


def is_held_out(name: str) -> bool:
    """Whether a photo is one of the hundredth set aside, by a hash of its name, so that it never changes sides."""
    return hashlib.sha256(name.encode()).digest()[0] * 100 < 256


def _random_crops(count: int, smallest: float, generator: torch.Generator) -> Tensor:
    """(count, 2, 3) affine maps of a random crop, mirrored half the time, for `affine_grid`."""
    scale = smallest + (1 - smallest) * torch.rand(count, generator=generator)
    shift = (torch.rand(count, 2, generator=generator) * 2 - 1) * (1 - scale)[:, None]
    mirror = torch.where(torch.rand(count, generator=generator) < 0.5, -1.0, 1.0)
    theta = torch.zeros(count, 2, 3)
    theta[:, 0, 0] = scale * mirror
    theta[:, 1, 1] = scale
    theta[:, :, 2] = shift
    return theta
