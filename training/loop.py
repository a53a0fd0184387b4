"""The one training loop: devices, precision, averaging, checkpoints. What to minimise is a task's business."""

import math
import time
from collections.abc import Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path

import torch
from accelerate import Accelerator
from torch import Tensor
from tqdm import tqdm

from training.averaging import AveragedWeights
from training.checkpoint import (
    TrainingState,
    load_training_state,
    save_network,
    save_training_state,
)
from training.config import Recipe, RecipeError, recipe_as_dict
from training.data import Batch, Photos, StreamedPhotos
from training.memory import keep_freed_memory
from training.metrics import colorize_held_out, colourfulness, psnr
from training.models.unet import UNet
from training.optimization import build_optimizer, set_learning_rate
from training.parallel import mean, share_buffers, share_gradients
from training.quantization import plain_state_dict
from training.run_log import RunLog
from training.stages import STAGES, EncoderWeights, starting_network
from training.tasks import Task

STATE_FILE = "state.pt"
LOG_EVERY = 20
VALIDATION_PHOTOS = 64
SAMPLES = 8


class DivergedError(RuntimeError):
    """A loss is no longer a number; nothing a run computes after that is worth keeping."""


def weights_file(recipe: Recipe) -> str:
    """Name, in a run's folder, of the averaged weights."""
    return "student.safetensors" if recipe.teacher is None else "teacher.safetensors"


# Long: the order of a run is what there is to read.
def train(
    stage: str,
    recipe: Recipe,
    photos: Photos,
    held_out: Photos,
    run: Path,
    *,
    encoder_weights: EncoderWeights = "torchvision",
    max_minutes: float = math.inf,
    save_every: int = 500,
) -> None:
    """Run a stage, or go on with it where `run` left off; the weights come out the same either way.

    Args:
        stage: A key of `STAGES`.
        recipe: What to do.
        photos: To train on.
        held_out: To validate on; never trained on.
        run: Folder for checkpoints, weights, figures and samples.
        encoder_weights: What a run that starts afresh starts from, where the recipe names no start.
        max_minutes: Save and stop after this long; the same command goes on later.
        save_every: Steps between checkpoints.

    Raises:
        RecipeError: The recipe lacks what the stage needs, or `run` holds a run of another recipe.
        CheckpointError: A weights file it names cannot be read.
        EmptyDatasetError: Not one photo of a batch was usable.
        DivergedError: A loss is no longer a number.
    """
    run.mkdir(parents=True, exist_ok=True)
    keep_freed_memory()
    torch.set_flush_denormal(True)  # numbers near zero are many times slower on some processors
    accelerator = Accelerator(mixed_precision=best_precision())
    training = _open(stage, recipe, run, encoder_weights, accelerator)
    log = RunLog(run, step=training.step) if accelerator.is_main_process else None
    deadline = time.monotonic() + 60 * max_minutes
    batches = _prefetch(photos, recipe, range(training.step, recipe.steps), accelerator)
    bar = tqdm(batches, initial=training.step, total=recipe.steps, unit="step", disable=not accelerator.is_main_process)
    for batch in bar:
        losses = _take_step(training, batch.to(accelerator.device), recipe)
        stopping = _any_process(accelerator, time.monotonic() > deadline)
        saving = training.step % save_every == 0 or training.step == recipe.steps or stopping
        if saving or training.step % LOG_EVERY == 0:
            values = {name: mean(accelerator, loss).item() for name, loss in losses.items()}
            _require_numbers(values, training.step, run)
        if training.step % LOG_EVERY == 0:
            rate = (bar.format_dict["rate"] or 0) * recipe.batch_size
            bar.set_postfix({"loss": f"{sum(values.values()):.4f}", "photos/s": f"{rate:.0f}"})
            if log:
                log.scalars(training.step, values | {"photos_per_second": rate})
        if saving:
            _save(training, stage, recipe, run)
            if log:
                _validate(training, held_out, log)
        if stopping:
            break
    if log:
        log.close()
        if isinstance(photos, StreamedPhotos) and photos.left_out:
            print(f"left out {len(photos.left_out)} unusable photos, such as {next(iter(photos.left_out))}")


def best_precision() -> str | None:
    """bf16 where a GPU computes in it, else fp16 on a GPU; None leaves it to `accelerate launch`, or to float32."""
    if not torch.cuda.is_available():
        return None
    return "bf16" if torch.cuda.is_bf16_supported() else "fp16"


