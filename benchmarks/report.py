"""What was measured, for people (Markdown and plots) and for machines (JSON)."""

import json
import os
import platform
from collections.abc import Mapping
from dataclasses import asdict, dataclass
from importlib.metadata import version
from pathlib import Path

import matplotlib as mpl
from matplotlib.figure import Figure

from benchmarks.networks import INT8, NetworkFigures
from benchmarks.roofline import Layer, Peaks
from benchmarks.timing import Duration, ProcessCost
from training.evaluate import markdown_table

_FARTHEST = 8
_OURS, _OTHERS = "#b2562b", "#7d8790"


@dataclass(frozen=True)
class Measurements:
    """Everything one run measured."""

    networks: list[NetworkFigures]
    photo: Mapping[str, Duration]
    start: Mapping[str, ProcessCost]
    folder: Mapping[str, float]
    peaks: Peaks
    layers: Mapping[str, list[Layer]]
    ratios: Mapping[str, float]


def write(measured: Measurements, complaints: list[str], folder: Path) -> str:
    """Write `benchmarks.json`, `benchmarks.md` and two plots into a folder. Returns the Markdown."""
    folder.mkdir(parents=True, exist_ok=True)
    content = {"machine": machine(), "complaints": complaints, **asdict(measured)}
    (folder / "benchmarks.json").write_text(json.dumps(content, indent=2) + "\n")
    text = _markdown(measured, complaints)
    (folder / "benchmarks.md").write_text(text)
    with mpl.rc_context({"svg.hashsalt": "edge-colorizer"}):
        _plot_latency(measured.networks).savefig(folder / "latency.svg", metadata={"Date": None})
        _plot_roofline(measured.peaks, measured.layers["int8"]).savefig(
            folder / "roofline.svg", metadata={"Date": None}
        )
    return text


def machine() -> dict[str, str]:
    """What ran this: figures of two machines do not compare."""
    model = ""
    if Path("/proc/cpuinfo").exists():
        lines = Path("/proc/cpuinfo").read_text().splitlines()
        model = next((line.split(": ")[1] for line in lines if line.startswith("model name")), "")
    packages = {name: version(name) for name in ("onnxruntime", "numpy", "pillow", "torch")}
    return {
        "processor": model or platform.processor(),
        "cores": str(os.cpu_count()),
        "system": platform.platform(),
        "python": platform.python_version(),
        **packages,
    }


def _markdown(measured: Measurements, complaints: list[str]) -> str:
    sections = [
        "# Benchmarks",
        "Made by `python -m benchmarks`. " + ", ".join(f"{name}: {value}" for name, value in machine().items()),
        "All ratios are within their budgets."
        if not complaints
        else "Out of bounds:\n\n" + "\n".join(f"- {line}" for line in complaints),
        "## Networks\n\n256×256, one photo, medians of turns; CPU time and times ours are on one thread. "
        "Published networks have random weights.",
        _networks(measured.networks),
        "![Latency](latency.svg)",
        "## A 12-megapixel JPEG\n\n"
        + ", ".join(
            f"{name} {turn.seconds * 1000:.0f} ms ({turn.cpu_seconds * 1000:.0f} of CPU time)"
            for name, turn in measured.photo.items()
        ),
        "## Start",
        _start(measured.start),
        "## A folder of one-megapixel JPEGs\n\n"
        + ", ".join(f"--workers {name}: {rate:.1f} photos/s" for name, rate in measured.folder.items()),
        _roofline(measured),
        _layers(measured.layers["int8"]),
        "![Roofline](roofline.svg)",
        "## Ratios",
        markdown_table([["ratio", "value"], *([name, f"{value:.3g}"] for name, value in measured.ratios.items())]),
    ]
    return "\n\n".join(sections) + "\n"


def _networks(networks: list[NetworkFigures]) -> str:
    ours = next(row for row in networks if row.name == INT8)
    columns = ["network", "parameters M", "multiply-adds G", "MB", "ms, 1 thread", "ms, 2 threads", "CPU ms"]
    rows = [
        [
            row.name,
            f"{row.parameters / 1e6:.2f}",
            f"{row.multiply_adds / 1e9:.2f}",
            f"{row.bytes / 1e6:.1f}",
            *(f"{turn.seconds * 1000:.1f}" for turn in row.latency.values()),
            f"{row.latency[1].cpu_seconds * 1000:.1f}",
            f"{row.latency[1].seconds / ours.latency[1].seconds:.2f}",
            f"{row.cost.peak_mb:.0f}" if row.cost else "",
        ]
        for row in networks
    ]
    return markdown_table([[*columns, "times ours", "peak MB"], *rows])


