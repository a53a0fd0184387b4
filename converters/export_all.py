"""Turn one student into every artifact, prove each, and write the manifest last.

    python -m converters.export_all --checkpoint student.safetensors --photos shards/ --out artifacts/

Exit codes: 0 done; 1 an artifact is out of bounds (the reports and the lines printed say which and by how much) and
no manifest is written; 2 an input is unusable or an extra is not installed.
"""

import argparse
import sys
from importlib.util import find_spec
from pathlib import Path

NEEDED = (
    "torch",
    "torchvision",
    "safetensors",
    "skimage",
    "onnx",
    "onnxscript",
    "torchao",
    "executorch",
    "coremltools",
)


def main(arguments: list[str] | None = None) -> int:
    """Export, and say what was made. Returns the exit code."""
    options = _parser().parse_args(arguments)
    missing = [module for module in NEEDED if find_spec(module) is None]
    if missing:
        return _unusable(f"{', '.join(missing)} not installed: pip install 'edge-colorizer[convert]'")
    # Only now, because these import what may have been missing.
    from converters import release, report
    from training.checkpoint import CheckpointError
    from training.data import EmptyDatasetError

    try:
        done = release.export_all(options.checkpoint, options.photos, options.out)
    except (CheckpointError, EmptyDatasetError, OSError) as error:
        return _unusable(str(error))
    print(report.table(done.manifest.artifacts))
    if done.failures:
        print("out of bounds:", *done.failures, sep="\n  ", file=sys.stderr)
        return 1
    if options.bundle:
        release.bundle(done.manifest, options.bundle)
    return 0


def _unusable(why: str) -> int:
    print(f"export_all: {why}", file=sys.stderr)
    return 2


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="python -m converters.export_all", description=__doc__, formatter_class=argparse.RawTextHelpFormatter
    )
    parser.add_argument("--checkpoint", type=Path, required=True, help="student.safetensors of a training run")
    parser.add_argument("--photos", type=Path, required=True, help="real photos: tar shards or a folder")
    parser.add_argument("--out", type=Path, required=True, help="folder for the artifacts and manifest.json")
    parser.add_argument("--bundle", type=Path, help="also copy what the wheel ships to this folder (sdk/models)")
    return parser


if __name__ == "__main__":
    sys.exit(main())