@dataclass
class _Training:
    """A run in progress."""

    accelerator: Accelerator
    task: Task
    averaged: AveragedWeights[UNet]
    optimizers: Sequence[torch.optim.Optimizer]
    step: int = 0


def _open(
    stage: str, recipe: Recipe, run: Path, encoder_weights: EncoderWeights, accelerator: Accelerator
) -> _Training:
    """A fresh start, or the state `run` was left in."""
    torch.manual_seed(recipe.seed)
    network = starting_network(recipe, encoder_weights).to(memory_format=torch.channels_last)
    task = STAGES[stage].task(network, recipe)
    for module in task.modules:
        module.to(accelerator.device)
    optimizers = [
        accelerator.prepare_optimizer(build_optimizer(turn, network, recipe), device_placement=True)
        for turn in task.turns
    ]
    training = _Training(accelerator, task, AveragedWeights(network, recipe.ema_decay), optimizers)
    if (run / STATE_FILE).exists():
        state = load_training_state(run / STATE_FILE)
        if (state.stage, state.recipe) != (stage, recipe_as_dict(recipe)):
            raise RecipeError(f"{run} holds a run of another recipe; choose another folder for this one")
        _restore(training, state)
    for turn in task.turns:
        turn.player.train()
    for frozen in list(network.stages)[: recipe.frozen_stages]:
        frozen.eval().requires_grad_(False)
    return training


def _restore(training: _Training, state: TrainingState) -> None:
    turns = zip(training.task.turns, training.optimizers, state.players, state.optimizers, strict=True)
    for turn, optimizer, player, saved in turns:
        turn.player.load_state_dict(player)
        optimizer.load_state_dict(saved)
    training.averaged.network.load_state_dict(state.averaged)
    if training.accelerator.scaler:
        training.accelerator.scaler.load_state_dict(state.scaler)
    training.step = state.step


def _take_step(training: _Training, batch: Batch, recipe: Recipe) -> dict[str, Tensor]:
    """One optimizer step for each turn; returns every loss term."""
    accelerator = training.accelerator
    # Dropout, too, is a function of seed, step and process.
    torch.manual_seed((recipe.seed * 1_000_003 + training.step) * accelerator.num_processes + accelerator.process_index)
    values: dict[str, Tensor] = {}
    for turn, optimizer in zip(training.task.turns, training.optimizers, strict=True):
        set_learning_rate(optimizer, training.step, recipe)
        with accelerator.autocast():
            losses = turn.losses(batch)
        optimizer.zero_grad()
        accelerator.backward(torch.stack(list(losses.values())).sum())
        share_gradients(accelerator, turn.player)
        accelerator.clip_grad_norm_(turn.player.parameters(), recipe.gradient_clip)
        optimizer.step()
        values |= {name: loss.detach() for name, loss in losses.items()}
    training.averaged.update(training.task.network, training.step)
    training.step += 1
    return values


def _save(training: _Training, stage: str, recipe: Recipe, run: Path) -> None:
    accelerator, task = training.accelerator, training.task
    for network in (training.averaged.network, *(turn.player for turn in task.turns)):
        share_buffers(accelerator, network)
    if accelerator.is_main_process:
        state = TrainingState(
            step=training.step,
            stage=stage,
            recipe=recipe_as_dict(recipe),
            players=[turn.player.state_dict() for turn in task.turns],
            averaged=training.averaged.network.state_dict(),
            optimizers=[optimizer.state_dict() for optimizer in training.optimizers],
            scaler=accelerator.scaler.state_dict() if accelerator.scaler else {},
        )
        # In this order: a run killed in between does its last steps again, and then writes both.
        save_network(plain_state_dict(training.averaged.network), recipe, run / weights_file(recipe))
        save_training_state(state, run / STATE_FILE)
    accelerator.wait_for_everyone()


def _validate(training: _Training, held_out: Photos, log: RunLog) -> None:
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


def _any_process(accelerator: Accelerator, condition: bool) -> bool:
    """Whether it holds in any process, so that all of them act alike."""
    if accelerator.num_processes == 1:
        return condition
    return bool(mean(accelerator, torch.tensor(float(condition), device=accelerator.device)))


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