def _start(start: Mapping[str, ProcessCost]) -> str:
    rows = [
        [name, f"{cost.cpu_seconds:.2f}", f"{cost.seconds:.2f}", f"{cost.peak_mb:.0f}"] for name, cost in start.items()
    ]
    return markdown_table([["a process that does", "CPU s", "s", "peak MB"], *rows])


def _roofline(measured: Measurements) -> str:
    peaks = ", ".join(
        f"{name} {peak / 1e9:.1f} G multiply-adds/s" for name, peak in measured.peaks.multiply_adds.items()
    )
    reached = ", ".join(
        f"{name} reaches {sum(la.attainable * la.seconds for la in layers) / sum(la.seconds for la in layers):.0%}"
        for name, layers in measured.layers.items()
    )
    return (
        f"## Roofline\n\nOne thread: {peaks}, {measured.peaks.bandwidth / 1e9:.1f} GB/s. Of what is attainable, "
        f"{reached}. The {_FARTHEST} layers that lose most time:"
    )


def _layers(layers: list[Layer]) -> str:
    rows = [
        [
            layer.name,
            f"{layer.seconds * 1e6:.0f}",
            f"{layer.multiply_adds / 1e6:.1f}",
            f"{layer.bytes / 1e3:.0f}",
            f"{layer.attainable:.2f}",
        ]
        for layer in _farthest(layers)
    ]
    return markdown_table([["layer of int8", "µs", "multiply-adds M", "kB", "share of the attainable"], *rows])


def _farthest(layers: list[Layer]) -> list[Layer]:
    return sorted(layers, key=lambda layer: -layer.seconds * (1 - min(1.0, layer.attainable)))[:_FARTHEST]


def _plot_latency(networks: list[NetworkFigures]) -> Figure:
    figure = Figure(figsize=(8, 3.6), layout="constrained")
    axes = figure.subplots()
    rows = sorted(networks, key=lambda row: -row.latency[1].seconds)
    bars = axes.barh(
        [row.name for row in rows],
        [row.latency[1].seconds * 1000 for row in rows],
        color=[_OURS if row.name.startswith("ours") else _OTHERS for row in rows],
    )
    axes.bar_label(
        bars, [f"{row.latency[1].seconds * 1000:.0f} ms, {row.bytes / 1e6:.1f} MB" for row in rows], padding=4
    )
    axes.set_xscale("log")
    axes.set_xlabel("milliseconds a photo, one thread")
    axes.margins(x=0.35)
    axes.spines[["top", "right"]].set_visible(False)
    return figure


def _plot_roofline(peaks: Peaks, layers: list[Layer]) -> Figure:
    figure = Figure(figsize=(8, 4.2), layout="constrained")
    axes = figure.subplots()
    convolutions = [layer for layer in layers if layer.multiply_adds]
    intensity = [layer.multiply_adds / layer.bytes for layer in convolutions]
    axes.scatter(
        intensity,
        [layer.multiply_adds / layer.seconds / 1e9 for layer in convolutions],
        [2e5 * layer.seconds for layer in convolutions],
        color=_OURS,
        alpha=0.6,
        label="a convolution; its area is its time",
    )
    ends = [min(intensity) / 2, max(intensity) * 2]
    corner = peaks.multiply_adds["int8"] / peaks.bandwidth
    roof = [min(peaks.multiply_adds["int8"], x * peaks.bandwidth) / 1e9 for x in (ends[0], corner, ends[1])]
    axes.plot([ends[0], corner, ends[1]], roof, color="black", label="attainable on one thread")
    axes.set_xscale("log")
    axes.set_yscale("log")
    axes.set_xlabel("multiply-adds for each byte moved")
    axes.set_ylabel("G multiply-adds a second")
    axes.legend(frameon=False)
    axes.spines[["top", "right"]].set_visible(False)
    return figure
