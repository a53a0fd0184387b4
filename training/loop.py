"""The one training loop: schedule, averaging, checkpoints, logging. What to minimise is a task's business."""

import copy
import json
import math
import time
from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path

import torch
from torch import nn
from tqdm import tqdm

from training.checkpoint import (
    TrainingState,
    build_network,
    load_network,
    load_training_state,
    load_weights,
    save_network,
    save_training_state,
)
from training.config import Recipe, RecipeError, recipe_as_dict
from training.data import Batch, PackedPhotos
from training.metrics import measure_packed
from training.models.encoders import INPUT_RANGES
from training.models.teacher import Pix2PixTeacher
from training.models.unet import UNet
from training.quantization import plain_state_dict, round_weights
from training.tasks import Task, Turn
from training.tasks.distill import DistillTask
from training.tasks.gan import GanTask
from training.tasks.pretrain import PretrainTask

STATE_FILE = "state.pt"
METRICS_FILE = "metrics.jsonl"
LOG_EVERY = 20


def _distill(network: UNet, recipe: Recipe) -> Task:
    if recipe.distill is None:
        raise RecipeError("this stage needs a [distill] table with the teacher's weights file")
    return DistillTask(network, recipe, teacher=load_network(Path(recipe.distill.teacher)).network)


STAGES: dict[str, Callable[[UNet, Recipe], Task]] = {"pretrain": PretrainTask, "gan": GanTask, "distill": _distill}


@dataclass(frozen=True)
class EncoderWeights:
    """ImageNet weights for a fresh encoder, in torchvision's key names.

    Attributes:
        path: A safetensors file.
        input_range: How the RGB they were trained on was normalised: a key of `INPUT_RANGES`.
    """

    path: Path
    input_range: str


class AveragedWeights:
    """Exponential moving average of a network's state (Polyak averaging); smoother than its last step."""

    def __init__(self, network: nn.Module, decay: float) -> None:
        self.network = copy.deepcopy(network).eval().requires_grad_(False)
        self._decay = decay

    def update(self, network: nn.Module, step: int) -> None:
        """Take in one step; early on with less memory, so that the random start is soon forgotten."""
        decay = min(self._decay, (1 + step) / (10 + step))
        averaged = self.network.state_dict()
        for key, value in network.state_dict().items():
            if value.is_floating_point():
                averaged[key].lerp_(value, 1 - decay)
            else:
                averaged[key].copy_(value)


def learning_rate_factor(step: int, recipe: Recipe) -> float:
    """Linear warm-up, then a cosine to zero (arXiv 1608.03983), as a share of the full rate."""
    warmup = min(1.0, (step + 1) / max(1, recipe.warmup_steps))
    return warmup * 0.5 * (1 + math.cos(math.pi * step / recipe.steps))


def weights_file(recipe: Recipe) -> str:
    """Name, in a run's folder, of the averaged weights."""
    return "student.safetensors" if recipe.teacher is None else "teacher.safetensors"


def train(
    stage: str,
    recipe: Recipe,
    photos: PackedPhotos,
    held_out: PackedPhotos,
    run: Path,
    *,
    encoder_weights: EncoderWeights | None = None,
    max_minutes: float = math.inf,
    save_every: int = 500,
) -> None:
    """Run a stage, or go on with it where `run` left off; the weights come out the same either way.

    Args:
        stage: A key of `STAGES`.
        recipe: What to do.
        photos: To train on.
        held_out: To validate on; never trained on.
        run: Folder for checkpoints, weights and `metrics.jsonl`.
        encoder_weights: For a run that starts afresh; without them it starts from random weights.
        max_minutes: Save and stop after this long; the same command goes on later.
        save_every: Steps between checkpoints.

    Raises:
        RecipeError: The recipe lacks what the stage needs, or `run` holds a run of another recipe.
        CheckpointError: A weights file it names cannot be read.
    """
    run.mkdir(parents=True, exist_ok=True)
    torch.set_flush_denormal(True)  # numbers near zero are many times slower on some processors
    training = _open(stage, recipe, run, encoder_weights)
    deadline = time.monotonic() + 60 * max_minutes
    steps = range(training.step, recipe.steps)
    bar = tqdm(_prefetch(photos, recipe, steps), initial=training.step, total=recipe.steps, unit="step")
    for batch in bar:
        losses = _take_step(training, batch, recipe)
        stopping = time.monotonic() > deadline
        if training.step % LOG_EVERY == 0:
            _log(run, step=training.step, **losses)
            rate = (bar.format_dict["rate"] or 0) * recipe.batch_size
            bar.set_postfix({"loss": f"{sum(losses.values()):.4f}", "photos/s": f"{rate:.0f}"})
        if training.step % save_every == 0 or training.step == recipe.steps or stopping:
            _save(training, stage, recipe, run)
            _log(run, step=training.step, **measure_packed(training.averaged.network, held_out))
        if stopping:
            break


