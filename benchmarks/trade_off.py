"""What quality costs: `python -m benchmarks.trade_off --photos ../shared/eval/coco`.

Measures the student in int8 and fp32 beside grey, at several input sides and strengths, and any further networks given
by --network, all on the same photos and in the same turns. Writes trade-off.json, trade-off.md and trade-off.svg.
"""

import argparse
import json
import sys
import tempfile
from collections.abc import Callable
from dataclasses import dataclass, replace
from pathlib import Path

import matplotlib as mpl
import numpy as np
import torch
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
from training.metrics import EVALUATION_SIZE, Network
from training.models.student import parameter_count

SIDES = (96, 128, 192, 256, 320)
STRENGTHS = (0.6, 0.8, 1.2, 1.4)
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
        qualities = evaluate(ways, options.photos)
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


def at_strength(strength: float) -> str:
    """Name of the int8 student's row with its chroma multiplied."""
    return f"{INT8}, strength {strength}"


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
    for strength in STRENGTHS:
        rows[at_strength(strength)] = replace(rows[INT8], run=_strengthened(runs[INT8], strength))
    return costs, rows


def _resized(run: Run, contract: Contract) -> Run:
    """A network of another side, on the evaluation's photos."""

    def resize(values: FloatArray) -> FloatArray:
        side = values.shape[-1] * contract.side // EVALUATION_SIZE
        return F.interpolate(torch.from_numpy(values), size=side, mode="bilinear", antialias=True).numpy()

    if contract.side == EVALUATION_SIZE:
        return run
    return lambda inputs: run({name: resize(values) for name, values in inputs.items()})


def _strengthened(run: Run, strength: float) -> Run:
    return lambda inputs: {name: values * np.float32(strength) for name, values in run(inputs).items()}


def _run_once(run: Run, contract: Contract) -> Callable[[], object]:
    inputs: Tensors = {spec.name: np.zeros(contract.shape(spec), np.float32) for spec in contract.inputs}
    return lambda: run(inputs)


def _markdown(qualities: dict[str, dict[str, float]], costs: dict[str, Costs], named: dict[str, Path]) -> str:
    fastest = costs[INT8].seconds
    head = ["", "parameters M", "multiply-adds G", "MB", "latency", "PSNR dB", "SSIM", "CIEDE2000", "colourfulness"]
    shown = ("psnr", "ssim", "ciede2000", "colourfulness")

    def row(name: str) -> list[str]:
        quality, cost = [f"{qualities[name][metric]:.3f}" for metric in shown], costs.get(name)
        if cost is None:
            return [name, "0", "0", "0", "0", *quality]
        return [
            name,
            f"{cost.parameters / 1e6:.2f}",
            f"{cost.multiply_adds / 1e9:.2f}",
            f"{cost.bytes / 1e6:.1f}",
            f"{cost.seconds / fastest:.2f}",
            *quality,
        ]

    strengths = sorted({*STRENGTHS, 1.0})
    curve = [
        [f"{strength:.1f}", *(f"{_of_strength(qualities, strength)[key]:.2f}" for key in ("psnr", "colourfulness"))]
        for strength in strengths
    ]
    return (
        "\n\n".join(
            [
                "# What quality costs",
                f"Made by `python -m benchmarks.trade_off`. Photos at {EVALUATION_SIZE}×{EVALUATION_SIZE}, by the "
                "protocol of `training/metrics.py`; each metric per photo, then the mean. Latency in ONNX Runtime at "
                "one thread, as a multiple of the bundled int8 network's.",
                markdown_table([head, *(row(name) for name in (GREY, INT8, *named, *map(at_side, SIDES)))]),
                "![Quality against latency](trade-off.svg)",
                "## Strength\n\nThe int8 network's chroma, multiplied: the SDK's `strength`.",
                markdown_table([["strength", "PSNR dB", "colourfulness"], *curve]),
            ]
        )
        + "\n"
    )


def _of_strength(qualities: dict[str, dict[str, float]], strength: float) -> dict[str, float]:
    return qualities[INT8 if strength == 1 else at_strength(strength)]


def _plot(qualities: dict[str, dict[str, float]], costs: dict[str, Costs], named: dict[str, Path]) -> Figure:
    figure = Figure(figsize=(9, 3.8), layout="constrained")
    latency, vividness = figure.subplots(1, 2)

    def milliseconds(name: str) -> float:
        return costs[name].seconds * 1000 if name in costs else 0

    sides = [at_side(side) for side in SIDES]
    latency.plot([milliseconds(n) for n in sides], [qualities[n]["psnr"] for n in sides], "o-", color="#7d8790")
    for pixels, name in zip(SIDES, sides, strict=True):
        latency.annotate(f"{pixels} px", (milliseconds(name), qualities[name]["psnr"]), (0, 6), **_LABEL, ha="center")
    for name in (GREY, INT8, *(name for name in named if name != FP32)):
        latency.plot([milliseconds(name)], [qualities[name]["psnr"]], "o", color="#b2562b")
        side = "right" if name == INT8 else "left"  # most others lie to its right
        latency.annotate(name, (milliseconds(name), qualities[name]["psnr"]), (0, -12), **_LABEL, ha=side)
    latency.set(xlabel="milliseconds a photo, one thread", ylabel="PSNR, dB", title="Quality against latency")
    latency.legend([f"{FP32}, by its input's side"], loc="lower right", frameon=False)
    latency.margins(x=0.3, y=0.15)
    latency.set_xlim(left=-2)

    strengths = sorted({0.0, *STRENGTHS, 1.0})
    curve = [qualities[GREY] if strength == 0 else _of_strength(qualities, strength) for strength in strengths]
    xs, ys = [point["colourfulness"] for point in curve], [point["psnr"] for point in curve]
    vividness.plot(xs, ys, "o-", color="#b2562b")
    for strength, x, y in zip(strengths, xs, ys, strict=True):
        vividness.annotate(f"{strength:g}", (x, y), (6, 5), **_LABEL)
    truth = qualities["ground truth"]["colourfulness"]
    vividness.axvline(truth, color="#7d8790", linestyle=":")
    vividness.annotate("true photos", (truth, min(ys)), (-4, 2), **_LABEL, ha="right")
    vividness.set(xlabel="colourfulness", title="Quality against vividness, by strength")
    vividness.margins(y=0.1)
    return figure


_LABEL = {"textcoords": "offset points", "fontsize": 8}


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="python -m benchmarks.trade_off", description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--photos", type=Path, required=True, help="folder of colour photos, or tar shards")
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
