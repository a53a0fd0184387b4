"""What the networks are asked to make small. Every loss is a mean, over values or photos: a scalar.

To add one, add an entry to `AB_LOSSES` or `OBJECTIVES`; a recipe names it.
"""

from collections.abc import Callable
from dataclasses import dataclass
from functools import partial

import torch
from torch import Tensor
from torch.nn import functional as F

from training.config import GanConfig, Recipe, RecipeError

Loss = Callable[[Tensor, Tensor], Tensor]
"""A prediction and what it should have been, (N, 2, H, W) each, to a scalar."""


def ab_loss(recipe: Recipe) -> Loss:
    """The loss that a recipe names, of a network's ab against a photo's or a teacher's.

    Raises:
        RecipeError: There is none of that name.
    """
    if recipe.loss not in AB_LOSSES:
        raise RecipeError(f"loss is one of {', '.join(AB_LOSSES)}, not {recipe.loss}")
    return AB_LOSSES[recipe.loss](recipe)


def huber(predicted_ab: Tensor, ab: Tensor, *, delta: float) -> Tensor:
    """Huber's loss (1964), divided by delta so that its linear part has slope one (PyTorch's smooth L1).

    Args:
        predicted_ab: (N, 2, H, W) in [-1, 1].
        ab: Same shape: the ground truth.
        delta: Where it turns from quadratic to linear, in the units of `ab`.
    """
    return F.smooth_l1_loss(predicted_ab, ab, beta=delta)


def negative_psnr(predicted_ab: Tensor, ab: Tensor) -> Tensor:
    """Minus the peak signal-to-noise ratio of ab, in bels: the logarithm of each photo's mean squared error.

    The evaluation averages decibels, where halving the error of any photo, near or far, counts the same. Errors
    below about one Lab unit no longer count.
    """
    return (F.mse_loss(predicted_ab, ab, reduction="none").mean(dim=(1, 2, 3)) + 1e-4).log10().mean()


def l1(predicted_ab: Tensor, ab: Tensor) -> Tensor:
    """Mean absolute error: the paper's equation 2."""
    return F.l1_loss(predicted_ab, ab)


AB_LOSSES: dict[str, Callable[[Recipe], Loss]] = {
    "huber": lambda recipe: partial(huber, delta=recipe.huber_delta),
    "psnr": lambda _: negative_psnr,
}


@dataclass(frozen=True)
class Objective:
    """What the two players of a GAN minimise, as means over a discriminator's logits; above zero means real.

    Attributes:
        real: The discriminator's loss on photos.
        fake: Its loss on what the generator made.
        fool: The generator's loss on what it made.
    """

    real: Callable[[Tensor], Tensor]
    fake: Callable[[Tensor], Tensor]
    fool: Callable[[Tensor], Tensor]


def gan_objective(config: GanConfig) -> Objective:
    """The objective that a recipe names.

    Raises:
        RecipeError: There is none of that name.
    """
    if config.objective not in OBJECTIVES:
        raise RecipeError(f"objective is one of {', '.join(OBJECTIVES)}, not {config.objective}")
    return OBJECTIVES[config.objective]


def _called(target: float, loss: Callable[[Tensor, Tensor], Tensor]) -> Callable[[Tensor], Tensor]:
    return lambda logits: loss(logits, torch.full_like(logits, target))


OBJECTIVES: dict[str, Objective] = {
    # The conditional GAN's cross-entropy: the paper's equation 1, with the generator's loss that does not saturate.
    "bce": Objective(
        real=_called(1, F.binary_cross_entropy_with_logits),
        fake=_called(0, F.binary_cross_entropy_with_logits),
        fool=_called(1, F.binary_cross_entropy_with_logits),
    ),
    # arXiv 1611.04076
    "least squares": Objective(real=_called(1, F.mse_loss), fake=_called(0, F.mse_loss), fool=_called(1, F.mse_loss)),
    # arXiv 1705.02894: the discriminator is sure enough at 1; the generator has no such end.
    "hinge": Objective(
        real=lambda logits: F.relu(1 - logits).mean(),
        fake=lambda logits: F.relu(1 + logits).mean(),
        fool=lambda logits: -logits.mean(),
    ),
}


def muted(predicted_ab: Tensor, ab: Tensor) -> Tensor:
    """How much less chroma the prediction has than the truth, photo by photo; more chroma costs nothing.

    Regression answers doubt with grey. This asks for the photo's mean chroma back without saying where.
    """
    shortfall = ab.norm(dim=1).mean(dim=(1, 2)) - predicted_ab.norm(dim=1).mean(dim=(1, 2))
    return F.relu(shortfall).mean()
