"""The one training loop: schedule, averaging, checkpoints, logging. What to minimise is a task's business."""

import copy
import json
import math
import time
from collections.abc import Iterable, Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path

import torch
from torch import nn
from tqdm import tqdm

from training.checkpoint import (
    TrainingState,
    build_student,
    load_student,
    load_training_state,
    load_weights,
    save_student,
    save_training_state,
)
from training.config import Recipe, RecipeError, recipe_as_dict
from training.data import Batch, PackedPhotos
from training.metrics import measure_packed
from training.models.student import Student
from training.quantization import plain_state_dict, round_weights
from training.tasks.pretrain import PretrainTask

STATE_FILE = "state.pt"
STUDENT_FILE = "student.safetensors"
METRICS_FILE = "metrics.jsonl"
LOG_EVERY = 20


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


def train(
    recipe: Recipe,
    photos: PackedPhotos,
    held_out: PackedPhotos,
    run: Path,
    *,
    encoder_weights: Path | None = None,
    max_minutes: float = math.inf,
    save_every: int = 500,
) -> None:
    """Run a recipe, or go on with it where `run` left off; the weights come out the same either way.

    Args:
        recipe: What to do.
        photos: To train on.
        held_out: To validate on; never trained on.
        run: Folder for checkpoints, weights and `metrics.jsonl`.
        encoder_weights: ImageNet weights for the encoder of a run that starts afresh.
        max_minutes: Save and stop after this long; the same command goes on later.
        save_every: Steps between checkpoints.

    Raises:
        RecipeError: `run` holds a run of another recipe.
    """
    run.mkdir(parents=True, exist_ok=True)
    torch.set_flush_denormal(True)  # numbers near zero are many times slower on some processors
    training = _open(recipe, run, encoder_weights)
    deadline = time.monotonic() + 60 * max_minutes
    steps = range(training.step, recipe.steps)
    bar = tqdm(_prefetch(photos, recipe, steps), initial=training.step, total=recipe.steps, unit="step")
    for batch in bar:
        losses = _take_step(training, batch, recipe)
        stopping = time.monotonic() > deadline
        if training.step % LOG_EVERY == 0:
            _log(run, step=training.step, **losses)
            rate = (bar.format_dict["rate"] or 0) * recipe.batch_size
            bar.set_postfix({name: f"{value:.4f}" for name, value in losses.items()} | {"photos/s": f"{rate:.0f}"})
        if training.step % save_every == 0 or training.step == recipe.steps or stopping:
            _save(training, recipe, run)
            _log(run, step=training.step, **measure_packed(training.averaged.network, held_out))
        if stopping:
            break


@dataclass
class _Training:
    """A run in progress."""

    student: Student
    averaged: AveragedWeights
    optimizer: torch.optim.AdamW
    step: int = 0


def _open(recipe: Recipe, run: Path, encoder_weights: Path | None) -> _Training:
    """A fresh start, or the state `run` was left in."""
    torch.manual_seed(recipe.seed)
    student = _starting_student(recipe, encoder_weights).to(memory_format=torch.channels_last)
    if recipe.round_weights:
        round_weights(student)
    training = _Training(student, AveragedWeights(student, recipe.ema_decay), _optimizer(student, recipe))
    if (run / STATE_FILE).exists():
        state = load_training_state(run / STATE_FILE)
        if state.recipe != recipe_as_dict(recipe):
            raise RecipeError(f"{run} holds a run of another recipe; choose another folder for this one")
        student.load_state_dict(state.network)
        training.averaged.network.load_state_dict(state.averaged)
        training.optimizer.load_state_dict(state.optimizer)
        training.step = state.step
    student.train()
    for stage in student.stages[: recipe.frozen_stages]:
        stage.eval().requires_grad_(False)
    return training


def _take_step(training: _Training, batch: Batch, recipe: Recipe) -> dict[str, float]:
    """One optimizer step; returns each loss term."""
    for group in training.optimizer.param_groups:
        group["lr"] = group["full_lr"] * learning_rate_factor(training.step, recipe)
    losses = PretrainTask(training.student, recipe.huber_delta).losses(batch)
    training.optimizer.zero_grad()
    torch.stack(list(losses.values())).sum().backward()
    nn.utils.clip_grad_norm_(training.student.parameters(), recipe.gradient_clip)
    training.optimizer.step()
    training.averaged.update(training.student, training.step)
    training.step += 1
    return {name: loss.item() for name, loss in losses.items()}


def _save(training: _Training, recipe: Recipe, run: Path) -> None:
    state = TrainingState(
        step=training.step,
        recipe=recipe_as_dict(recipe),
        network=training.student.state_dict(),
        averaged=training.averaged.network.state_dict(),
        optimizer=training.optimizer.state_dict(),
    )
    save_training_state(state, run / STATE_FILE)
    save_student(plain_state_dict(training.averaged.network), recipe, run / STUDENT_FILE)


def _starting_student(recipe: Recipe, encoder_weights: Path | None) -> Student:
    if recipe.start:
        return load_student(Path(recipe.start)).network
    student = build_student(recipe.student)
    if encoder_weights is not None:
        student.load_imagenet_encoder(load_weights(encoder_weights))
    return student


def _optimizer(student: Student, recipe: Recipe) -> torch.optim.AdamW:
    """AdamW (arXiv 1711.05101) with a slower encoder, and no decay on biases and norms."""

    def group(parameters: Iterable[nn.Parameter], rate: float, decay: float) -> dict[str, object]:
        return {"params": list(parameters), "lr": rate, "full_lr": rate, "weight_decay": decay}

    encoder = list(student.stages.parameters())
    in_encoder = {id(parameter) for parameter in encoder}
    others = [parameter for parameter in student.parameters() if id(parameter) not in in_encoder]
    groups: list[dict[str, object]] = []
    for parameters, scale in ((encoder, recipe.encoder_learning_rate_scale), (others, 1.0)):
        rate = recipe.learning_rate * scale
        groups.append(group((p for p in parameters if p.ndim > 1), rate, recipe.weight_decay))
        groups.append(group((p for p in parameters if p.ndim <= 1), rate, 0.0))
    return torch.optim.AdamW(groups)


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
