"""`python -m training`: pack photos, train a student or its teacher, measure them."""

import argparse
import json
import math
import sys
from pathlib import Path

from sdk.backends import open_backend
from sdk.errors import BackendUnavailable, ColorizerError
from sdk.manifest import load_manifest
from training.checkpoint import CheckpointError, load_network
from training.config import RecipeError, load_recipe
from training.data import EmptyDatasetError, PackedPhotos, pack
from training.evaluate import as_table, evaluate
from training.loop import EncoderWeights, train
from training.metrics import as_predict_ab
from training.models.encoders import INPUT_RANGES

_STAGE_HELP = {
    "pretrain": "supervised training of a student or teacher",
    "gan": "adversarial training of a teacher",
    "distill": "training of a student on a teacher's answers",
}


def main(arguments: list[str] | None = None) -> int:
    """Run one stage. Returns 0, or 2 with one line on standard error when an input is unusable."""
    options = _parser().parse_args(arguments)
    try:
        options.run_stage(options)
    except (CheckpointError, ColorizerError, RecipeError, EmptyDatasetError, OSError) as error:
        print(f"training: {error}", file=sys.stderr)
        return 2
    return 0


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="python -m training", description=__doc__)
    stages = parser.add_subparsers(title="stages", required=True)

    stage = stages.add_parser("pack", help="decode photos once into a memory-mapped array")
    stage.add_argument("photos", type=Path, help="folder of tar shards, folder of photos, or one shard")
    stage.add_argument("packed", type=Path, help="folder to write")
    stage.add_argument("--side", type=int, default=192, help="photos are stretched to this square (default 192)")
    stage.set_defaults(run_stage=_pack)

    for name, text in _STAGE_HELP.items():
        stage = stages.add_parser(name, help=f"{text}; the same command resumes it")
        stage.add_argument("--recipe", type=Path, required=True)
        stage.add_argument("--photos", type=Path, required=True, help="what `pack` wrote")
        stage.add_argument("--run", type=Path, required=True, help="folder for checkpoints, weights and metrics.jsonl")
        start = stage.add_mutually_exclusive_group()
        start.add_argument("--encoder-weights", type=Path, help="ImageNet encoder, safetensors, torchvision's names")
        start.add_argument("--from-random-weights", action="store_true", help="start from nothing: much worse colours")
        stage.add_argument(
            "--encoder-input",
            choices=INPUT_RANGES,
            default="signed",
            help="RGB range it was trained on: [-1, 1] (signed, the default) or torchvision's (imagenet)",
        )
        stage.add_argument("--save-every", type=int, default=500, help="steps between checkpoints (default 500)")
        stage.add_argument("--max-minutes", type=float, default=math.inf, help="save and stop after this long")
        stage.set_defaults(run_stage=_train, stage=name)

    stage = stages.add_parser("evaluate", help="PSNR, SSIM, CIEDE2000 and colourfulness beside the grey baseline")
    stage.add_argument("--photos", type=Path, required=True, help="folder of colour photos, or tar shards")
    stage.add_argument("--checkpoint", type=Path, action="append", default=[], help="a student.safetensors")
    stage.add_argument("--model", type=Path, action="append", default=[], help="a folder with a manifest.json")
    stage.add_argument("--json", type=Path, help="also write the figures here")
    stage.set_defaults(run_stage=_evaluate)
    return parser


def _pack(options: argparse.Namespace) -> None:
    print(json.dumps(pack(options.photos, options.packed, side=options.side)))


def _train(options: argparse.Namespace) -> None:
    recipe = load_recipe(options.recipe)
    if not (recipe.start or options.encoder_weights or options.from_random_weights):
        raise RecipeError("name --encoder-weights, or ask for --from-random-weights")
    encoder_weights = options.encoder_weights and EncoderWeights(options.encoder_weights, options.encoder_input)
    train(
        options.stage,
        recipe,
        PackedPhotos(options.photos),
        PackedPhotos(options.photos, held_out=True),
        options.run,
        encoder_weights=encoder_weights,
        max_minutes=options.max_minutes,
        save_every=options.save_every,
    )


def _evaluate(options: argparse.Namespace) -> None:
    networks = {str(path): as_predict_ab(load_network(path).network) for path in options.checkpoint}
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
            networks[str(folder / artifact.path)] = backend.predict_ab
    rows = evaluate(networks, options.photos)
    print(as_table(rows))
    if options.json:
        options.json.write_text(json.dumps(rows, indent=2) + "\n")


if __name__ == "__main__":
    sys.exit(main())
