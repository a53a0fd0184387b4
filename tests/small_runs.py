"""Trainings that are over in a second, and the commands that start them."""

import dataclasses
import math
import multiprocessing
from pathlib import Path

import torch

from training import checkpoint, loop, progress
from training.config import GanConfig, Recipe, StudentConfig, TeacherConfig
from training.data import PackedPhotos

TINY = Recipe(
    student=StudentConfig(width=0.35, decoder=(16, 16, 16, 16)),
    steps=4,
    batch_size=4,
    size=32,
    warmup_steps=2,
    ema_decay=0.9,
)
SMALL_BATCH = Recipe(batch_size=2, size=64)
BATCH_OF_EIGHT = Recipe(batch_size=8, size=64, seed=3)
TINY_TEACHER = dataclasses.replace(TINY, teacher=TeacherConfig(encoder="pix2pix", width=8, levels=5))
TINY_GAN = dataclasses.replace(TINY_TEACHER, size=64, gan=GanConfig(discriminator_width=8, muted_weight=1.0))

# Other tests of these processes watch their memory.
loop.keep_freed_memory = lambda: None

# Its processes begin where PyTorch is imported already, which takes longer than these trainings do.
FORKED = multiprocessing.get_context("forkserver")
FORKED.set_forkserver_preload(["training.__main__"])


def run(
    recipe: Recipe, packed: Path, folder: Path, *, task_name: str = "pretrain", max_minutes: float = math.inf
) -> dict[str, torch.Tensor]:
    photos, held_out = PackedPhotos(packed), PackedPhotos(packed, held_out=True)
    loop.train(task_name, recipe, photos, held_out, folder, encoder_weights="random", max_minutes=max_minutes)
    return checkpoint.load_weights(folder / progress.weights_file(recipe))


def assert_same(ours: dict[str, torch.Tensor], theirs: dict[str, torch.Tensor]) -> None:
    assert ours.keys() == theirs.keys()
    for key, value in ours.items():
        assert torch.equal(value, theirs[key]), key


def write_recipe(path: Path, *, steps: int, table: str = "") -> None:
    student = "[student]\nwidth = 0.35\ndecoder = [16, 16, 16, 16]\n"
    size = "" if "size" in table else "size = 32\n"
    path.write_text(f"steps = {steps}\nbatch_size = 4\nwarmup_steps = 2\n{size}{table}{student}")


def arguments(task_name: str, recipe: Path, packed: Path, folder: Path) -> list[str]:
    named = [task_name, "--recipe", str(recipe), "--photos", str(packed), "--from-random-weights"]
    return [*named, "--save-every", "2", "--run-folder", str(folder)]
