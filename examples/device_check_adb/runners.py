"""The benchmark programs of three runtimes: how each is started, and what it prints."""

import re
from collections.abc import Callable
from dataclasses import dataclass
from statistics import mean, median, quantiles

# ExecuTorch's runner logs one line a run; older ones only the sum.
ITERATION = re.compile(r"Iteration (\d+) of \d+: ([\d.]+) ms")
TOTAL = re.compile(r"Model executed successfully (\d+) time\(s\) in ([\d.]+) ms")
VERDICT = re.compile(r"Test_result: (PASS|FAIL)")
# ONNX Runtime's prints seconds, "P95 Latency: 0.1 s" or "P95 Latency is 0.1 sec".
AVERAGE = re.compile(r"Average inference time cost(?: total)?: *([\d.e+-]+) *ms")
PERCENTILE = re.compile(r"P(50|95) Latency(?::| is) *([\d.e+-]+) *s")
# LiteRT's prints microseconds, first of its warm-up: "count=30 first=9 … avg=8.5 std=1 p5=8 median=8 p95=9".
TIMINGS = re.compile(r"count=\d+ .*avg=.*")
TIMING = re.compile(r"(avg|median|p95)=([\d.e+-]+)")
PEAK = re.compile(r"Peak working set size: *(\d+) bytes")

Figures = dict[str, float | str | None]


def read_executorch(log: str) -> Figures | None:
    """Figures from executor_runner's log; None where it has none. The first run, which warms up, does not count."""
    runs = [float(milliseconds) for number, milliseconds in ITERATION.findall(log) if int(number) > 1]
    total = TOTAL.search(log)
    verdict = VERDICT.search(log)
    figures: Figures = {"answers": verdict.group(1) if verdict else None}
    if runs:
        return {"mean_ms": mean(runs), "median_ms": median(runs), "p95_ms": _percentile_95(runs), **figures}
    if total:
        return {"mean_ms": float(total.group(2)) / int(total.group(1)), "median_ms": None, "p95_ms": None, **figures}
    return None


def read_onnxruntime(log: str) -> Figures | None:
    """Figures from onnxruntime_perf_test's log; None where it has none."""
    average, peak = AVERAGE.search(log), PEAK.search(log)
    milliseconds = {name: float(seconds) * 1000 for name, seconds in PERCENTILE.findall(log)}
    if not average or milliseconds.keys() != {"50", "95"}:
        return None
    return {
        "mean_ms": float(average.group(1)),
        "median_ms": milliseconds["50"],
        "p95_ms": milliseconds["95"],
        "peak_mb": int(peak.group(1)) / 1e6 if peak else None,
    }


def read_litert(log: str) -> Figures | None:
    """Figures from benchmark_model's log, after its warm-up; None where it has none."""
    runs = TIMINGS.findall(log)
    if not runs:
        return None
    timings = {name: float(microseconds) / 1000 for name, microseconds in TIMING.findall(runs[-1])}
    return {"mean_ms": timings["avg"], "median_ms": timings.get("median"), "p95_ms": timings.get("p95")}


@dataclass(frozen=True)
class Runner:
    """A runtime's own benchmark program.

    Attributes:
        arguments: A file's name and a number of runs to the program's command line.
        read: Its log to figures; None where it has none.
    """

    arguments: Callable[[str, int], str]
    read: Callable[[str], Figures | None]


_EXECUTOR_RUNNER = Runner(lambda name, runs: f"--model_path={name} --num_executions={runs + 1}", read_executorch)
_ONNXRUNTIME_PERF_TEST = Runner(lambda name, runs: f"-e cpu -I -m times -r {runs} -s {name}", read_onnxruntime)
_BENCHMARK_MODEL = Runner(lambda name, runs: f"--graph={name} --num_runs={runs} --min_secs=0", read_litert)
RUNNERS = {
    ".pte": _EXECUTOR_RUNNER,
    ".bpte": _EXECUTOR_RUNNER,
    ".onnx": _ONNXRUNTIME_PERF_TEST,
    ".tflite": _BENCHMARK_MODEL,
}


def _percentile_95(values: list[float]) -> float:
    return quantiles(values, n=20, method="inclusive")[-1] if len(values) > 1 else values[0]
