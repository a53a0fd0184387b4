"""How fast an artifact runs on an Android device, and whether it answers there what it answers here.

    python -m examples.device_check_adb --runner executor_runner artifacts/student-int8.bpte --most-ms 30
    python -m examples.device_check_adb --runner onnxruntime_perf_test sdk/models/student-int8.onnx
    python -m examples.device_check_adb --runner benchmark_model artifacts/student-int8.tflite

Pushes the runtime's own benchmark program, which you build for the device, and the artifact through adb, runs it, and
prints and writes what it measured. A `.bpte` holds photos and the answers expected for them, which ExecuTorch's runner
checks; the README beside this says how to build the programs. Exit code 1: a limit is not kept, or the answers differ;
2: it could not be measured. `examples/device_check.py` checks machines that run Python.
"""

import argparse
import json
import shlex
import sys
import tempfile
from pathlib import Path

from examples.device_check_adb.device import CheckError, Device
from examples.device_check_adb.runners import RUNNERS, Figures

FOLDER = "/data/local/tmp/edge-colorizer-check"  # where adb's user may write and run programs


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
            "See examples/device_check_adb/README.md for how it must be built."
        )
    return {"artifact": artifact.name, **figures}


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


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="python -m examples.device_check_adb",
        description=__doc__,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
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
