"""`python -m training`: gather photos, train a teacher and its student, measure them.

The usual way: coco, or photos of your own → pack → pretrain, gan: a teacher → distill, qat: a student → strength →
evaluate.
"""

import argparse
import json
import math
import sys
from dataclasses import replace
from pathlib import Path

from sdk.backends import open_backend
from sdk.contract import AB, VIVID_AB
from sdk.errors import BackendUnavailable, ColorizerError
from sdk.manifest import load_manifest
from training.checkpoint import load_network, load_student, save_mean, save_network
from training.config import RecipeError, load_recipe, recipe_as_dict, recipe_from_dict
from training.data import open_photos, pack
from training.data.coco import OFFICIAL_SITE, SPLITS, download_coco
from training.errors import TrainingError
from training.evaluate import as_json, as_table, evaluate, ways
from training.kid import KernelDistance
from training.loop import train
from training.metrics import Network, eager
from training.models.encoders import INPUT_RANGES
from training.start import TASKS, EncoderFile, EncoderWeights
from training.strength import strength_table, strengthen


def main(arguments: list[str] | None = None) -> int:
    """Run one command. Returns 0, or 2 with one line on standard error when an input is unusable."""
    options = _parser().parse_args(arguments)
    try:
        options.run_command(options)
    except (TrainingError, ColorizerError) as error:
        print(f"training: {error}", file=sys.stderr)
        return error.exit_code
    except OSError as error:  # a file that is missing, a disk that is full
        print(f"training: {error}", file=sys.stderr)
        return 2
    return 0


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="python -m training", description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    commands = parser.add_subparsers(title="commands", required=True)
    _add_coco(commands.add_parser("coco", help="download and verify a split of COCO 2017"))
    _add_pack(commands.add_parser("pack", help="decode photos once into one file of pixels"))
    for name, entry in TASKS.items():
        _add_task(commands.add_parser(name, help=f"{entry.help}; the same command resumes it"), name)
    _add_mean(commands.add_parser("mean", help="the mean of two runs' weights, often better than either"))
    _add_strength(commands.add_parser("strength", help="choose how vivid a student is, on held-out photos"))
    help_text = "decibels, colourfulness and distance to true photos, beside the grey baseline"
    _add_evaluate(commands.add_parser("evaluate", help=help_text))
    return parser


def _add_coco(command: argparse.ArgumentParser) -> None:
    command.add_argument("folder", type=Path, help="where the split's folder of photos goes")
    command.add_argument("--split", choices=SPLITS, default="train2017", help="18 GB or 0.8 GB (default train2017)")
    command.add_argument("--site", default=OFFICIAL_SITE, help="a mirror's URL (default: the official site)")
    command.set_defaults(run_command=lambda given: print(download_coco(given.split, given.folder, site=given.site)))


def _add_pack(command: argparse.ArgumentParser) -> None:
    command.add_argument("photos", type=Path, help="folder of tar shards, folder of photos, or one shard")
    command.add_argument("packed", type=Path, help="folder to write")
    command.add_argument("--side", type=int, default=192, help="photos are stretched to this square (default 192)")
    command.add_argument("--pairs", action="store_true", help="PHOTOS holds old/NAME beside reference/NAME")
    command.set_defaults(
        run_command=lambda given: print(
            json.dumps(pack(given.photos, given.packed, side=given.side, pairs=given.pairs))
        )
    )


def _positive(text: str) -> int:
    """A whole number of one or more, as `argparse` reads it."""
    if int(text) < 1:
        raise ValueError
    return int(text)


def _add_task(command: argparse.ArgumentParser, name: str) -> None:
    command.add_argument("--recipe", type=Path, required=True)
    command.add_argument(
        "--photos", type=Path, required=True, help="what `pack` wrote; or, decoded anew each epoch, shards or a folder"
    )
    command.add_argument(
        "--run-folder", type=Path, required=True, help="folder for checkpoints, weights, figures and samples"
    )
    start = command.add_mutually_exclusive_group()
    start.add_argument(
        "--encoder-weights",
        type=Path,
        help="ImageNet encoder, safetensors, in its published names, or a folder with one for each encoder, such as "
        "resnet34.safetensors (default: what is published, fetched once)",
    )
    start.add_argument("--from-random-weights", action="store_true", help="start from nothing: much worse colours")
    command.add_argument(
        "--encoder-input",
        choices=INPUT_RANGES,
        help="RGB range the file was trained on: torchvision's (imagenet) or [-1, 1] (signed); default: as published",
    )
    command.add_argument("--save-every", type=_positive, default=500, help="steps between checkpoints (default 500)")
    command.add_argument("--minutes", type=float, help="length of the whole run, instead of what the recipe says")
    command.add_argument(
        "--batch-size", type=_positive, help="photos a step, instead of what the recipe says; fewer need less memory"
    )
    command.add_argument("--max-minutes", type=float, default=math.inf, help="save and stop after this long")
    command.set_defaults(run_command=_train, task_name=name)


