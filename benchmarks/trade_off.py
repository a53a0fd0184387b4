"""What quality costs: `python -m benchmarks.trade_off --photos ../shared/eval/coco --kid-weights ENCODER_WEIGHTS`.

Measures the student in int8 and fp32 beside grey, at several input sides and blends of its heads, and any further
networks given by --network, all on the same photos and in the same turns. Writes trade-off.json, trade-off.md and
trade-off.svg.
"""

import argparse
import json
import sys
import tempfile
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

import matplotlib as mpl
import numpy as np
import torch
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from torch.nn import functional as F

from benchmarks.peers import multiply_adds
from benchmarks.timing import interleave
from converters.to_onnx import export_fp32
from converters.tracing import example
from sdk.backends import open_backend
from sdk.color import FloatArray
from sdk.colorizer import BUNDLED_MODEL
from sdk.contract import Contract, Run, Tensors
from sdk.manifest import load_manifest
from training.checkpoint import load_network
from training.errors import TrainingError
from training.evaluate import evaluate, markdown_table
from training.kid import KernelDistance
from training.metrics import EVALUATION_SIZE, Network
from training.models.student import parameter_count

SIDES = (96, 128, 192, 256, 320)
VIVIDNESS = (0.4, 0.8, 1.0)
INT8, FP32, GREY = "student int8", "student fp32", "grey"


@dataclass(frozen=True)
class Costs:
    """What one network costs. Parameters, multiply-adds of one photo, bytes on disk, seconds at one thread."""

    parameters: int
    multiply_adds: int
    bytes: int
    seconds: float


def main(arguments: list[str] | None = None) -> int:
    """Measure, write and print the table. Returns the exit code: 2 where something it needs cannot be read."""
    options = _parser().parse_args(arguments)
    try:
        named = {FP32: options.checkpoint, **{name: Path(path) for name, path in options.network}}
        with tempfile.TemporaryDirectory() as folder:
            costs, ways = _open(named, Path(folder), rounds=options.rounds)
        qualities = evaluate(ways, options.photos, kid=KernelDistance(options.kid_weights))
    except TrainingError as error:
        print(f"benchmarks.trade_off: {error}", file=sys.stderr)
        return 2
    options.out.mkdir(parents=True, exist_ok=True)
    content = {"qualities": qualities, "costs": {name: vars(cost) for name, cost in costs.items()}}
    (options.out / "trade-off.json").write_text(json.dumps(content, indent=2) + "\n")
    text = _markdown(qualities, costs, named)
    (options.out / "trade-off.md").write_text(text)
    with mpl.rc_context({"svg.hashsalt": "edge-colorizer"}):
        _plot(qualities, costs, named).savefig(options.out / "trade-off.svg", metadata={"Date": None})
    print(text)
    return 0


def at_side(side: int) -> str:
    """Name of the fp32 student's row with an input of another side."""
    return f"{FP32}, {side} px"


def at_vividness(vividness: float) -> str:
    """Name of the int8 student's row with its heads blended; faithful is 0."""
    return f"{INT8}, vividness {vividness:g}" if vividness else INT8


def _open(named: dict[str, Path], folder: Path, *, rounds: int) -> tuple[dict[str, Costs], dict[str, Network]]:
    """Every network exported and timed; and what colours with it."""
    networks = {name: load_network(path).network for name, path in named.items()}
    manifest = load_manifest(BUNDLED_MODEL)
    files = {INT8: (manifest.verify(manifest.find_artifact("onnx", "int8")), manifest.tensors, networks[FP32])}
    for name, network in networks.items():
        files[name] = (folder / f"{len(files)}.onnx", network.contract, network)
    for side in SIDES:
        files[at_side(side)] = (folder / f"{side}px.onnx", replace(networks[FP32].contract, side=side), networks[FP32])
    for name, (path, contract, network) in files.items():
        if name != INT8:
            export_fp32(network, contract, path)
    runs = {name: open_backend("onnx", path, contract, threads=1).run for name, (path, contract, _) in files.items()}
    ways = {name: _run_once(runs[name], contract) for name, (_, contract, _) in files.items()}
    timed = interleave(ways, rounds=rounds)
    costs = {
        name: Costs(
            parameter_count(network),
            multiply_adds(network, example(contract)),
            path.stat().st_size,
            timed[name].seconds,
        )
        for name, (path, contract, network) in files.items()
    }
    rows = {
        name: Network(_resized(runs[name], contract), replace(contract, side=EVALUATION_SIZE))
        for name, (_, contract, _) in files.items()
    }
    for vividness in VIVIDNESS:
        rows[at_vividness(vividness)] = replace(rows[INT8], vividness=vividness)
    return costs, rows


def _resized(run: Run, contract: Contract) -> Run:
    """A network of another side, on the evaluation's photos."""

    def resize(values: FloatArray) -> FloatArray:
        side = values.shape[-1] * contract.side // EVALUATION_SIZE
        return F.interpolate(torch.from_numpy(values), size=side, mode="bilinear", antialias=True).numpy()

    if contract.side == EVALUATION_SIZE:
        return run
    return lambda inputs: run({name: resize(values) for name, values in inputs.items()})


