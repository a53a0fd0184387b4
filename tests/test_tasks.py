"""What each stage minimises, and that it can."""

import dataclasses
from collections.abc import Mapping
from pathlib import Path

import numpy as np
import pytest
import torch

from sdk import color
from sdk.contract import AB, LIGHTNESS
from tests.conftest import PHOTOS
from tests.small_runs import SMALL_BATCH, TINY, TINY_GAN, assert_same
from training import checkpoint, metrics
from training.config import DistillConfig, GanConfig, Recipe, StudentConfig, TeacherConfig
from training.data import Batch, PackedPhotos, decode_rgb
from training.models.unet import UNet
from training.tasks import Task
from training.tasks.distill import DistillTask
from training.tasks.gan import GanTask
from training.tasks.pretrain import PretrainTask


def eight_photos() -> Batch:
    names = ("astronaut", "cat", "coffee", "rocket")
    lab = np.stack([color.rgb_to_lab(decode_rgb((PHOTOS / f"{name}.jpg").read_bytes(), 64)) for name in names])
    planes = torch.from_numpy(np.concatenate([lab, lab[:, :, ::-1]])).movedim(-1, 1)
    ab = torch.nn.functional.avg_pool2d(planes[:, 1:] / color.CHROMA_SCALE, 2)
    return Batch({LIGHTNESS.name: planes[:, :1] / color.LIGHTNESS_SCALE - 1}, ab)


def psnr_on(network: UNet, batch: Batch) -> float:
    """Mean PSNR in RGB, at the network's own resolution, of the photos it was fitted to."""
    lightness = (torch.nn.functional.avg_pool2d(batch.inputs[LIGHTNESS.name], 2) + 1) * color.LIGHTNESS_SCALE
    with torch.inference_mode():
        both = [network(batch.inputs)[AB.name], batch.ab]
    rgb = [color.lab_to_rgb(torch.cat([lightness, ab * color.CHROMA_SCALE], 1).movedim(1, -1).numpy()) for ab in both]
    return float(np.mean([metrics.psnr(ours, theirs) for ours, theirs in zip(*rgb, strict=True)]))


@pytest.mark.parametrize(
    ("stage", "least_psnr", "steps"), [("pretrain", 30, 150), ("gan", 26, 150), ("distill", 30, 150)]
)
def test_each_stage_overfits_eight_photos(stage: str, least_psnr: float, steps: int) -> None:
    torch.manual_seed(0)
    batch = eight_photos()
    student = Recipe(student=StudentConfig(width=0.5, decoder=(64, 48, 32, 32)), distill=DistillConfig(teacher=""))
    teacher = Recipe(teacher=TeacherConfig(encoder="pix2pix", width=16, levels=6), gan=GanConfig(discriminator_width=8))
    task: Task
    if stage == "gan":
        task = GanTask(checkpoint.build_network(teacher), teacher)
    elif stage == "pretrain":
        task = PretrainTask(checkpoint.build_network(student), student)
    else:  # a teacher that knows the answer as well as eight photos allow
        task = DistillTask(checkpoint.build_network(student), student, teacher=AllKnowing(batch.ab))
    rates = {"pretrain": 3e-3, "gan": 1e-3, "distill": 3e-3}
    optimizers = [torch.optim.AdamW(turn.player.parameters(), lr=rates[stage]) for turn in task.turns]
    for _ in range(steps):
        for turn, optimizer in zip(task.turns, optimizers, strict=True):
            optimizer.zero_grad()
            torch.stack(list(turn.losses(batch).values())).sum().backward()
            optimizer.step()
    assert psnr_on(task.network.eval(), batch) > least_psnr


class AllKnowing(UNet):
    """A teacher that answers with the truth, and whose features carry it."""

    def __init__(self, ab: torch.Tensor) -> None:
        super().__init__(
            stages=torch.nn.ModuleList(),
            context=torch.nn.Identity(),
            decoder=torch.nn.ModuleList(),
            heads={AB.name: torch.nn.Identity()},
            feature_channels=(2, 2, 2, 2),
        )
        self._ab = ab

    def features(self, inputs: Mapping[str, torch.Tensor]) -> list[torch.Tensor]:
        return [torch.nn.functional.avg_pool2d(self._ab, scale) for scale in (8, 4, 2, 1)]


def test_the_discriminators_loss_has_no_l1_and_moves_only_the_discriminator(packed: Path) -> None:
    recipe = TINY_GAN
    task = GanTask(checkpoint.build_network(recipe), recipe)
    losses = task.discriminator_losses(PackedPhotos(packed).batch(0, SMALL_BATCH))
    assert set(losses) == {"discriminator_real", "discriminator_fake"}
    torch.stack(list(losses.values())).sum().backward()
    assert all(parameter.grad is None for parameter in task.network.parameters())
    assert all(parameter.grad is not None for parameter in task.discriminator.parameters())


def test_distillation_leaves_the_teacher_alone(packed: Path, teacher_checkpoint: Path) -> None:
    teacher = checkpoint.load_network(teacher_checkpoint).network
    before = {key: value.clone() for key, value in teacher.state_dict().items()}
    recipe = dataclasses.replace(TINY, distill=DistillConfig(teacher=str(teacher_checkpoint)))
    task = DistillTask(checkpoint.build_network(recipe), recipe, teacher=teacher)
    losses = task.losses(PackedPhotos(packed).batch(0, SMALL_BATCH))
    assert set(losses) == {"teacher_output", "teacher_features", "truth"}
    torch.stack(list(losses.values())).sum().backward()
    assert_same(dict(teacher.state_dict()), before)
    assert all(parameter.grad is None for parameter in teacher.parameters())
    assert all(parameter.grad is not None for parameter in task.mappings.parameters())


def test_distillation_may_count_decibels(packed: Path, teacher_checkpoint: Path) -> None:
    recipe = dataclasses.replace(
        TINY, loss="psnr", distill=DistillConfig(teacher=str(teacher_checkpoint), feature_weight=0)
    )
    teacher = checkpoint.load_network(teacher_checkpoint).network
    task = DistillTask(teacher, recipe, teacher=teacher)
    losses = task.losses(PackedPhotos(packed).batch(0, SMALL_BATCH))
    assert losses["teacher_output"].item() == pytest.approx(-4)  # what no error at all has
    assert losses["truth"] > losses["teacher_output"]
