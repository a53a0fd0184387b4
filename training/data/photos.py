"""Batches: which photos a step sees, and how they are cropped. A function of the seed and the step alone."""

import hashlib
from abc import ABC, abstractmethod
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import numpy.typing as npt
import torch
from torch import Tensor

from sdk.contract import HINTS, LIGHTNESS
from training.config import Recipe
from training.data.crops import Pixels, as_ab, as_lightness, crop, draw_crops
from training.data.hints import draw_hints, paint_objects, random_hints
from training.data.old_photos import age, draw_ages
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
        device: Where batches are made.
    """

    side: int
    device: torch.device = torch.device("cpu")

    @abstractmethod
    def __len__(self) -> int: ...

    @abstractmethod
    def pixels(self, indices: npt.NDArray[np.intp]) -> tuple[Pixels, npt.NDArray[np.intp]]:
        """Decode photos.

        Returns:
            Each (side, side, 3) uint8, 8-bit Lab, on `device`; and which of `indices` they are, since a photo that
            turns out to be unusable is left out.
        """

    def move_to(self, device: torch.device) -> None:
        """Make batches on a device from now on."""
        self.device = device

    def lab(self, indices: npt.NDArray[np.intp]) -> Tensor:
        """Whole photos, (N, 3, side, side) float32, L, a and b as the contract scales them; unusable ones left out."""
        pixels, _ = self.pixels(indices)
        levels = torch.stack(list(pixels)).permute(0, 3, 1, 2).float()
        return torch.cat([as_lightness(levels[:, :1]), as_ab(levels[:, 1:])], dim=1)

    def batch(self, step: int, recipe: Recipe, *, rank: int = 0, world: int = 1) -> Batch:
        """What one of `world` processes sees in one training step.

        Each epoch visits every photo once, in an order of its own, whatever the number of processes: they share
        one batch of `recipe.batch_size` between them.
        """
        ours = slice(rank * recipe.batch_size // world, (rank + 1) * recipe.batch_size // world)
        generator = torch.Generator().manual_seed(recipe.seed * 1_000_003 + step)
        draws = (draw(recipe.batch_size, generator)[ours] for draw in (draw_crops, draw_ages, draw_hints))
        crops, ages, hints = draws
        pixels, usable = self.pixels(self._indices(step, recipe)[ours])
        lightness, ab = crop(pixels, crops[usable], smallest=recipe.smallest_crop, size=recipe.size)
        inputs = {LIGHTNESS.name: lightness}
        if recipe.takes_hints:
            ab = paint_objects(lightness, ab, hints[usable], share=recipe.hinted_photos * recipe.painted_objects)
            inputs[HINTS.name] = random_hints(ab, hints[usable], share=recipe.hinted_photos)
        age(lightness, ages[usable], share=recipe.old_photos)  # last: objects are found in what was photographed
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


def is_held_out(content: bytes) -> bool:
    """Whether a photo's file is one of the hundredth set aside: by its content, whatever its name and folder."""
    return hashlib.sha256(content).digest()[0] * 100 < 256
