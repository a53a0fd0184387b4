"""What each task minimises, and that it can."""

import dataclasses
from collections.abc import Mapping
from pathlib import Path

import numpy as np
import pytest
import torch

from sdk import color
from sdk.contract import AB, HINTS, LIGHTNESS
from tests.conftest import PHOTOS
from tests.small_runs import SMALL_BATCH, TINY, TINY_GAN, assert_same
from training import checkpoint, metrics
from training.config import (
    DiscriminatorKind,
    DistillConfig,
    GanConfig,
    Recipe,
    RecipeError,
    StudentConfig,
    TeacherConfig,
)
from training.data import Batch, PackedPhotos, decode_rgb
from training.losses import ab_loss, negative_psnr
from training.models.classes import SIDE, STEP, nearest_classes
from training.models.unet import UNet
from training.tasks import Task
from training.tasks.classify import ClassifyTask
from training.tasks.distill import DistillTask
from training.tasks.gan import GanTask
from training.tasks.pretrain import PretrainTask


def four_photos() -> Batch:
    names = ("astronaut", "cat", "coffee", "rocket")
    lab = [color.rgb_to_lab(decode_rgb((PHOTOS / f"{name}.jpg").read_bytes(), 64)) for name in names]
    planes = torch.from_numpy(np.stack(lab)).movedim(-1, 1)
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
    ("task_name", "steps", "rate", "least_psnr"),
    [("pretrain", 120, 6e-3, 30), ("gan", 80, 1e-3, 26), ("distill", 150, 6e-3, 30)],
)
def test_each_task_overfits_four_photos(task_name: str, steps: int, rate: float, least_psnr: float) -> None:
    torch.manual_seed(0)
    batch = four_photos()
    student = Recipe(student=StudentConfig(width=0.5, decoder=(64, 48, 32, 32)), distill=DistillConfig(teachers=()))
    teacher = Recipe(teacher=TeacherConfig(encoder="pix2pix", width=16, levels=6), gan=GanConfig(discriminator_width=8))
    task: Task
    if task_name == "gan":
        task = GanTask(checkpoint.build_network(teacher), teacher)
    elif task_name == "pretrain":
        task = PretrainTask(checkpoint.build_network(student), student)
    else:  # a teacher that knows the answer as well as four photos allow
        task = DistillTask(checkpoint.build_network(student), student, teachers=[AllKnowing(batch.ab)])
    optimizers = [torch.optim.AdamW(turn.player.parameters(), lr=rate) for turn in task.turns]
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
            encoder_channels=(),
            feature_channels=(2, 2, 2, 2),
        )
        self._ab = ab

    def features(self, inputs: Mapping[str, torch.Tensor]) -> list[torch.Tensor]:
        return [torch.nn.functional.avg_pool2d(self._ab, scale) for scale in (8, 4, 2, 1)]


@pytest.mark.parametrize("kind", ["patch", "semantic", "projected"])
def test_each_player_moves_only_itself(kind: DiscriminatorKind, packed: Path, untrained_mobilenet: str) -> None:
    config = GanConfig(
        discriminator=kind,
        discriminator_width=8,
        discriminator_encoder=untrained_mobilenet,
        perceptual_weight=1.0,
        objective="hinge",
        spectral_norm=True,
    )
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
    assert set(losses) == {"ab_truth", "vivid_ab_truth", "vivid_ab_adversarial"}
    torch.stack(list(losses.values())).sum().backward()
    assert task.network.hints is not None
    assert all(parameter.grad is not None for parameter in task.network.hints.parameters())


def test_a_vivid_head_may_count_decibels_beside_l1(packed: Path) -> None:
    batch = PackedPhotos(packed).batch(0, SMALL_BATCH)
    network = checkpoint.build_network(TINY_GAN).eval()

    def truth(loss_weight: float) -> torch.Tensor:
        gan = GanConfig(discriminator_width=8, l1_weight=2.0, loss_weight=loss_weight)
        task = GanTask(network, dataclasses.replace(TINY_GAN, loss="psnr", gan=gan))
        task.discriminator_losses(batch)
        return task.generator_losses(batch)["ab_truth"]

    torch.testing.assert_close(truth(3.0), truth(0.0) + 3 * negative_psnr(network(batch.inputs)[AB.name], batch.ab))


def test_distillation_leaves_the_teacher_alone(packed: Path, teacher_checkpoint: Path) -> None:
    teacher = checkpoint.load_network(teacher_checkpoint).network
    before = {key: value.clone() for key, value in teacher.state_dict().items()}
    recipe = dataclasses.replace(TINY, distill=DistillConfig(teachers=(str(teacher_checkpoint),)))
    task = DistillTask(checkpoint.build_network(recipe), recipe, teachers=[teacher])
    losses = task.losses(PackedPhotos(packed).batch(0, SMALL_BATCH))
    assert set(losses) == {"ab_teacher", "ab_truth", "teacher_features"}
    torch.stack(list(losses.values())).sum().backward()
    assert_same(dict(teacher.state_dict()), before)
    assert all(parameter.grad is None for parameter in teacher.parameters())
    assert all(parameter.grad is not None for parameter in task.mappings.parameters())


