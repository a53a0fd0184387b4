"""Checkpoints on disk: safetensors for weights, never half-written, and strict to load."""

import json
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import safetensors
import torch
from safetensors.torch import load_file, save_file
from torch import Tensor

from training.config import Recipe, RecipeError, StudentConfig, recipe_as_dict, recipe_from_dict
from training.models.student import Student


class CheckpointError(ValueError):
    """A checkpoint is missing, damaged, or holds another network."""


@dataclass(frozen=True)
class TrainingState:
    """What a run needs to go on as if it had never stopped: randomness is a function of seed and step."""

    step: int
    recipe: dict[str, Any]
    network: dict[str, Tensor]
    averaged: dict[str, Tensor]
    optimizer: dict[str, Any]


def save_training_state(state: TrainingState, path: Path) -> None:
    """Replace `path` in one move, so that a kill at any time leaves the last good state."""
    partial = path.with_suffix(".partial")
    torch.save(vars(state), partial)
    partial.replace(path)


def load_training_state(path: Path) -> TrainingState:
    """Read what `save_training_state` wrote. Tensors and plain values only: no code in it is ever run."""
    return TrainingState(**torch.load(path, weights_only=True))


def save_student(student: dict[str, Tensor], recipe: Recipe, path: Path) -> None:
    """Write a student's weights, with the recipe that made them in the file's metadata."""
    partial = path.with_suffix(".partial")
    tensors = {key: value.contiguous() for key, value in student.items()}
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
class StudentFile:
    """A trained student, in evaluation mode, and the recipe that made it."""

    network: Student
    recipe: Recipe


def load_student(path: Path) -> StudentFile:
    """Rebuild a student from its file. Every tensor must fit.

    Raises:
        CheckpointError: The file is missing, damaged, or of another network.
    """
    weights = load_weights(path)
    with safetensors.safe_open(path, "pt") as opened:
        metadata = opened.metadata() or {}
    try:
        recipe = recipe_from_dict(json.loads(metadata["recipe"]))
        student = build_student(recipe.student)
        student.load_state_dict(weights)
    except (KeyError, RecipeError, ValueError, RuntimeError) as error:
        raise CheckpointError(f"{path} does not hold a student of this version: {error}") from error
    return StudentFile(student.eval(), recipe)


def build_student(config: StudentConfig) -> Student:
    """A student of the shape a recipe names, with random weights."""
    return Student(width=config.width, decoder=config.decoder)
