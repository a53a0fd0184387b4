"""Checkpoints on disk: safetensors for weights, never half-written, and strict to load."""

import json
import pickle
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any, Generic, TypeVar

import safetensors
import torch
from safetensors.torch import load_file, save_file
from torch import Tensor

from training.config import PIX2PIX, Recipe, TeacherConfig, recipe_as_dict, recipe_from_dict
from training.errors import TrainingError
from training.models.student import Student
from training.models.teacher import Pix2PixTeacher, Teacher
from training.models.unet import UNet

Network_co = TypeVar("Network_co", bound=UNet, covariant=True)


class CheckpointError(TrainingError, ValueError):
    """A checkpoint is missing, damaged, or holds another network."""


@dataclass(frozen=True)
class TrainingState:
    """What a run needs to go on as if it had never stopped: randomness is a function of seed and step.

    Attributes:
        step: Steps done.
        task_name: A key of `training.start.TASKS`.
        recipe: As plain values.
        players: State of each turn's player, in order.
        averaged: State of the averaged network.
        optimizers: State of each turn's optimizer, in order.
        scaler: State of fp16's loss scaling; empty elsewhere.
        minutes: Trained so far.
    """

    step: int
    task_name: str
    recipe: dict[str, Any]
    players: list[dict[str, Tensor]]
    averaged: dict[str, Tensor]
    optimizers: list[dict[str, Any]]
    scaler: dict[str, Any]
    minutes: float = 0.0


def save_training_state(state: TrainingState, path: Path) -> None:
    """Replace `path` in one move, so that a kill at any time leaves the last good state."""
    partial = path.with_suffix(".partial")
    torch.save(vars(state), partial)
    partial.replace(path)


def load_training_state(path: Path) -> TrainingState:
    """Read what `save_training_state` wrote. Tensors and plain values only: no code in it is ever run.

    Raises:
        CheckpointError: It is damaged, or no such state.
    """
    try:
        return TrainingState(**torch.load(path, weights_only=True))
    except (OSError, RuntimeError, pickle.UnpicklingError, EOFError, TypeError) as error:
        raise CheckpointError(f"{path} is damaged; delete it, and the run starts anew.") from error


def save_network(weights: dict[str, Tensor], recipe: Recipe, path: Path) -> None:
    """Write a network's weights, with the recipe that made them in the file's metadata."""
    partial = path.with_suffix(".partial")
    tensors = {key: value.contiguous() for key, value in weights.items()}
    save_file(tensors, partial, metadata={"recipe": json.dumps(recipe_as_dict(recipe))})
    partial.replace(path)


def load_weights(path: Path) -> dict[str, Tensor]:
    """Read a safetensors file.

    Raises:
        CheckpointError: It is missing or is not one.
    """
    try:
        return load_file(path)
    except (OSError, safetensors.SafetensorError) as error:
        raise CheckpointError(f"{path} is not a readable safetensors file: {error}") from error


@dataclass(frozen=True)
class NetworkFile(Generic[Network_co]):
    """A trained network, in evaluation mode, and the recipe that made it."""

    network: Network_co
    recipe: Recipe


def load_network(path: Path) -> NetworkFile[UNet]:
    """Rebuild a network from its file. Every tensor must fit.

    Raises:
        CheckpointError: The file is missing, damaged, or of another network.
    """
    weights = load_weights(path)
    with safetensors.safe_open(path, "pt") as opened:
        metadata = opened.metadata() or {}
    try:
        recipe = recipe_from_dict(json.loads(metadata["recipe"]))
        network = build_network(recipe)
        network.load_state_dict(weights)
    except (KeyError, ValueError, RuntimeError) as error:  # RecipeError and EncoderError are ValueErrors
        why = str(error).partition("\n")[0]  # PyTorch names every tensor
        raise CheckpointError(f"{path} does not hold a network of this version: {why}") from error
    return NetworkFile(network.eval(), recipe)


def save_mean(first: NetworkFile[UNet], second: NetworkFile[UNet], path: Path) -> None:
    """Write the mean of two networks' weights, a model soup (arXiv 2203.05482).

    What the first has not, such as a head, is the second's.

    Raises:
        CheckpointError: They are of two shapes.
    """
    ours, theirs = second.network.state_dict(), first.network.state_dict()
    if any(theirs[key].shape != ours[key].shape for key in ours.keys() & theirs.keys()) or theirs.keys() - ours.keys():
        raise CheckpointError("these networks have different shapes, and so no mean")
    means = {
        key: torch.lerp(value, theirs.get(key, value), 0.5) for key, value in ours.items() if value.is_floating_point()
    }
    save_network(ours | means, second.recipe, path)


def load_student(path: Path) -> NetworkFile[Student]:
    """Rebuild a student from its file.

    Raises:
        CheckpointError: The file is missing, damaged, or of a network that is no student.
    """
    loaded = load_network(path)
    if not isinstance(loaded.network, Student):
        raise CheckpointError(f"{path} holds a teacher; only a student can be exported.")
    return NetworkFile(loaded.network, loaded.recipe)


def build_network(recipe: Recipe) -> Student | Teacher | Pix2PixTeacher:
    """The network a recipe trains, with random weights.

    Raises:
        EncoderError: It names an encoder that is not known, or has no such width.
    """
    if recipe.teacher is None:
        return Student(**asdict(recipe.student))
    return _build_teacher(recipe.teacher)


def _build_teacher(config: TeacherConfig) -> Teacher | Pix2PixTeacher:
    if config.encoder == PIX2PIX:
        return Pix2PixTeacher(width=config.width, levels=config.levels, heads=config.heads)
    return Teacher(encoder=config.encoder, heads=config.heads, hints=config.hints, classes=config.classes)
