"""Batches: which photos a step sees, and how they are cropped. A function of the seed and the step alone."""

import hashlib
from abc import ABC, abstractmethod
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import numpy.typing as npt
import torch
from torch import Tensor
from torch.nn import functional as F

from sdk.contract import AB, HINTS, LIGHTNESS
from training.config import Recipe
from training.data.hints import random_hints
from training.data.old_photos import age
from training.data.sources import EmptyDatasetError


@dataclass(frozen=True)
class Batch:
    """One step's worth of photos.

    Attributes:
        inputs: By the contract's names, N at a time: what the network is given.
        ab: (N, 2, S/2, S/2) float32, the photos' own chroma as the contract scales it: the ground truth.
    """

    inputs: dict[str, Tensor]
    ab: Tensor

    def to(self, device: torch.device) -> "Batch":
        """The same photos in a device's memory."""
        inputs = {name: values.to(device, non_blocking=True) for name, values in self.inputs.items()}
        return Batch(inputs, self.ab.to(device, non_blocking=True))


class Photos(ABC):
    """A collection of photos to train on.

    Attributes:
        side: The square photos are stretched to when they are decoded, in pixels.
    """

    side: int

    @abstractmethod
    def __len__(self) -> int: ...

    @abstractmethod
    def lab(self, indices: npt.NDArray[np.intp]) -> tuple[Tensor, npt.NDArray[np.intp]]:
        """Decode photos.

        Returns:
            (N, 3, side, side) float32, L, a and b as the contract scales them; and which of `indices` they are,
            since a photo that turns out to be unusable is left out.
        """

    def batch(self, step: int, recipe: Recipe, *, rank: int = 0, world: int = 1) -> Batch:
        """What one of `world` processes sees in one training step.

        Each epoch visits every photo once, in an order of its own, whatever the number of processes: they share
        one batch of `recipe.batch_size` between them. A photo is cropped to a random square, resized, and
        mirrored half the time.
        """
        ours = slice(rank * recipe.batch_size // world, (rank + 1) * recipe.batch_size // world)
        generator = torch.Generator().manual_seed(recipe.seed * 1_000_003 + step)
        crops = _random_crops(recipe.batch_size, recipe.smallest_crop, generator)[ours]
        whole, usable = self.lab(self._indices(step, recipe)[ours])
        grid = F.affine_grid(crops[usable], [len(usable), 3, recipe.size, recipe.size], align_corners=False)
        lab = F.grid_sample(whole, grid, mode="bilinear", padding_mode="border", align_corners=False)
        lightness = lab[:, :1].contiguous()
        if recipe.old_photos:
            lightness = age(lightness, share=recipe.old_photos, generator=generator.manual_seed(step * world + rank))
        ab = F.avg_pool2d(lab[:, 1:], AB.stride)
        inputs = {LIGHTNESS.name: lightness}
        if recipe.takes_hints:
            inputs[HINTS.name] = random_hints(ab, generator=generator)
        return Batch(inputs, ab)

    def _indices(self, step: int, recipe: Recipe) -> npt.NDArray[np.intp]:
        positions = range(step * recipe.batch_size, (step + 1) * recipe.batch_size)
        return np.array([self._order(at // len(self), recipe.seed)[at % len(self)] for at in positions])

    def _order(self, epoch: int, seed: int) -> npt.NDArray[np.intp]:
        if getattr(self, "_epoch", None) != (epoch, seed):
            self._epoch = (epoch, seed)
            self._permutation = np.random.default_rng((seed, epoch)).permutation(len(self))
        return self._permutation

    def _require_photos(self, source: Path, *, held_out: bool) -> None:
        if not len(self):
            kind = (
                "held-out photo; about one in a hundred is, so there must be several hundred" if held_out else "photo"
            )
            raise EmptyDatasetError(f"{source} holds no {kind}.")


def as_values(lab: Tensor) -> Tensor:
    """(N, 3, H, W) Lab to the values of the contract's tensors, in place."""
    lab[:, :1].div_(LIGHTNESS.scale[0]).add_(LIGHTNESS.offset)
    lab[:, 1:].div_(AB.scale[0])
    return lab


def is_held_out(content: bytes) -> bool:
    """Whether a photo's file is one of the hundredth set aside: by its content, whatever its name and folder."""
    return hashlib.sha256(content).digest()[0] * 100 < 256


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
