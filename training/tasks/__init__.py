"""What each task computes: a batch in, a dict of losses out. The loop does the rest."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Protocol

from torch import Tensor, nn

from training.data import Batch
from training.models.unet import UNet


@dataclass(frozen=True)
class Turn:
    """One player's part of a step: whose weights move, and what moving them should make small.

    Attributes:
        player: The module whose parameters are optimized.
        losses: A batch to named terms; their sum is minimised.
        learning_rate: Of this player, where it is not the recipe's.
        name: Of the player, for the log.
    """

    player: nn.Module
    losses: Callable[[Batch], dict[str, Tensor]]
    learning_rate: float | None = None
    name: str = "network"


class Task(Protocol):
    """What a run does: its networks and its turns.

    Attributes:
        network: The network the task is for: averaged, validated and saved.
        modules: Everything that has to be on the device.
        turns: Taken in order, one optimizer step each.
    """

    network: UNet
    modules: tuple[nn.Module, ...]
    turns: tuple[Turn, ...]
