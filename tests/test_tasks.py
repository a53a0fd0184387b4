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
from training.config import DiscriminatorKind, DistillConfig, GanConfig, Recipe, StudentConfig, TeacherConfig
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


@pytest.mark.parametrize(("stage", "least_psnr"), [("pretrain", 30), ("gan", 26), ("distill", 30)])
def test_each_stage_overfits_eight_photos(stage: str, least_psnr: float) -> None:
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
    for _ in range(125):
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
            encoder_channels=(),
            feature_channels=(2, 2, 2, 2),
        )
        self._ab = ab

    def features(self, inputs: Mapping[str, torch.Tensor]) -> list[torch.Tensor]:
        return [torch.nn.functional.avg_pool2d(self._ab, scale) for scale in (8, 4, 2, 1)]


@pytest.mark.parametrize("kind", ["patch", "semantic"])
def test_each_player_moves_only_itself(kind: DiscriminatorKind, packed: Path) -> None:
    config = GanConfig(discriminator=kind, discriminator_width=8, objective="hinge", spectral_norm=True)
    task = GanTask(checkpoint.build_network(TINY_GAN), dataclasses.replace(TINY_GAN, gan=config))
    batch = PackedPhotos(packed).batch(0, SMALL_BATCH)
    task.network.train()

    def moved(module: torch.nn.Module) -> set[bool]:
        return {parameter.grad is not None for parameter in module.parameters()}

    losses = task.discriminator_losses(batch)
    assert set(losses) == {"discriminator_real", "discriminator_fake"}
    torch.stack(list(losses.values())).sum().backward()
    assert moved(task.network) == {False}
    assert moved(task.discriminator) == {True}
    task.discriminator.zero_grad()
    torch.stack(list(task.generator_losses(batch).values())).sum().backward()
    assert moved(task.network) == {True}
    assert moved(task.discriminator) == {False}


def test_nobody_listens_to_a_discriminator_that_has_not_learned(packed: Path) -> None:
    recipe = dataclasses.replace(TINY_GAN, gan=GanConfig(discriminator_width=8, warmup_steps=2))
    task, batch = GanTask(checkpoint.build_network(recipe), recipe), PackedPhotos(packed).batch(0, SMALL_BATCH)
    heard = []
    for _ in range(3):
        task.discriminator_losses(batch)
        heard.append(bool(task.generator_losses(batch)["ab_adversarial"]))
    assert heard == [False, False, True]


def test_a_vivid_head_learns_beside_a_faithful_one_and_both_from_hints(packed: Path) -> None:
    student = StudentConfig(width=0.35, decoder=(32, 16, 16, 16), heads=("ab", "vivid_ab"), hints=True)
    recipe = dataclasses.replace(SMALL_BATCH, student=student, gan=GanConfig(discriminator="semantic"))
    task, batch = GanTask(checkpoint.build_network(recipe), recipe), PackedPhotos(packed).batch(0, recipe)
    task.discriminator_losses(batch)
    losses = task.generator_losses(batch)
    assert set(losses) == {"ab", "vivid_ab_l1", "vivid_ab_adversarial"}
    torch.stack(list(losses.values())).sum().backward()
    assert task.network.hints is not None
    assert all(parameter.grad is not None for parameter in task.network.hints.parameters())


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
