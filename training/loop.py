"""The one training loop: devices, precision, averaging, checkpoints. What to minimise is a task's business."""

import math
import sys
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import cast

import torch
from accelerate import Accelerator
from torch import Tensor
from tqdm import tqdm

from training.config import Recipe
from training.data import Batch, Photos, StreamedPhotos
from training.errors import TrainingError
from training.machine import Clock, best_precision, keep_freed_memory, mean, share_gradients, without_denormals
from training.metrics import colorize_held_out, colourfulness, psnr
from training.progress import Training, open_run, save, save_halves
from training.run_log import RunLog
from training.start import EncoderWeights
from training.steps import set_learning_rate, share_done

LOG_EVERY = 20
VALIDATION_PHOTOS = 64
SAMPLES = 8


class DivergedError(TrainingError, RuntimeError):
    """A loss is no longer a number; nothing a run computes after that is worth keeping."""


@without_denormals()
# Long: the order of a run is what there is to read.
def train(
    task_name: str,
    recipe: Recipe,
    photos: Photos,
    held_out: Photos,
    run: Path,
    *,
    encoder_weights: EncoderWeights = "published",
    max_minutes: float = math.inf,
    save_every: int = 500,
) -> None:
    """Run a task, or go on with it where `run` left off; the weights come out the same either way.

    Args:
        task_name: A key of `TASKS`.
        recipe: What to do.
        photos: To train on.
        held_out: To validate on; never trained on.
        run: Folder for checkpoints, weights, figures and samples.
        encoder_weights: What a run that starts afresh starts from, where the recipe names no start.
        max_minutes: Save and stop after this long; the same command goes on later.
        save_every: Steps between checkpoints.

    Raises:
        RecipeError: The recipe lacks what the task needs, or `run` holds a run of another recipe.
        CheckpointError: A weights file it names cannot be read.
        EmptyDatasetError: Not one photo of a batch was usable.
        DivergedError: A loss is no longer a number.
    """
    run.mkdir(parents=True, exist_ok=True)
    keep_freed_memory()
    accelerator = Accelerator(mixed_precision=best_precision())
    training = open_run(task_name, recipe, run, encoder_weights, accelerator)
    photos.move_to(accelerator.device)
    log = RunLog(run, step=training.step) if accelerator.is_main_process else None
    clock = Clock(accelerator, training.minutes, max_minutes)
    steps = range(training.step, recipe.steps if recipe.minutes is None else sys.maxsize)
    batches = _prefetch(photos, recipe, steps, accelerator)
    total = None if recipe.minutes else recipe.steps
    bar = tqdm(batches, initial=training.step, total=total, unit="step", disable=not accelerator.is_main_process)
    for batch in bar:
        losses, norms = take_step(training, batch.to(accelerator.device), recipe)
        training.minutes = clock.minutes()
        finished = share_done(recipe, training.step, training.minutes) >= 1
        stopping = finished or clock.is_over()
        saving = training.step % save_every == 0 or stopping
        if saving or training.step % LOG_EVERY == 0:
            values = {name: mean(accelerator, loss).item() for name, loss in losses.items()}
            _require_numbers(values, training.step, run)
        if training.step % LOG_EVERY == 0:
            rate = (bar.format_dict["rate"] or 0) * recipe.batch_size
            bar.set_postfix({"loss": f"{sum(values.values()):.4f}", "photos/s": f"{rate:.0f}"})
            if log:
                log.scalars(training.step, values | _numbers(norms) | {"photos_per_second": rate})
        if saving:
            save(training, task_name, recipe, run)
            if log:
                _validate(training, held_out, log)
        elif log and clock.minute_is_over():
            save_halves(training, recipe, run)
        if stopping:
            break
    if log:
        _finish(log, photos)


def _finish(log: RunLog, photos: Photos) -> None:
    log.close()
    if isinstance(photos, StreamedPhotos) and photos.left_out:
        print(f"left out {len(photos.left_out)} unusable photos, such as {next(iter(photos.left_out))}")


def take_step(training: Training, batch: Batch, recipe: Recipe) -> tuple[dict[str, Tensor], dict[str, Tensor]]:
    """One optimizer step for each turn; returns every loss term, and each player's gradient norm before clipping."""
    accelerator = training.accelerator
    # Dropout, too, is a function of seed, step and process.
    torch.manual_seed((recipe.seed * 1_000_003 + training.step) * accelerator.num_processes + accelerator.process_index)
    values: dict[str, Tensor] = {}
    norms: dict[str, Tensor] = {}
    for turn, optimizer in zip(training.task.turns, training.optimizers, strict=True):
        done = share_done(recipe, training.step, training.minutes)
        set_learning_rate(optimizer, training.step, recipe, done=done)
        with accelerator.autocast():
            losses = turn.losses(batch)
        optimizer.zero_grad()
        accelerator.backward(torch.stack(list(losses.values())).sum())
        share_gradients(accelerator, turn.player)
        norm = accelerator.clip_grad_norm_(turn.player.parameters(), recipe.gradient_clip)
        norms[f"{turn.name}_gradient_norm"] = cast("Tensor", norm)
        optimizer.step()
        values |= {name: loss.detach() for name, loss in losses.items()}
    training.averaged.update(training.task.network, training.step)
    training.step += 1
    return values, norms


def _numbers(norms: dict[str, Tensor]) -> dict[str, float]:
    # fp16's largest scale overflows now and then; that step is left out, and JSON has no infinity.
    return {name: norm.item() for name, norm in norms.items() if norm.isfinite()}


def _validate(training: Training, held_out: Photos, log: RunLog) -> None:
    pairs = colorize_held_out(training.averaged.network, held_out, count=VALIDATION_PHOTOS)
    figures = {
        "held_out_psnr": sum(psnr(*pair) for pair in pairs) / len(pairs),
        "held_out_colourfulness": sum(colourfulness(output) for output, _ in pairs) / len(pairs),
    }
    log.scalars(training.step, figures)
    log.samples(training.step, pairs[:SAMPLES])


def _require_numbers(losses: dict[str, float], step: int, run: Path) -> None:
    lost = [name for name, value in losses.items() if not math.isfinite(value)]
    if lost:
        raise DivergedError(
            f"the loss ({', '.join(lost)}) is not a number at step {step}; {run} keeps its last checkpoint. "
            "Try a lower learning rate, in another folder."
        )


def _prefetch(photos: Photos, recipe: Recipe, steps: range, accelerator: Accelerator) -> Iterator[Batch]:
    """Make the next batch while the network works on this one."""

    def make(step: int) -> Batch:
        return photos.batch(step, recipe, rank=accelerator.process_index, world=accelerator.num_processes)

    with ThreadPoolExecutor(1) as pool:
        following = pool.submit(make, steps.start)
        for step in steps:
            batch = following.result()
            if step + 1 < steps.stop:
                following = pool.submit(make, step + 1)
            yield batch
