"""Teach the bundled student the colours of your own albums, then use what it learned.

    pip install -e '.[convert]'   # from a checkout: a wheel holds the SDK alone
    python examples/finetune.py ~/albums/ --out mine/ --minutes 10
    colorize grandmother.jpg        # with the bundled model
    python -c "from sdk import Colorizer; Colorizer.load(model_dir='mine').colorize('grandmother.jpg').show()"

Colour photos in, a model folder out; ten minutes on a laptop's processor, a progress bar all the while. Photos set
aside, about one of a hundred, say whether it helped: `mine/run/metrics.jsonl`.
"""

import argparse
import sys
import tempfile
from pathlib import Path

from converters.export import export
from converters.formats import find_target
from training.config import Recipe
from training.data import EmptyDatasetError, PackedPhotos, pack
from training.loop import train
from training.progress import weights_file

BUNDLED_STUDENT = Path(__file__).parent.parent / "training" / "weights" / "student.safetensors"


def main(arguments: list[str] | None = None) -> int:
    """Pack, train, export. Returns the exit code."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("photos", type=Path, help="a folder of colour photos, a few hundred or more")
    parser.add_argument("--out", type=Path, required=True, help="folder for the model")
    parser.add_argument("--minutes", type=float, default=10, help="time to train (default 10)")
    parser.add_argument("--steps", type=int, default=400, help="steps in all, 16 photos each (default 400)")
    options = parser.parse_args(arguments)
    recipe = Recipe(
        start=str(BUNDLED_STUDENT),
        steps=options.steps,
        batch_size=16,
        learning_rate=2e-4,  # a tenth of what it was trained with, so that it forgets little
        round_weights=True,  # as its int8 artifact will
        training_data=("the bundled student's photos", f"photos of {options.photos.name}"),
    )
    with tempfile.TemporaryDirectory() as folder:
        try:
            pack(options.photos, Path(folder))
            held_out = PackedPhotos(Path(folder), held_out=True)
        except EmptyDatasetError as error:
            print(f"finetune: {error}", file=sys.stderr)
            return 2
        run = options.out / "run"
        train("pretrain", recipe, PackedPhotos(Path(folder)), held_out, run, max_minutes=options.minutes)
    made = export(run / weights_file(recipe), options.photos, options.out, (find_target("onnx", "int8"),))
    print(*made.failures, sep="\n", file=sys.stderr)
    return 1 if made.failures else 0


if __name__ == "__main__":
    sys.exit(main())
