"""Speed and size beside what a user would pick instead: `python -m benchmarks --artifacts artifacts`.

Measures in turns, so that a busy machine slows all alike; judge the ratios, not the milliseconds. Exit codes: 0 all
ratios are within benchmarks/budgets.toml; 1 some are not, and are named; 2 there are no artifacts.
"""

import argparse
import sys
from pathlib import Path

from benchmarks import report
from benchmarks.networks import FP32, INT8, NetworkFigures, measure_networks
from benchmarks.roofline import measure_layers, measure_peaks
from benchmarks.timing import Duration, ProcessCost
from benchmarks.whole import measure_folder, measure_photo, measure_start
from converters import budgets
from sdk import ModelIntegrityError
from sdk.manifest import load_manifest

PHOTOS = Path(__file__).parent.parent / "examples" / "photos"
BUDGETS = Path(__file__).parent / "budgets.toml"


def main(arguments: list[str] | None = None) -> int:
    """Measure, write and print the report. Returns the exit code."""
    options = _parser().parse_args(arguments)
    try:
        artifacts = load_manifest(options.artifacts)
        peaks = measure_peaks()
        layers = {
            precision: measure_layers(artifacts.verify(artifacts.find_artifact("onnx", precision)), precision, peaks)
            for precision in ("int8", "fp32")
        }
    except ModelIntegrityError as error:
        print(f"benchmarks: {error} Make artifacts with `python -m converters.export_all`.", file=sys.stderr)
        return 2
    networks = measure_networks(artifacts, options.checkpoint, options.out / "peers", rounds=options.rounds)
    photos = sorted(PHOTOS.glob("*.jpg"))
    photo = measure_photo(photos, rounds=options.rounds)
    start = measure_start(photos[0])
    folder = measure_folder(photos, rounds=3)
    figures = ratios(networks, photo, start, folder)
    complaints = budgets.check("benchmarks", figures, "ratios", source=BUDGETS)
    measured = report.Measurements(networks, photo, start, folder, peaks, layers, figures)
    print(report.write(measured, complaints, options.out))
    return 1 if complaints else 0


def ratios(
    networks: list[NetworkFigures], photo: dict[str, Duration], start: dict[str, ProcessCost], folder: dict[str, float]
) -> dict[str, float]:
    """The figures that budgets bound: each a ratio of one run, but for the start's seconds."""
    rows = {row.name: row for row in networks}
    ours, seconds = rows[INT8], {name: row.latency[1].seconds for name, row in rows.items()}
    decode, encode = photo["decode"].seconds, photo["encode"].seconds
    figures = {
        "zhang_2017_over_int8": seconds["Zhang 2017"] / seconds[INT8],
        "ddcolor_tiny_over_int8": seconds["DDColor-tiny"] / seconds[INT8],
        "int8_bytes_over_zhang_2017": ours.bytes / rows["Zhang 2017"].bytes,
        "int8_bytes_over_ddcolor_tiny": ours.bytes / rows["DDColor-tiny"].bytes,
        "fp32_over_int8": seconds[FP32] / seconds[INT8],
        "ours_over_jpeg": photo["network, resizing and merge"].seconds / (decode + encode),
        "two_workers_over_one": folder["2"] / folder["1"],
        "import_seconds": start["import sdk"].seconds,
        "first_photo_cpu_seconds": start["first coloured photo"].cpu_seconds,
    }
    on_executorch = [f"{name}, executorch" for name in (FP32, INT8)]
    if all(name in seconds for name in on_executorch):
        fp32, int8 = (seconds[name] for name in on_executorch)
        figures["fp32_over_int8_executorch"] = fp32 / int8
    return figures


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="python -m benchmarks", description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--artifacts", type=Path, default=Path("artifacts"), help="what converters.export_all wrote")
    parser.add_argument(
        "--checkpoint",
        type=Path,
        default=Path("training/weights/student.safetensors"),
        help="the student they were made from",
    )
    parser.add_argument("--out", type=Path, default=Path("runs/benchmarks"), help="folder for the report")
    parser.add_argument("--rounds", type=int, default=7, help="turns each way takes (default 7)")
    return parser


if __name__ == "__main__":
    sys.exit(main())
