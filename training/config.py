"""A training recipe: everything a run depends on, read once from a TOML file."""

import tomllib
from dataclasses import asdict, dataclass, field, fields
from pathlib import Path
from typing import Any


class RecipeError(ValueError):
    """A recipe file has an unknown key, a missing key or a value of the wrong type."""


@dataclass(frozen=True, kw_only=True)
class StudentConfig:
    """The student's shape; see `training.models.student.Student`."""

    width: float = 1.0
    decoder: tuple[int, ...] = (192, 96, 64, 32)


@dataclass(frozen=True, kw_only=True)
class Recipe:
    """One published training run.

    Attributes:
        steps: Optimizer steps in the whole run; the cosine schedule ends there.
        size: Side of the network's input while training, in pixels; a multiple of 32.
        smallest_crop: Smallest side of a random crop, as a share of the photo's.
        huber_delta: Where the loss turns from quadratic to linear, in units of 110 Lab.
        encoder_learning_rate_scale: The pretrained encoder learns this much slower than the rest.
        frozen_stages: Encoder stages, from the first, kept as they were pretrained. The first two see the largest
            maps and cost the most to train, and edges and textures are the same in any photo.
        round_weights: Train with weights rounded as int8 artifacts round them; see `training.quantization`.
        ema_decay: Of the averaged weights, which are the ones validated and exported.
        start: A student's weights file the run starts from, instead of ImageNet's.
        training_data: What the photos and the starting weights are, for the manifest and the model card.
    """

    student: StudentConfig = field(default_factory=StudentConfig)
    seed: int = 0
    steps: int = 4000
    batch_size: int = 32
    size: int = 128
    smallest_crop: float = 0.5
    huber_delta: float = 0.1
    learning_rate: float = 2e-3
    encoder_learning_rate_scale: float = 0.3
    frozen_stages: int = 0
    round_weights: bool = False
    warmup_steps: int = 100
    weight_decay: float = 1e-2
    gradient_clip: float = 1.0
    ema_decay: float = 0.998
    start: str | None = None
    training_data: tuple[str, ...] = ()


def load_recipe(path: Path) -> Recipe:
    """Read a recipe.

    Raises:
        RecipeError: The file is missing or not TOML, or names a key no recipe has.
    """
    try:
        return recipe_from_dict(tomllib.loads(path.read_text()))
    except (OSError, tomllib.TOMLDecodeError, RecipeError) as error:
        raise RecipeError(f"{path}: {error}") from error


def recipe_from_dict(table: dict[str, Any]) -> Recipe:
    """A recipe from plain values, as `recipe_as_dict` gives them.

    Raises:
        RecipeError: A key is one no recipe has.
    """
    known = _known(table, Recipe)
    known["student"] = StudentConfig(**_known(table.get("student", {}), StudentConfig))
    return Recipe(**known)


def recipe_as_dict(recipe: Recipe) -> dict[str, Any]:
    """The recipe as plain values, for a checkpoint."""
    return asdict(recipe)


def _known(table: dict[str, Any], record: type[Recipe | StudentConfig]) -> dict[str, Any]:
    """The table with lists made tuples, which unlike lists can be frozen."""
    unknown = set(table) - {entry.name for entry in fields(record)}
    if unknown:
        raise RecipeError(f"a {record.__name__} has no {', '.join(sorted(unknown))}")
    return {key: tuple(value) if isinstance(value, list) else value for key, value in table.items()}
