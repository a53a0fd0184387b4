"""How weights move: the optimizer's groups and the learning rate's schedule."""

import math
from collections.abc import Iterable

import torch
from torch import nn

from training.config import Recipe
from training.models.unet import UNet
from training.tasks import Turn


def build_optimizer(turn: Turn, network: UNet, recipe: Recipe) -> torch.optim.AdamW:
    """AdamW (arXiv 1711.05101) with a slower encoder, and no decay on biases and norms."""

    def group(parameters: Iterable[nn.Parameter], rate: float, decay: float) -> dict[str, object]:
        return {"params": list(parameters), "lr": rate, "full_lr": rate, "weight_decay": decay}

    in_encoder = {id(parameter) for parameter in network.stages.parameters()}
    full_rate = turn.learning_rate or recipe.learning_rate
    groups: list[dict[str, object]] = []
    for of_encoder, rate in ((True, full_rate * recipe.encoder_learning_rate_scale), (False, full_rate)):
        parameters = [p for p in turn.player.parameters() if (id(p) in in_encoder) == of_encoder]
        groups.append(group((p for p in parameters if p.ndim > 1), rate, recipe.weight_decay))
        groups.append(group((p for p in parameters if p.ndim <= 1), rate, 0.0))
    return torch.optim.AdamW([entry for entry in groups if entry["params"]], betas=recipe.betas)


def set_learning_rate(optimizer: torch.optim.Optimizer, step: int, recipe: Recipe) -> None:
    """Give each group its share of its full rate."""
    for group in optimizer.param_groups:
        group["lr"] = group["full_lr"] * learning_rate_factor(step, recipe)


def learning_rate_factor(step: int, recipe: Recipe) -> float:
    """Linear warm-up, then a cosine to zero (arXiv 1608.03983), as a share of the full rate."""
    warmup = min(1.0, (step + 1) / max(1, recipe.warmup_steps))
    return warmup * 0.5 * (1 + math.cos(math.pi * step / recipe.steps))
