"""How weights move: the optimizer's groups, the rate's schedule, and the average that is validated and shipped."""

import copy
import math
from collections.abc import Iterable
from typing import Generic, TypeVar

import torch
from torch import nn
from torch.optim.swa_utils import get_ema_multi_avg_fn

from training.config import Recipe
from training.models.unet import UNet
from training.tasks import Turn

Network = TypeVar("Network", bound=nn.Module)


def build_optimizer(turn: Turn, network: UNet, recipe: Recipe) -> torch.optim.AdamW:
    """AdamW (arXiv 1711.05101) with a slower encoder, and no decay on biases and norms."""

    def group(parameters: Iterable[nn.Parameter], rate: float, decay: float) -> dict[str, object]:
        return {"params": list(parameters), "lr": rate, "full_lr": rate, "weight_decay": decay}

    in_encoder = {id(parameter) for parameter in network.stages.parameters()}
    full_rate = recipe.learning_rate if turn.learning_rate is None else turn.learning_rate
    groups: list[dict[str, object]] = []
    for of_encoder, rate in ((True, full_rate * recipe.encoder_learning_rate_scale), (False, full_rate)):
        parameters = [p for p in turn.player.parameters() if (id(p) in in_encoder) == of_encoder]
        groups.append(group((p for p in parameters if p.ndim > 1), rate, recipe.weight_decay))
        groups.append(group((p for p in parameters if p.ndim <= 1), rate, 0.0))
    return torch.optim.AdamW([entry for entry in groups if entry["params"]], betas=recipe.betas, fused=True)


def share_done(recipe: Recipe, step: int, minutes: float) -> float:
    """How much of a run is behind it, by whichever its recipe counts; 1 and more is all of it."""
    return step / recipe.steps if recipe.minutes is None else minutes / recipe.minutes


def set_learning_rate(optimizer: torch.optim.Optimizer, step: int, recipe: Recipe, *, done: float) -> None:
    """Give each group its share of its full rate: a linear warm-up, then a cosine to zero (arXiv 1608.03983).

    Args:
        optimizer: One of `build_optimizer`'s.
        step: Steps done.
        recipe: The run's.
        done: See `share_done`.
    """
    warmup = min(1.0, (step + 1) / max(1, recipe.warmup_steps))
    for group in optimizer.param_groups:
        group["lr"] = group["full_lr"] * warmup * 0.5 * (1 + math.cos(math.pi * min(1.0, done)))


class AveragedWeights(Generic[Network]):
    """Exponential moving average of a network's state (Polyak averaging): smoother than its last step."""

    def __init__(self, network: Network, decay: float) -> None:
        self.network = copy.deepcopy(network).eval().requires_grad_(False)
        self._decay = decay

    def update(self, network: nn.Module, step: int) -> None:
        """Take in one step; early on with less memory, so that the random start is soon forgotten."""
        decay = min(self._decay, (1 + step) / (10 + step))
        averaged, ours = self.network.state_dict(), network.state_dict()
        floating = [key for key, value in ours.items() if value.is_floating_point()]
        average = get_ema_multi_avg_fn(decay)
        average([averaged[key] for key in floating], [ours[key] for key in floating], step)
        for key in ours.keys() - set(floating):
            averaged[key].copy_(ours[key])
