"""How fast an artifact runs on an Android device, and whether it answers there what it answers here.

    python examples/device_check_adb.py --runner executor_runner artifacts/student-int8.bpte --most-ms 30
    python examples/device_check_adb.py --runner onnxruntime_perf_test sdk/models/student-int8.onnx
    python examples/device_check_adb.py --runner benchmark_model artifacts/student-int8.tflite

Pushes the runtime's own benchmark program, which you build for the device, and the artifact through adb, runs it, and
prints and writes what it measured. A `.bpte` holds photos and the answers expected for them, which ExecuTorch's runner
checks; see examples/device_check_adb.md for how to build both programs. Exit code 1: a limit is not kept, or the
answers differ; 2: it could not be measured. `examples/device_check.py` checks machines that run Python.
"""

# Long: an example is one file that can be copied; it reads what three runtimes print.

import argparse
import json
import re
import shlex
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from statistics import mean, median, quantiles

FOLDER = "/data/local/tmp/edge-colorizer-check"  # where adb's user may write and run programs
LONGEST_S = 600
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


class CheckError(Exception):
    """It could not be measured; the message says why and what to do."""


class Device:
    """One Android device, through adb.

    Args:
        serial: Which one; None where only one is connected.

    Raises:
        CheckError: adb is not installed, or there is no device, or more than one.
    """

    def __init__(self, serial: str | None) -> None:
        found = shutil.which("adb")
        if not found:
            raise CheckError("adb is not on PATH; install Android's platform-tools.")
        self._command = [found]
        states = dict(line.split("\t")[:2] for line in self.adb("devices").splitlines() if "\t" in line)
        if not states:
            raise CheckError("adb sees no device; connect one with USB debugging switched on, or start an emulator.")
        if serial is None and len(states) > 1:
            raise CheckError(f"adb sees {len(states)} devices; name one with --serial: {', '.join(states)}.")
        self.serial = serial or next(iter(states))
        if states.get(self.serial) != "device":
            state = states.get(self.serial, "not connected")
            raise CheckError(f"{self.serial} is {state}; look at its screen, and at `adb devices`.")
        self._command = [found, "-s", self.serial]

    def adb(self, *arguments: str | Path) -> str:
        """Run adb, and give back what it printed.

        Raises:
            CheckError: It failed, or took longer than ten minutes.
        """
        code, said = self.try_adb(*arguments)
        if code:
            raise CheckError(f"adb {' '.join(map(str, arguments))} failed: {said.strip() or f'exit code {code}'}")
        return said

    def try_adb(self, *arguments: str | Path) -> tuple[int, str]:
        """Run adb: its exit code, which for `adb shell` is the program's, and what it printed."""
        command = [*self._command, *map(str, arguments)]
        try:
            done = subprocess.run(
                command, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, timeout=LONGEST_S, check=False
            )
        except subprocess.TimeoutExpired as error:
            raise CheckError(f"adb {arguments[0]} took longer than {LONGEST_S} s; is the device asleep?") from error
        return done.returncode, done.stdout

    def describe(self) -> dict[str, str]:
        """What the device says it is."""
        properties = {
            "model": "ro.product.model",
            "android": "ro.build.version.release",
            "processor": "ro.product.cpu.abi",
        }
        answers = {name: self.adb("shell", "getprop", key).strip() for name, key in properties.items()}
        return {"serial": self.serial, **answers}


def check(device: Device, runner: Path, artifact: Path, pushed: list[Path], runs: int) -> Figures:
    """Push, run, pull the log, and leave nothing on the device.

    Raises:
        CheckError: A step failed, or the log has no latencies.
    """
    how = RUNNERS[artifact.suffix]
    program = shlex.quote(f"{FOLDER}/{runner.name}")
    arguments = how.arguments(shlex.quote(artifact.name), runs)
    command = f"cd {FOLDER} && LD_LIBRARY_PATH={FOLDER} {program} {arguments} > log.txt 2>&1"
    try:
        device.adb("shell", "mkdir", "-p", FOLDER)
        for file in (runner, artifact, *pushed):
            device.adb("push", file, f"{FOLDER}/{file.name}")
        device.adb("shell", "chmod", "755", program)
        code, _ = device.try_adb("shell", command)
        with tempfile.TemporaryDirectory() as folder:
            device.adb("pull", f"{FOLDER}/log.txt", Path(folder) / "log.txt")
            log = (Path(folder) / "log.txt").read_text(encoding="utf-8", errors="replace")
    finally:
        device.try_adb("shell", "rm", "-rf", FOLDER)
    figures = how.read(log)
    if figures is None or (code and figures.get("answers") != "FAIL"):
        last = next((line for line in reversed(log.splitlines()) if line.strip()), "nothing")
        raise CheckError(
            f"{runner.name} measured nothing (exit code {code}); the last it said: {last!r}. "
            "See examples/device_check_adb.md for how it must be built."
        )
    return {"artifact": artifact.name, **figures}


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


def beyond(figures: Figures, most_ms: float | None) -> list[str]:
    """A line for each thing that is not as it must be."""
    lines = []
    if figures.get("answers") == "FAIL":
        lines.append(f"{figures['artifact']}: the device answers otherwise than the machine that exported it")
    # A runner that only sums up has no 95th percentile.
    name = "mean_ms" if figures["p95_ms"] is None else "p95_ms"
    slowest = figures[name]
    if most_ms is not None and isinstance(slowest, float) and slowest > most_ms:
        lines.append(f"{figures['artifact']}: {name} is {slowest:.2f}, must be at most {most_ms:g}")
    return lines


def main(arguments: list[str] | None = None) -> int:
    """Check, print, write. Returns the exit code."""
    options = _parser().parse_args(arguments)
    try:
        for file in (options.runner, options.artifact, *options.push):
            if not file.is_file():
                raise CheckError(f"{file} is not a file.")
        if options.artifact.suffix not in RUNNERS:
            raise CheckError(f"{options.artifact} has none of the suffixes {', '.join(RUNNERS)}.")
        device = Device(options.serial)
        described = device.describe()
        figures = check(device, options.runner, options.artifact, options.push, options.runs)
    except CheckError as error:
        print(f"device_check_adb: {error}", file=sys.stderr)
        return 2
    failures = beyond(figures, options.most_ms)
    print(", ".join(described.values()))
    for name, value in figures.items():
        print(
            f"{name:>12}  {'not measured' if value is None else f'{value:.2f}' if isinstance(value, float) else value}"
        )
    for line in failures:
        print(line, file=sys.stderr)
    if options.json:
        options.json.write_text(json.dumps({**described, **figures, "failures": failures}, indent=2) + "\n")
    return 1 if failures else 0


def _percentile_95(values: list[float]) -> float:
    return quantiles(values, n=20, method="inclusive")[-1] if len(values) > 1 else values[0]


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument(
        "artifact",
        type=Path,
        help=".pte or .bpte for executor_runner, .onnx for onnxruntime_perf_test, .tflite for benchmark_model",
    )
    parser.add_argument("--runner", type=Path, required=True, help="the benchmark program, built for the device")
    parser.add_argument(
        "--push", type=Path, action="append", default=[], help="a library the program needs; repeatable"
    )
    parser.add_argument("-s", "--serial", help="which device, of several; `adb devices` lists them")
    parser.add_argument("--runs", type=int, default=30, help="runs to time (default 30)")
    parser.add_argument("--json", type=Path, help="also write the figures to this file")
    parser.add_argument("--most-ms", type=float, help="95 %% of the runs may take no longer")
    return parser


if __name__ == "__main__":
    sys.exit(main())
