"""A run in progress: how it begins, where it stands, and what of it lies on disk."""

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import torch
from accelerate import Accelerator
from torch import Tensor, nn

from training.checkpoint import (
    CheckpointError,
    TrainingState,
    load_training_state,
    save_network,
    save_training_state,
)
from training.config import Recipe, RecipeError, recipe_as_dict, recipe_from_dict
from training.machine import share_buffers
from training.models.unet import UNet
from training.quantization import RoundedActivations, plain_state_dict
from training.start import TASKS, EncoderWeights, starting_network
from training.steps import AveragedWeights, build_optimizer
from training.tasks import Task

STATE_FILE = "state.pt"
HALVES_FILE = "latest-half.safetensors"


def weights_file(recipe: Recipe) -> str:
    """Name, in a run's folder, of the averaged weights."""
    return "student.safetensors" if recipe.teacher is None else "teacher.safetensors"


@dataclass
class Training:
    """A run in progress."""

    accelerator: Accelerator
    task: Task
    averaged: AveragedWeights[UNet]
    optimizers: Sequence[torch.optim.Optimizer]
    step: int = 0
    minutes: float = 0.0


def open_run(
    task_name: str, recipe: Recipe, run: Path, encoder_weights: EncoderWeights, accelerator: Accelerator
) -> Training:
    """A fresh start, or the state `run` was left in."""
    torch.manual_seed(recipe.seed)
    network = starting_network(recipe, encoder_weights).to(memory_format=torch.channels_last)
    task = TASKS[task_name].task(network, recipe)
    for module in task.modules:
        module.to(accelerator.device)
        module.to(memory_format=torch.channels_last)
        if recipe.compile:
            # Part by part: a task calls a network's encoder, decoder and heads as it needs them.
            for part in (part for child in module.children() for part in (child.children() or (child,))):
                part.compile()
    optimizers = [
        accelerator.prepare_optimizer(build_optimizer(turn, network, recipe), device_placement=True)
        for turn in task.turns
    ]
    training = Training(accelerator, task, AveragedWeights(network, recipe.ema_decay), optimizers)
    if (run / STATE_FILE).exists():
        state = load_training_state(run / STATE_FILE)
        if (state.task_name, recipe_from_dict(state.recipe)) != (task_name, recipe):
            raise RecipeError(f"{run} holds a run of another recipe; choose another folder for this one")
        try:
            _restore(training, state)
        except (RuntimeError, ValueError, KeyError) as error:
            raise CheckpointError(f"{run / STATE_FILE} is of another version; choose another folder.") from error
    for turn in task.turns:
        turn.player.train()
    _freeze(network, recipe.frozen_stages)
    if recipe.still_norms:
        _still_norms(network)
    return training


def _still_norms(network: UNet) -> None:
    for module in network.modules():
        if isinstance(module, nn.BatchNorm2d):
            module.eval()


def _freeze(network: UNet, count: int) -> None:
    """Keep the first stages as they are; where activations are rounded, their ranges still follow what is seen."""
    if count > len(network.stages):
        raise RecipeError(f"frozen_stages is {len(network.stages)} at most for this network, not {count}")
    for frozen in list(network.stages)[:count]:
        frozen.eval().requires_grad_(False)
        for module in frozen.modules():
            if isinstance(module, RoundedActivations):
                module.train()


def _restore(training: Training, state: TrainingState) -> None:
    turns = zip(training.task.turns, training.optimizers, state.players, state.optimizers, strict=True)
    for turn, optimizer, player, saved in turns:
        turn.player.load_state_dict(player)
        optimizer.load_state_dict(saved)
    training.averaged.network.load_state_dict(state.averaged)
    if training.accelerator.scaler:
        training.accelerator.scaler.load_state_dict(state.scaler)
    training.step, training.minutes = state.step, state.minutes


def _plain(training: Training) -> dict[str, Tensor]:
    return plain_state_dict(training.averaged.network)


def save(training: Training, task_name: str, recipe: Recipe, run: Path) -> None:
    """The state to go on from, and the averaged weights."""
    accelerator, task = training.accelerator, training.task
    for network in (training.averaged.network, *(turn.player for turn in task.turns)):
        share_buffers(accelerator, network)
    if accelerator.is_main_process:
        state = TrainingState(
            step=training.step,
            task_name=task_name,
            recipe=recipe_as_dict(recipe),
            players=[turn.player.state_dict() for turn in task.turns],
            averaged=training.averaged.network.state_dict(),
            optimizers=[optimizer.state_dict() for optimizer in training.optimizers],
            scaler=accelerator.scaler.state_dict() if accelerator.scaler else {},
            minutes=training.minutes,
        )
        # In this order: a run killed in between does its last steps again, and then writes both.
        save_network(_plain(training), recipe, run / weights_file(recipe))
        save_training_state(state, run / STATE_FILE)
    accelerator.wait_for_everyone()


def save_halves(training: Training, recipe: Recipe, run: Path) -> None:
    """The averaged weights in half precision: small enough to fetch from a machine that may be taken away.

    Vectors stay as they are. They are few, and a batch norm's variance can lie beyond what half precision holds.
    """
    halves = {key: value.half() if value.ndim > 1 else value for key, value in _plain(training).items()}
    save_network(halves, recipe, run / HALVES_FILE)