def _run_once(run: Run, contract: Contract) -> Callable[[], object]:
    inputs: Tensors = {spec.name: np.zeros(contract.shape(spec), np.float32) for spec in contract.inputs}
    return lambda: run(inputs)


def _markdown(qualities: dict[str, dict[str, float]], costs: dict[str, Costs], named: dict[str, Path]) -> str:
    fastest = costs[INT8].seconds
    head = ["", "parameters M", "multiply-adds G", "MB", "latency", "PSNR dB", "CIEDE2000", "colourfulness", "KID"]
    shown = {"psnr": ".3f", "ciede2000": ".3f", "colourfulness": ".1f", "kid": ".1f"}

    def row(name: str) -> list[str]:
        quality = [format(qualities[name][metric], digits) for metric, digits in shown.items()]
        cost = _cost_of(name, costs)
        return [
            name,
            f"{cost.parameters / 1e6:.2f}",
            f"{cost.multiply_adds / 1e9:.2f}",
            f"{cost.bytes / 1e6:.1f}",
            f"{cost.seconds / fastest:.2f}",
            *quality,
        ]

    names = (GREY, INT8, *map(at_vividness, VIVIDNESS), *named, *map(at_side, SIDES))
    return (
        "\n\n".join(
            [
                "# What quality costs",
                f"Made by `python -m benchmarks.trade_off`. Photos at {EVALUATION_SIZE}×{EVALUATION_SIZE}, by the "
                "protocol of `training/metrics.py`; each metric per photo, then the mean. KID (×1000) is the distance "
                "to true photos as a collection. Latency in ONNX Runtime at one thread, over the bundled int8 "
                "network's. A row that names no vividness is faithful.",
                markdown_table([head, *(row(name) for name in names)]),
                "![Quality, distance to true photos, latency and size](trade-off.svg)",
            ]
        )
        + "\n"
    )


def _cost_of(name: str, costs: dict[str, Costs]) -> Costs:
    """A blend costs what its network costs, and grey nothing."""
    return costs.get(name, costs[INT8] if name.startswith(INT8) else Costs(0, 0, 0, 0))


def _plot(qualities: dict[str, dict[str, float]], costs: dict[str, Costs], named: dict[str, Path]) -> Figure:
    figure = Figure(figsize=(9, 7.2), layout="constrained")
    (latency, distance), (size, size_distance) = figure.subplots(2, 2)
    points = {
        name: quality | {"ms": _cost_of(name, costs).seconds * 1000, "mb": _cost_of(name, costs).bytes / 1e6}
        for name, quality in qualities.items()
    }
    blends, sides = [at_vividness(vividness) for vividness in (0.0, *VIVIDNESS)], [at_side(side) for side in SIDES]
    _draw(latency, points, sides, ("ms", "psnr"), line="-")
    _draw(latency, points, [INT8], ("ms", "psnr"))
    _draw(distance, points, blends, ("kid", "psnr"), line="-")
    _draw(distance, points, [GREY, *(name for name in named if name != FP32)], ("kid", "psnr"))
    for axes, metric in ((size, "psnr"), (size_distance, "kid")):
        _draw(axes, points, [INT8, at_vividness(1), *named], ("mb", metric))
        axes.set_xlim(left=0)
    latency.set_title("Quality against latency, by the input's side")
    distance.set_title("Quality against distance, by vividness")
    return figure


_AXES = {"ms": "milliseconds a photo, one thread", "mb": "MB", "psnr": "PSNR, dB", "kid": "KID ×1000, less is nearer"}


def _draw(
    axes: Axes, points: dict[str, dict[str, float]], names: Sequence[str], metrics: tuple[str, str], *, line: str = ""
) -> None:
    """Some networks as labelled points of two metrics."""
    xs, ys = ([points[name][metric] for name in names] for metric in metrics)
    axes.plot(xs, ys, f"o{line}", color="#7d8790" if line else "#b2562b")
    for name, place in zip(names, zip(xs, ys, strict=True), strict=True):
        axes.annotate(name.split(", ")[-1], place, (5, 5), textcoords="offset points", fontsize=8)
    axes.set(xlabel=_AXES[metrics[0]], ylabel=_AXES[metrics[1]])
    axes.margins(x=0.3, y=0.15)


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="python -m benchmarks.trade_off", description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--photos", type=Path, required=True, help="folder of colour photos, or tar shards")
    parser.add_argument("--kid-weights", type=Path, required=True, help="ImageNet's MobileNetV2 (safetensors)")
    parser.add_argument(
        "--checkpoint",
        type=Path,
        default=Path("training/weights/student.safetensors"),
        help="the weights the bundled model was made from",
    )
    parser.add_argument(
        "--network",
        nargs=2,
        action="append",
        default=[],
        metavar=("NAME", "WEIGHTS"),
        help="another network, such as a teacher",
    )
    parser.add_argument("--out", type=Path, default=Path("runs/trade-off"), help="folder for the report")
    parser.add_argument("--rounds", type=int, default=15, help="turns each network takes (default 15)")
    return parser


if __name__ == "__main__":
    sys.exit(main())
