"""What a run starts with: its task, by name, and its network."""

import math
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

from torch import Tensor

from sdk.contract import AB
from training.checkpoint import build_network, load_network, load_weights
from training.config import DistillConfig, Recipe, RecipeError
from training.models.encoders import INPUT_RANGES, Encoder
from training.models.unet import UNet
from training.quantization import round_activations, round_weights
from training.tasks import Task
from training.tasks.classify import ClassifyTask
from training.tasks.distill import DistillTask, distill_config
from training.tasks.gan import GanTask
from training.tasks.pretrain import PretrainTask


@dataclass(frozen=True)
class TaskEntry:
    """One task, which `python -m training` has a command for.

    Attributes:
        help: What it is for.
        task: A network and its recipe to the task over them.
    """

    help: str
    task: Callable[[UNet, Recipe], Task]


@dataclass(frozen=True)
class EncoderFile:
    """ImageNet weights for a fresh encoder, in their published names.

    Attributes:
        path: A safetensors file, or a folder that holds one for each encoder, named after it: `resnet34.safetensors`.
        input_range: How the RGB they were trained on was normalised, a key of `INPUT_RANGES`; None: as the published.
    """

    path: Path
    input_range: str | None = None


EncoderWeights = EncoderFile | Literal["published", "random"]
"""Where a fresh encoder's weights come from: a file, their publisher (downloaded once), or nowhere."""


def _pretrain(network: UNet, recipe: Recipe) -> Task:
    if recipe.round_weights:
        round_weights(network)
    return PretrainTask(network, recipe)


def _gan(network: UNet, recipe: Recipe) -> Task:
    if recipe.gan is None:
        raise RecipeError("this task needs a [gan] table, which may be empty")
    if recipe.round_weights:
        round_weights(network)
    return GanTask(network, recipe, teachers=_teachers(recipe.distill) if recipe.distill else ())


def _distill(network: UNet, recipe: Recipe) -> Task:
    if recipe.round_weights:
        round_weights(network)
    return DistillTask(network, recipe, teachers=_teachers(distill_config(recipe)))


def _teachers(config: DistillConfig) -> list[UNet]:
    if not config.teachers:
        raise RecipeError("the [distill] table names no teacher; give it the weights file of one at least")
    return [load_network(Path(teacher)).network for teacher in config.teachers]


def _qat(network: UNet, recipe: Recipe) -> Task:
    if not recipe.round_weights:
        raise RecipeError("this task needs round_weights = true, which export goes by")
    round_activations(network)
    return _distill(network, recipe) if recipe.distill else _pretrain(network, recipe)


TASKS = {
    "pretrain": TaskEntry("supervised training of a student or teacher", _pretrain),
    "gan": TaskEntry("adversarial training of a teacher, or of a student's vivid head", _gan),
    "classify": TaskEntry("training of a teacher that chooses among colours", ClassifyTask),
    "distill": TaskEntry("training of a student on a teacher's answers", _distill),
    "qat": TaskEntry("fine-tuning of a student for its int8 artifacts", _qat),
}


def starting_network(recipe: Recipe, encoder_weights: EncoderWeights) -> UNet:
    """The network a run starts with.

    Raises:
        RecipeError: The weights do not fit the recipe's network, or cannot be had.
        CheckpointError: A weights file cannot be read.
    """
    network = build_network(recipe)
    if recipe.start:
        try:
            network.load_state_dict(_grown(load_network(Path(recipe.start)).network.state_dict(), network))
        except RuntimeError as error:
            raise RecipeError(f"{recipe.start} holds a network of another shape than the recipe's") from error
    elif encoder_weights != "random":
        if network.encoder is None:
            raise RecipeError("a pix2pix teacher has no ImageNet encoder; ask for --from-random-weights")
        weights, input_range = _imagenet_weights(recipe, network.encoder, encoder_weights)
        try:
            network.encoder.load(network.stages, weights, INPUT_RANGES[input_range])
        except (KeyError, RuntimeError) as error:
            raise RecipeError("the encoder weights are of another network than the recipe's") from error
    return network


def _grown(weights: dict[str, Tensor], network: UNet) -> dict[str, Tensor]:
    """Weights for a network of other heads, or one that takes hints.

    A new head begins as the faithful one, or afresh where that has another shape; so do hints.
    """
    ours = network.state_dict()
    fresh = {key: value for key, value in ours.items() if key.startswith(("heads.", "hints."))}
    faithful = {
        f"heads.{name}.{key}": weights[f"heads.{AB.name}.{key}"]
        for name, head in network.heads.items()
        for key in head.state_dict()
        if f"heads.{AB.name}.{key}" in weights
    }
    grown = fresh | faithful | weights
    return {key: value for key, value in grown.items() if key in ours or not key.startswith("heads.")}


def _imagenet_weights(
    recipe: Recipe, encoder: Encoder, source: EncoderFile | Literal["published"]
) -> tuple[Mapping[str, Tensor], str]:
    if isinstance(source, EncoderFile):
        name = (recipe.teacher or recipe.student).encoder
        file = source.path / f"{name}.safetensors" if source.path.is_dir() else source.path
        return load_weights(file), source.input_range or encoder.input_range
    if recipe.teacher is None and not math.isclose(recipe.student.width, 1):
        raise RecipeError("ImageNet weights are published for width 1 alone; ask for --from-random-weights")
    try:
        return encoder.published(), encoder.input_range
    except OSError as error:  # URLError is one
        raise RecipeError(
            f"ImageNet weights could not be downloaded ({error}); "
            "name a file with --encoder-weights, or ask for --from-random-weights"
        ) from error
