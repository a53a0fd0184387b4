"""A training recipe: everything a run depends on, read once from a TOML file."""

import tomllib
from dataclasses import asdict, dataclass, field, fields
from pathlib import Path
from typing import Any, Literal, get_type_hints

from training.entries import check_entry
from training.errors import TrainingError

DiscriminatorKind = Literal["patch", "semantic", "projected"]
PIX2PIX = "pix2pix"


class RecipeError(TrainingError, ValueError):
    """A recipe file has an unknown key, lacks what its task needs, or does not fit the run it is used on."""


@dataclass(frozen=True, kw_only=True)
class StudentConfig:
    """The student's shape; see `training.models.student.Student`."""

    encoder: str = "mobilenet_v2"
    width: float = 1.0
    decoder: tuple[int, ...] = (192, 96, 64, 32)
    heads: tuple[str, ...] = ("ab",)
    hints: bool = False


@dataclass(frozen=True, kw_only=True)
class TeacherConfig:
    """The teacher's shape; see `training.models.teacher`.

    Attributes:
        encoder: A key of `training.models.encoders.ENCODERS`, or "pix2pix" for the paper's whole generator.
        width: Of "pix2pix" alone.
        levels: Of "pix2pix" alone.
        heads: The contract's outputs it answers, by name.
        hints: Whether it takes hints, which "pix2pix" cannot.
        classes: Whether it chooses among colours, for the `classify` task; "pix2pix" cannot.
    """

    encoder: str = "resnet34"
    width: int = 64
    levels: int = 8
    heads: tuple[str, ...] = ("ab",)
    hints: bool = False
    classes: bool = False


@dataclass(frozen=True, kw_only=True)
class GanConfig:
    """The `gan` task.

    Attributes:
        objective: A key of `training.losses.OBJECTIVES`; "bce" is the paper's equation 1.
        l1_weight: λ of the paper's equation 3.
        loss_weight: Of the recipe's `loss` beside λ's L1. In decibels, what photos of little colour lose counts as much
            as what colourful ones gain.
        muted_weight: Of the colourfulness-aware term, `training.losses.muted`.
        perceptual_weight: Of the distance between what a "projected" discriminator's network sees in the answer and in
            the photo.
        discriminator: "patch" is the paper's; "semantic" also sees what the generator's encoder makes of the lightness;
            "projected" sees what an ImageNet network makes of the coloured picture.
        discriminator_encoder: That network: a key of `training.models.encoders.ENCODERS`.
        discriminator_width: Channels of its first layer.
        spectral_norm: Of the discriminator's layers (arXiv 1802.05957), instead of batch norms.
        warmup_steps: Steps in which the discriminator learns and the generator does not hear of it.
        discriminator_learning_rate: It learns with a rate of its own.
    """

    objective: str = "bce"
    l1_weight: float = 100.0
    loss_weight: float = 0.0
    muted_weight: float = 0.0
    perceptual_weight: float = 0.0
    discriminator: DiscriminatorKind = "patch"
    discriminator_encoder: str = "efficientnet_lite0"
    discriminator_width: int = 64
    spectral_norm: bool = False
    warmup_steps: int = 0
    discriminator_learning_rate: float = 2e-4


@dataclass(frozen=True, kw_only=True)
class DistillConfig:
    """The `distill` task.

    Attributes:
        teachers: The teachers' weights files. A head learns from the mean of the answers of those that have it, moved
            by what the others change in the mean of the faithful answers.
        heads: Those they teach; where none is named, all that student and teachers both have.
        output_weight: Of the student's ab against the teachers'.
        feature_weight: Of the student's decoder features, through 1×1 mapping layers, against the first teacher's.
        truth_weight: Of the student's ab against the photo's.
    """

    teachers: tuple[str, ...]
    heads: tuple[str, ...] = ()
    output_weight: float = 1.0
    feature_weight: float = 0.1
    truth_weight: float = 1.0