def _add_mean(command: argparse.ArgumentParser) -> None:
    command.add_argument("first", type=Path, help="a .safetensors file of a run")
    command.add_argument("second", type=Path, help="one of a run that began where the first did, or from it")
    command.add_argument("out", type=Path, help="the file to write: its network and recipe are the second's")
    command.set_defaults(
        run_command=lambda given: save_mean(load_network(given.first), load_network(given.second), given.out)
    )


def _add_strength(command: argparse.ArgumentParser) -> None:
    way = command.add_mutually_exclusive_group(required=True)
    way.add_argument("--photos", type=Path, help="measure strengths on these, packed or not; the held-out ones alone")
    way.add_argument("--choose", nargs=2, metavar=("STRENGTH", "FILE"), help="write the student of that strength")
    command.add_argument("--checkpoint", type=Path, required=True, help="a student's .safetensors file")
    command.add_argument("--head", choices=[AB.name, VIVID_AB.name], default=AB.name, help="whose (default: ab)")
    command.add_argument("--count", type=int, default=200, help="held-out photos to measure on (default 200)")
    command.set_defaults(run_command=_choose_strength)


def _add_evaluate(command: argparse.ArgumentParser) -> None:
    command.add_argument(
        "--photos",
        type=Path,
        required=True,
        help="a folder of colour photos, tar shards, or what `pack` wrote: its held-out photos",
    )
    command.add_argument("--checkpoint", type=Path, action="append", default=[], help="a .safetensors file of a run")
    command.add_argument("--model", type=Path, action="append", default=[], help="a folder with a manifest.json")
    command.add_argument("--perceptual", action="store_true", help="LPIPS and FID too; their networks are downloaded")
    command.add_argument(
        "--vividness", type=float, nargs="+", default=[0.0], help="blends of the two heads, for networks that have them"
    )
    command.add_argument(
        "--hints", type=int, nargs="+", default=[0], help="random true hints, for networks that take them"
    )
    command.add_argument("--kid-weights", type=Path, help="measure KID too, with this MobileNetV2 (safetensors)")
    command.add_argument("--count", type=_positive, help="measure on the first so many photos only")
    command.add_argument("--json", type=Path, help="also write the figures here")
    command.add_argument("--sheets", type=Path, help="folder for pictures of the worst, median and best photos")
    command.set_defaults(run_command=_evaluate)


def _train(options: argparse.Namespace) -> None:
    encoder_weights: EncoderWeights = "random" if options.from_random_weights else "published"
    if options.encoder_weights:
        encoder_weights = EncoderFile(options.encoder_weights, options.encoder_input)
    given = {"minutes": options.minutes, "batch_size": options.batch_size}
    instead = {name: value for name, value in given.items() if value is not None}
    recipe = recipe_from_dict(recipe_as_dict(load_recipe(options.recipe)) | instead)
    train(
        options.task_name,
        recipe,
        open_photos(options.photos),
        open_photos(options.photos, held_out=True),
        options.run_folder,
        encoder_weights=encoder_weights,
        max_minutes=options.max_minutes,
        save_every=options.save_every,
    )


def _choose_strength(options: argparse.Namespace) -> None:
    loaded = load_student(options.checkpoint)
    if options.head not in loaded.network.heads:
        raise RecipeError(f"{options.checkpoint} has no head {options.head}")
    if options.choose:
        given, path = options.choose
        try:
            strength = float(given)
        except ValueError as error:
            raise RecipeError(f"--choose takes a number such as 1.1 and a file to write, not {given!r}") from error
        entry = "strength" if options.head == AB.name else "vivid_strength"
        recipe = replace(loaded.recipe, **{entry: strength * getattr(loaded.recipe, entry)})
        save_network(strengthen(loaded.network, strength, head=options.head).state_dict(), recipe, Path(path))
    else:
        held_out = open_photos(options.photos, held_out=True)
        print(strength_table(loaded.network, held_out, head=options.head, count=options.count))


def _evaluate(options: argparse.Namespace) -> None:
    networks = {str(path): eager(load_network(path).network) for path in options.checkpoint}
    for folder in options.model:
        manifest = load_manifest(folder)
        for artifact in manifest.artifacts:
            if artifact.variant != "lab":
                continue  # the same network with the colour path around it
            try:
                backend = open_backend(artifact.backend, manifest.verify(artifact), manifest.tensors)
            except BackendUnavailable as error:
                print(f"NOT MEASURED: {artifact.path}: {error}", file=sys.stderr)
                continue
            networks[str(folder / artifact.path)] = Network(backend.run, manifest.tensors)
    kid = KernelDistance(options.kid_weights) if options.kid_weights else None
    if not kid:
        print("NOT MEASURED: KID; name ImageNet's MobileNetV2 with --kid-weights", file=sys.stderr)
    asked: dict[str, Network] = {}
    for name, network in networks.items():
        asked |= ways(name, network, vividness=options.vividness, hints=options.hints)
    rows = evaluate(
        asked,
        options.photos,
        kid=kid,
        perceptual=options.perceptual,
        count=options.count,
        sheets=options.sheets,
    )
    print(as_table(rows))
    if options.json:
        options.json.write_text(as_json(rows))


if __name__ == "__main__":
    sys.exit(main())
