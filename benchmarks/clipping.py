"""What clipping gradients does to each task: `python -m benchmarks.clipping PACKED ENCODER_WEIGHTS`.

Short runs from the same start, over the same batches, each with its gradients clipped to a norm of 1 and to one of 100.
Says how large gradients were before, how many were clipped, and how low the losses of the last third of the steps were.
"""

import argparse
import json
import sys
import tempfile
from dataclasses import replace
from itertools import product
from pathlib import Path
from statistics import mean, median

from accelerate import Accelerator

from training.config import DistillConfig, GanConfig, Recipe, StudentConfig, TeacherConfig
from training.data import Photos, open_photos
from training.evaluate import markdown_table
from training.loop import take_step
from training.machine import keep_freed_memory
from training.progress import open_run
from training.start import EncoderFile, EncoderWeights

CLIPS = (1.0, 100.0)
_WEIGHTS = Path(__file__).parents[1] / "training" / "weights"
_TAUGHT_BY = DistillConfig(teachers=(str(_WEIGHTS / "student-faithful.safetensors"),))
_STUDENT = StudentConfig(heads=("ab", "vivid_ab"), hints=True)
_SHORT = Recipe(batch_size=16, size=96, frozen_stages=2, warmup_steps=20, ema_decay=0.98, learning_rate=1e-3)
_SEMANTIC = GanConfig(objective="hinge", discriminator="semantic", discriminator_width=32, l1_weight=12.0)
_PROJECTED = GanConfig(objective="hinge", discriminator="projected", l1_weight=40.0, perceptual_weight=0.5)
_PLAYERS = replace(
    _SHORT,
    student=_STUDENT,
    start=str(_WEIGHTS / "student.safetensors"),
    loss="psnr",
    betas=(0.5, 0.99),
    learning_rate=3e-4,
)
RUNS: dict[str, tuple[str, Recipe]] = {
    "pretrain, Huber": ("pretrain", _SHORT),
    "pretrain, psnr": ("pretrain", replace(_SHORT, loss="psnr")),
    "distill, psnr": ("distill", replace(_SHORT, loss="psnr", distill=_TAUGHT_BY)),
    "qat, psnr": ("qat", replace(_SHORT, loss="psnr", start=_TAUGHT_BY.teachers[0], round_weights=True)),
    "classify": ("classify", replace(_SHORT, teacher=TeacherConfig(encoder="mobilenet_v2", classes=True))),
    "gan, semantic": ("gan", replace(_PLAYERS, gan=_SEMANTIC)),
    "gan, projected": ("gan", replace(_PLAYERS, gan=_PROJECTED)),
}
"""Name of a row to its task and recipe. GANs and `qat` start as bundled students, others from ImageNet."""


def measure(task: str, recipe: Recipe, photos: Photos, encoder_weights: EncoderWeights) -> dict[str, float]:
    """Figures of one run."""
    with tempfile.TemporaryDirectory() as folder:
        training = open_run(task, recipe, Path(folder), encoder_weights, Accelerator())
        steps = [take_step(training, photos.batch(step, recipe), recipe) for step in range(recipe.steps)]
    losses, norms = zip(*steps, strict=True)
    figures: dict[str, float] = {"clipped to": recipe.gradient_clip}
    for name in norms[0]:
        values = [norm[name].item() for norm in norms]
        figures[f"{name}, median"] = median(values)
        figures[f"{name}, largest"] = max(values)
        figures[f"{name}, share clipped"] = mean(value > recipe.gradient_clip for value in values)
    last = losses[-len(losses) // 3 :]
    return figures | {name: mean(loss[name].item() for loss in last) for name in last[0]}


def main(arguments: list[str] | None = None) -> int:
    """Measure, print a table and write the figures. Returns the exit code."""
    parser = argparse.ArgumentParser(
        prog="python -m benchmarks.clipping", description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("packed", type=Path, help="what `python -m training pack` wrote")
    parser.add_argument("encoder_weights", type=Path, help="ImageNet's MobileNetV2 (safetensors), trained on [-1, 1]")
    parser.add_argument("--steps", type=int, default=60, help="of each run (default 60)")
    parser.add_argument("--json", type=Path, help="also write the figures here; rows it has are kept")
    options = parser.parse_args(arguments)
    encoder, photos = EncoderFile(options.encoder_weights, "signed"), open_photos(options.packed)
    keep_freed_memory()
    rows: dict[str, dict[str, float]] = {}
    if options.json and options.json.exists():
        rows = json.loads(options.json.read_text())
    for (name, (task, recipe)), clip in product(RUNS.items(), CLIPS):
        row = f"{name}, clipped to {clip:g}"
        if row not in rows:
            rows[row] = measure(task, replace(recipe, steps=options.steps, gradient_clip=clip), photos, encoder)
        if options.json:
            options.json.write_text(json.dumps(rows, indent=2) + "\n")
    columns = list(dict.fromkeys(name for figures in rows.values() for name in figures))
    cells = [
        [name, *(f"{row[column]:.3g}" if column in row else "" for column in columns)] for name, row in rows.items()
    ]
    print(markdown_table([["", *columns], *cells]))
    return 0


if __name__ == "__main__":
    sys.exit(main())