@dataclass(frozen=True, kw_only=True)
class Recipe:
    """One published training run.

    Attributes:
        student: The network to train, unless there is a `teacher`.
        teacher: The network to train, where the recipe has this table.
        gan: For the `gan` task.
        distill: For the `distill` task.
        steps: Optimizer steps in the whole run; the cosine schedule ends there.
        minutes: Of training in the whole run, instead of steps. Such a run stops and goes on as any other, but no two
            come out the same.
        size: Side of the network's input while training, in pixels; a multiple of 32.
        smallest_crop: Smallest side of a random crop, as a share of the photo's.
        old_photos: Share of photos whose lightness is made to look old; see `training.data.old_photos`.
        hinted_photos: Share of photos that a network which takes hints is given some of; see `training.data.hints`.
        painted_objects: Share of the hinted photos in which one object is painted over, so that hints learn where
            to end; see `training.data.hints`.
        loss: "huber", or "psnr", what the evaluation averages, once colours are roughly right; of ab, not of a GAN.
        huber_delta: Where Huber's loss turns from quadratic to linear, in units of 110 Lab.
        encoder_learning_rate_scale: The pretrained encoder learns this much slower than the rest.
        betas: AdamW's; (0.5, 0.999) is usual for a GAN.
        frozen_stages: Encoder stages, from the first, kept as they were pretrained. The first two see the largest
            maps and cost the most to train, and edges and textures are the same in any photo.
        still_norms: Batch norms keep the statistics they start with. What a small batch's would add is noise, which a
            low learning rate cannot average away.
        compile: Have PyTorch compile the networks' parts: minutes at the start, less at each step, on GPUs.
        round_weights: Train with weights rounded as int8 artifacts round them; the `qat` task always does.
        ema_decay: Of the averaged weights, which are the ones validated and exported.
        start: A weights file the run starts from, instead of ImageNet's.
        strength: What `python -m training strength` multiplied the faithful head's answers by after training, which
            leaves it at 1.
        vivid_strength: The same, of the vivid head.
        training_data: What the photos and the starting weights are, for the manifest and the model card.
    """

    student: StudentConfig = field(default_factory=StudentConfig)
    teacher: TeacherConfig | None = None
    gan: GanConfig | None = None
    distill: DistillConfig | None = None
    seed: int = 0
    steps: int = 4000
    minutes: float | None = None
    batch_size: int = 32
    size: int = 128
    smallest_crop: float = 0.5
    old_photos: float = 0.0
    hinted_photos: float = 0.7
    painted_objects: float = 0.0
    loss: str = "huber"
    huber_delta: float = 0.1
    learning_rate: float = 2e-3
    encoder_learning_rate_scale: float = 0.3
    betas: tuple[float, float] = (0.9, 0.999)
    frozen_stages: int = 0
    still_norms: bool = False
    compile: bool = False
    round_weights: bool = False
    warmup_steps: int = 100
    weight_decay: float = 1e-2
    gradient_clip: float = 1.0
    ema_decay: float = 0.998
    start: str | None = None
    strength: float = 1.0
    vivid_strength: float = 1.0
    training_data: tuple[str, ...] = ()

    @property
    def takes_hints(self) -> bool:
        """Whether the network to train is given hints beside the lightness."""
        return (self.teacher or self.student).hints


_TABLES = {"student": StudentConfig, "teacher": TeacherConfig, "gan": GanConfig, "distill": DistillConfig}


def load_recipe(path: Path) -> Recipe:
    """Read a recipe.

    Raises:
        RecipeError: The file is missing or not TOML, names a key no recipe has, or lacks one that is needed.
    """
    try:
        return recipe_from_dict(tomllib.loads(path.read_text()))
    except (OSError, tomllib.TOMLDecodeError, RecipeError) as error:
        raise RecipeError(f"{path}: {error}") from error


def recipe_from_dict(table: dict[str, Any]) -> Recipe:
    """A recipe from plain values, as `recipe_as_dict` gives them.

    Raises:
        RecipeError: A key is one no recipe has, or a needed one is missing.
    """
    for name in _TABLES:
        if not isinstance(table.get(name, {}), dict | None):
            raise RecipeError(f"{name} is a table, [{name}], not {table[name]!r}")
    nested = {name: _build(record, table[name]) for name, record in _TABLES.items() if table.get(name) is not None}
    recipe = _build(Recipe, table | nested)
    _check_together(recipe)
    return recipe


def recipe_as_dict(recipe: Recipe) -> dict[str, Any]:
    """The recipe as plain values, for a checkpoint."""
    return asdict(recipe)


def _build(record: type[Any], table: dict[str, Any]) -> Any:
    unknown = set(table) - {entry.name for entry in fields(record)}
    if unknown:
        raise RecipeError(f"a {record.__name__} has no {', '.join(sorted(unknown))}")
    # Lists become tuples, which unlike lists can be frozen.
    try:
        for name, hint in get_type_hints(record).items():
            if name in table:
                check_entry(name, table[name], hint)
        return record(**{key: tuple(value) if isinstance(value, list) else value for key, value in table.items()})
    except (TypeError, ValueError) as error:
        raise RecipeError(str(error)) from error


def _check_together(recipe: Recipe) -> None:
    pix2pix = recipe.teacher is not None and recipe.teacher.encoder == PIX2PIX
    if recipe.teacher and pix2pix and (recipe.takes_hints or recipe.teacher.classes):
        raise RecipeError("a pix2pix teacher takes no hints and knows no classes")
    levels = recipe.teacher.levels if recipe.teacher and pix2pix else 5
    if recipe.size % 2**levels:
        raise RecipeError(f"size is a multiple of {2**levels} for this network, not {recipe.size}")
