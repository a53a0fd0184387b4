"""What the networks are asked to make small. Every loss is a mean, over values or photos: a scalar."""

import torch
from torch import Tensor
from torch.nn import functional as F

from training.config import GanObjective, Recipe


def ab_loss(predicted_ab: Tensor, ab: Tensor, recipe: Recipe) -> Tensor:
    """The loss that the recipe names, of a network's ab against a photo's or a teacher's."""
    if recipe.loss == "psnr":
        return negative_psnr(predicted_ab, ab)
    return huber(predicted_ab, ab, delta=recipe.huber_delta)


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


def adversarial(logits: Tensor, *, real: bool, objective: GanObjective) -> Tensor:
    """How far a discriminator's answer is from calling every patch real, or every patch fake.

    Args:
        logits: (N, 1, H, W); above zero means real.
        real: What it should have answered.
        objective: "bce", the conditional GAN's cross-entropy (the paper's equation 1), or "least squares"
            (arXiv 1611.04076).
    """
    target = torch.full_like(logits, float(real))
    return F.binary_cross_entropy_with_logits(logits, target) if objective == "bce" else F.mse_loss(logits, target)


def muted(predicted_ab: Tensor, ab: Tensor) -> Tensor:
    """How much less chroma the prediction has than the truth, photo by photo; more chroma costs nothing.

    Regression answers doubt with grey. This asks for the photo's mean chroma back without saying where.
    """
    shortfall = ab.norm(dim=1).mean(dim=(1, 2)) - predicted_ab.norm(dim=1).mean(dim=(1, 2))
    return F.relu(shortfall).mean()