def test_distillation_may_count_decibels(packed: Path, teacher_checkpoint: Path) -> None:
    recipe = dataclasses.replace(
        TINY, loss="psnr", distill=DistillConfig(teachers=(str(teacher_checkpoint),), feature_weight=0)
    )
    teacher = checkpoint.load_network(teacher_checkpoint).network
    task = DistillTask(teacher, recipe, teachers=[teacher])
    losses = task.losses(PackedPhotos(packed).batch(0, SMALL_BATCH))
    assert losses["ab_teacher"].item() == pytest.approx(-4)  # what no error at all has
    assert losses["ab_truth"] > losses["ab_teacher"]


def test_a_classifier_learns_which_colours_four_photos_have() -> None:
    torch.manual_seed(0)
    batch = four_photos()
    recipe = Recipe(teacher=TeacherConfig(encoder="resnet18", classes=True))
    task = ClassifyTask(checkpoint.build_network(recipe), recipe)
    optimizer = torch.optim.AdamW(task.network.parameters(), lr=2e-3)
    for _ in range(30):
        optimizer.zero_grad()
        torch.stack(list(task.losses(batch).values())).sum().backward()
        optimizer.step()
    assert psnr_on(task.network, batch) > 25


def test_classes_around_a_colour_average_to_it() -> None:
    ab = torch.rand(2, 2, 4, 4) * 1.6 - 0.8
    classes, shares = nearest_classes(ab)
    axis = (torch.arange(SIDE) - SIDE // 2) * STEP
    colours = torch.cartesian_prod(axis, axis)[classes]
    torch.testing.assert_close((colours * shares[..., None]).sum(dim=1).permute(0, 3, 1, 2), ab)


def test_a_network_without_classes_cannot_classify() -> None:
    with pytest.raises(RecipeError, match="classes = true"):
        ClassifyTask(checkpoint.build_network(TINY), TINY)


def test_a_teacher_without_hints_is_silent_where_there_are_some(packed: Path, teacher_checkpoint: Path) -> None:
    student = StudentConfig(width=0.35, decoder=(32, 16, 16, 16), hints=True)
    recipe = dataclasses.replace(SMALL_BATCH, student=student, hinted_photos=1.0, distill=DistillConfig(teachers=()))
    batch = PackedPhotos(packed).batch(0, recipe)
    teacher = checkpoint.load_network(teacher_checkpoint).network
    task = DistillTask(checkpoint.build_network(recipe), recipe, teachers=[teacher])
    told = task.losses(batch)
    assert torch.equal(told["ab_teacher"], told["ab_truth"])
    silence = {
        name: torch.zeros_like(values) if name == HINTS.name else values for name, values in batch.inputs.items()
    }
    untold = task.losses(dataclasses.replace(batch, inputs=silence))
    assert not torch.equal(untold["ab_teacher"], untold["ab_truth"])


def test_a_head_learns_from_the_mean_of_its_teachers(packed: Path) -> None:
    two_heads = dataclasses.replace(TINY, student=dataclasses.replace(TINY.student, heads=("ab", "vivid_ab")))
    recipe = dataclasses.replace(two_heads, distill=DistillConfig(teachers=()))
    one, other, vivid = (checkpoint.build_network(recipe) for recipe in (TINY, TINY, two_heads))
    batch = PackedPhotos(packed).batch(0, SMALL_BATCH)
    task = DistillTask(checkpoint.build_network(recipe), recipe, teachers=[one, other, vivid])
    losses = task.losses(batch)
    answers = task.network(batch.inputs)
    taught = torch.stack([teacher(batch.inputs)["ab"] for teacher in (one, other, vivid)]).mean(dim=0)
    torch.testing.assert_close(losses["ab_teacher"], ab_loss(recipe)(answers["ab"], taught))
    taught += vivid(batch.inputs)["vivid_ab"] - vivid(batch.inputs)["ab"]  # of the only one that has the vivid head
    torch.testing.assert_close(losses["vivid_ab_teacher"], ab_loss(recipe)(answers["vivid_ab"], taught))


def test_a_teacher_of_other_heads_is_refused(teacher_checkpoint: Path) -> None:
    vivid = dataclasses.replace(TINY.student, heads=("vivid_ab",))
    recipe = dataclasses.replace(TINY, student=vivid, distill=DistillConfig(teachers=()))
    teacher = checkpoint.load_network(teacher_checkpoint).network
    with pytest.raises(RecipeError, match="answer ab"):
        DistillTask(checkpoint.build_network(recipe), recipe, teachers=[teacher])


def test_a_teacher_with_hints_does_not_teach_a_student_without() -> None:
    taking_hints = dataclasses.replace(TINY, student=dataclasses.replace(TINY.student, hints=True))
    recipe = dataclasses.replace(TINY, distill=DistillConfig(teachers=()))
    with pytest.raises(RecipeError, match="give its table hints = true"):
        DistillTask(checkpoint.build_network(recipe), recipe, teachers=[checkpoint.build_network(taking_hints)])