@dataclass
class _Training:
    """A run in progress."""

    task: Task
    averaged: AveragedWeights
    optimizers: list[torch.optim.AdamW]
    step: int = 0


def _open(stage: str, recipe: Recipe, run: Path, encoder_weights: EncoderWeights | None) -> _Training:
    """A fresh start, or the state `run` was left in."""
    torch.manual_seed(recipe.seed)
    network = _starting_network(recipe, encoder_weights).to(memory_format=torch.channels_last)
    if recipe.round_weights:
        round_weights(network)
    task = STAGES[stage](network, recipe)
    optimizers = [_optimizer(turn, network, recipe) for turn in task.turns]
    training = _Training(task, AveragedWeights(network, recipe.ema_decay), optimizers)
    if (run / STATE_FILE).exists():
        state = load_training_state(run / STATE_FILE)
        if (state.stage, state.recipe) != (stage, recipe_as_dict(recipe)):
            raise RecipeError(f"{run} holds a run of another recipe; choose another folder for this one")
        for turn, optimizer, player, saved in zip(task.turns, optimizers, state.players, state.optimizers, strict=True):
            turn.player.load_state_dict(player)
            optimizer.load_state_dict(saved)
        training.averaged.network.load_state_dict(state.averaged)
        training.step = state.step
    for turn in task.turns:
        turn.player.train()
    for frozen in list(network.stages)[: recipe.frozen_stages]:
        frozen.eval().requires_grad_(False)
    return training


def _take_step(training: _Training, batch: Batch, recipe: Recipe) -> dict[str, float]:
    """One optimizer step for each turn; returns every loss term."""
    torch.manual_seed(recipe.seed * 1_000_003 + training.step)  # dropout, too, is a function of seed and step
    values: dict[str, float] = {}
    for turn, optimizer in zip(training.task.turns, training.optimizers, strict=True):
        for group in optimizer.param_groups:
            group["lr"] = group["full_lr"] * learning_rate_factor(training.step, recipe)
        losses = turn.losses(batch)
        optimizer.zero_grad()
        torch.stack(list(losses.values())).sum().backward()
        nn.utils.clip_grad_norm_(turn.player.parameters(), recipe.gradient_clip)
        optimizer.step()
        values |= {name: loss.item() for name, loss in losses.items()}
    training.averaged.update(training.task.network, training.step)
    training.step += 1
    return values


def _save(training: _Training, stage: str, recipe: Recipe, run: Path) -> None:
    state = TrainingState(
        step=training.step,
        stage=stage,
        recipe=recipe_as_dict(recipe),
        players=[turn.player.state_dict() for turn in training.task.turns],
        averaged=training.averaged.network.state_dict(),
        optimizers=[optimizer.state_dict() for optimizer in training.optimizers],
    )
    save_training_state(state, run / STATE_FILE)
    save_network(plain_state_dict(training.averaged.network), recipe, run / weights_file(recipe))


def _starting_network(recipe: Recipe, encoder_weights: EncoderWeights | None) -> UNet:
    network = build_network(recipe)
    if recipe.start:
        try:
            network.load_state_dict(load_network(Path(recipe.start)).network.state_dict())
        except RuntimeError as error:
            raise RecipeError(f"{recipe.start} holds a network of another shape than the recipe's") from error
    elif encoder_weights is not None:
        if isinstance(network, Pix2PixTeacher):
            raise RecipeError("a pix2pix teacher has no ImageNet encoder; leave its weights out")
        network.load_imagenet_encoder(load_weights(encoder_weights.path), INPUT_RANGES[encoder_weights.input_range])
    return network


def _optimizer(turn: Turn, network: UNet, recipe: Recipe) -> torch.optim.AdamW:
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


def _prefetch(photos: PackedPhotos, recipe: Recipe, steps: range) -> Iterator[Batch]:
    """Make the next batch while the network works on this one."""

    def make(step: int) -> Batch:
        return photos.batch(
            step,
            batch_size=recipe.batch_size,
            size=recipe.size,
            smallest_crop=recipe.smallest_crop,
            seed=recipe.seed,
        )

    with ThreadPoolExecutor(1) as pool:
        following = pool.submit(make, steps.start)
        for step in steps:
            batch = following.result()
            if step + 1 < steps.stop:
                following = pool.submit(make, step + 1)
            yield batch


def _log(run: Path, **values: float) -> None:
    with (run / METRICS_FILE).open("a") as log:
        log.write(json.dumps(values) + "\n")
