"""Turn one student into every artifact, prove each, and write the manifest last.

    python -m converters.export_all --checkpoint student.safetensors --photos shards/ --out artifacts/

Exit codes: 0 done; 1 an artifact is out of bounds (the reports and the lines printed say which and by how much) and
no manifest is written; 2 an input is unusable or an extra is not installed.
"""

import argparse
import sys
from importlib.metadata import distributions
from pathlib import Path

from converters.formats import FORMATS
from training.errors import TrainingError

_ALWAYS_NEEDED = ("torch", "torchvision", "safetensors", "scikit-image")


def main(arguments: list[str] | None = None) -> int:
    """Export, and say what was made. Returns the exit code."""
    options = _parser().parse_args(arguments)
    needed = dict.fromkeys([*_ALWAYS_NEEDED, *(tool for known in FORMATS.values() for tool in known.tools)])
    installed = {found.metadata["Name"] for found in distributions()}
    missing = [tool for tool in needed if tool not in installed]
    if missing:
        return _failed(f"{', '.join(missing)} not installed: pip install 'edge-colorizer[convert]'", 2)
    # Only now, because these import what may have been missing.
    from converters import report
    from converters.export import bundle, export

    try:
        done = export(options.checkpoint, options.photos, options.out)
    except TrainingError as error:
        return _failed(error, error.exit_code)
    except OSError as error:
        return _failed(error, 2)
    print(report.table(done.manifest.artifacts))
    if done.failures:
        print("out of bounds:", *done.failures, sep="\n  ", file=sys.stderr)
        return 1
    if options.bundle:
        bundle(done.manifest, options.bundle)
    return 0


def _failed(why: object, exit_code: int) -> int:
    print(f"export_all: {why}", file=sys.stderr)
    return exit_code


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
