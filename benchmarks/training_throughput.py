"""Whether the loader keeps the trainer busy: `python -m benchmarks.training_throughput PHOTOS`.

PHOTOS is what `python -m training pack` wrote, or shards or a folder. The same training run is timed with real batches
and with one fixed batch from memory, which costs nothing to make; the two take turns in one process.
"""

import argparse
import sys
import tempfile
from dataclasses import replace
from pathlib import Path
from statistics import median
from time import perf_counter

import numpy as np
import numpy.typing as npt

from training.config import Recipe, load_recipe
from training.data import Batch, Photos, open_photos
from training.data.crops import Pixels
from training.loop import train

LEAST_SHARE = 0.85
WARM_UP_STEPS = 5


class TimedPhotos(Photos):
    """Photos that note when each batch was asked for.

    Args:
        photos: The real ones.
        fixed: Answer with the first batch again and again.
    """

    def __init__(self, photos: Photos, *, fixed: bool) -> None:
        self.side = photos.side
        self.asked: list[float] = []
        self._photos = photos
        self._fixed = fixed
        self._first: Batch | None = None

    def __len__(self) -> int:
        return len(self._photos)

    def pixels(self, indices: npt.NDArray[np.intp]) -> tuple[Pixels, npt.NDArray[np.intp]]:
        """See `Photos.pixels`."""
        return self._photos.pixels(indices)

    def batch(self, step: int, recipe: Recipe, *, rank: int = 0, world: int = 1) -> Batch:
        """See `Photos.batch`."""
        self.asked.append(perf_counter())
        if self._first is None or not self._fixed:
            self._first = self._photos.batch(step, recipe, rank=rank, world=world)
        return self._first

    def rate(self, batch_size: int) -> float:
        """Photos per second, once the run is warm."""
        timed = self.asked[WARM_UP_STEPS:]
        return batch_size * (len(timed) - 1) / (timed[-1] - timed[0])


def measure(photos: Photos, held_out: Photos, recipe: Recipe, *, fixed: bool) -> float:
    """Photos per second of one short run."""
    timed = TimedPhotos(photos, fixed=fixed)
    with tempfile.TemporaryDirectory() as folder:
        train("pretrain", recipe, timed, held_out, Path(folder), encoder_weights="random")
    return timed.rate(recipe.batch_size)


def main(arguments: list[str] | None = None) -> int:
    """Print both rates and their ratio. Returns 1 when the loader holds the trainer up."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks.training_throughput", description=__doc__)
    parser.add_argument("photos", type=Path)
    parser.add_argument("--recipe", type=Path, default=Path("training/recipes/student-start.toml"))
    parser.add_argument("--steps", type=int, default=40)
    parser.add_argument("--rounds", type=int, default=3)
    options = parser.parse_args(arguments)
    recipe = replace(load_recipe(options.recipe), steps=options.steps, start=None)
    photos, held_out = open_photos(options.photos), open_photos(options.photos, held_out=True)
    rates: dict[bool, list[float]] = {True: [], False: []}
    for _ in range(options.rounds):
        for fixed, measured in rates.items():
            measured.append(measure(photos, held_out, recipe, fixed=fixed))
    real, ideal = median(rates[False]), median(rates[True])
    print(f"fixed batch {ideal:.1f} photos/s, real photos {real:.1f} photos/s: {real / ideal:.0%}")
    return 0 if real >= LEAST_SHARE * ideal else 1


if __name__ == "__main__":
    sys.exit(main())
