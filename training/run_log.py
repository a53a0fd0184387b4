"""What a run leaves behind for people and programs to look at."""

import json
from pathlib import Path

import numpy as np
from PIL import Image
from torch.utils.tensorboard.writer import SummaryWriter

from training.metrics import Rgb, grey

METRICS_FILE = "metrics.jsonl"
SAMPLES_FILE = "samples.jpg"


class RunLog:
    """`metrics.jsonl` for programs, `samples.jpg` and TensorBoard for people, in a run's folder.

    Args:
        run: The folder.
        step: Steps done; what a killed run logged beyond them will happen again and is forgotten.
    """

    def __init__(self, run: Path, *, step: int) -> None:
        self._run = run
        self._metrics = run / METRICS_FILE
        if self._metrics.exists():
            lines = self._metrics.read_text().splitlines(keepends=True)
            self._metrics.write_text("".join(line for line in lines if json.loads(line)["step"] <= step))
        self._tensorboard = SummaryWriter(run / "tensorboard", purge_step=step + 1)

    def scalars(self, step: int, values: dict[str, float]) -> None:
        """Note some figures of a step."""
        with self._metrics.open("a") as log:
            log.write(json.dumps({"step": step, **values}) + "\n")
        for name, value in values.items():
            self._tensorboard.add_scalar(name, value, step)

    def samples(self, step: int, pairs: list[tuple[Rgb, Rgb]]) -> None:
        """Show photos as `side_by_side` lays them out."""
        grid = side_by_side(pairs)
        Image.fromarray(grid).save(self._run / SAMPLES_FILE, quality=90)
        self._tensorboard.add_image("samples", grid, step, dataformats="HWC")

    def close(self) -> None:
        """Write what is still in memory."""
        self._tensorboard.close()


def side_by_side(pairs: list[tuple[Rgb, Rgb]]) -> Rgb:
    """Photos to look at, one a column: what the network sees, its answer, the truth."""
    return np.concatenate([np.concatenate([grey(truth), output, truth]) for output, truth in pairs], axis=1)
