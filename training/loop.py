"""The one training loop: schedule, averaging, checkpoints, logging. What to minimise is a task's business."""

import copy
import json
import math
import time
from collections.abc import Iterable, Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import torch
from torch import Tensor, nn
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
from training.config import Recipe
from training.data import Batch, PackedPhotos
from training.metrics import measure_packed
from training.models.student import Student
from training.quantization import plain_state_dict, round_weights
from training.tasks.pretrain import PretrainTask

STATE_FILE = "state.pt"
STUDENT_FILE = "student.safetensors"
METRICS_FILE = "metrics.jsonl"


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
    """
    run.mkdir(parents=True, exist_ok=True)
    torch.manual_seed(recipe.seed)
    torch.set_flush_denormal(True)  # numbers near zero are many times slower on some processors
    student = _starting_student(recipe, encoder_weights).to(memory_format=torch.channels_last)
    if recipe.round_weights:
        round_weights(student)
    averaged = AveragedWeights(student, recipe.ema_decay)
    optimizer = _optimizer(student, recipe)
    first = 0
    if (run / STATE_FILE).exists():
        state = load_training_state(run / STATE_FILE)
        student.load_state_dict(state.network)
        averaged.network.load_state_dict(state.averaged)
        optimizer.load_state_dict(state.optimizer)
        first = state.step

    task = PretrainTask(student, recipe.huber_delta)
    deadline = time.monotonic() + 60 * max_minutes
    bar = tqdm(_prefetch(photos, recipe, range(first, recipe.steps)), initial=first, total=recipe.steps, unit="step")
    student.train()
    for stage in student.stages[: recipe.frozen_stages]:
        stage.eval().requires_grad_(False)
    for step, batch in bar:
        factor = learning_rate_factor(step, recipe)
        for group in optimizer.param_groups:
            group["lr"] = group["full_lr"] * factor
        losses = task.losses(batch)
        total = torch.stack(list(losses.values())).sum()
        optimizer.zero_grad()
        total.backward()
        nn.utils.clip_grad_norm_(student.parameters(), recipe.gradient_clip)
        optimizer.step()
        averaged.update(student, step)

        done, stopping = step + 1, time.monotonic() > deadline
        if done % 20 == 0:
            rate = (bar.format_dict["rate"] or 0) * recipe.batch_size
            bar.set_postfix({"loss": f"{total.item():.4f}", "photos/s": f"{rate:.0f}"})
            _log(run, step=done, lr=recipe.learning_rate * factor, **{k: v.item() for k, v in losses.items()})
        if done % save_every == 0 or done == recipe.steps or stopping:
            state = TrainingState(done, student.state_dict(), averaged.network.state_dict(), optimizer.state_dict())
            save_training_state(state, run / STATE_FILE)
            save_student(plain_state_dict(averaged.network), recipe, run / STUDENT_FILE)
            _log(run, step=done, **measure_packed(averaged.network, held_out))
        if stopping:
            break


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


def _prefetch(photos: PackedPhotos, recipe: Recipe, steps: range) -> Iterator[tuple[int, Batch]]:
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
            yield step, batch


def _log(run: Path, **values: float | Tensor) -> None:
    with (run / METRICS_FILE).open("a") as log:
        log.write(json.dumps({key: float(value) for key, value in values.items()}) + "\n")
