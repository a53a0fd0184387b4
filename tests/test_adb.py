"""The check of Android devices, against an `adb` that is a script: no device was there when this was written."""

import json
import sys
from pathlib import Path
from typing import Any

import pytest

from examples.device_check_adb import __main__ as device_check_adb
from examples.device_check_adb.runners import read_executorch, read_onnxruntime

# Answers as adb does: `devices`, `push` and `pull` into a folder that is the device, `shell` for what the check asks.
FAKE_ADB = """#!{python}
import json, pathlib, shutil, sys
here = pathlib.Path(__file__).parent
plan = json.loads((here / "plan.json").read_text())
arguments = sys.argv[1:]
with (here / "calls.jsonl").open("a") as calls:
    calls.write(json.dumps(arguments) + "\\n")
if arguments == ["devices"]:
    print("* daemon not running; starting now at tcp:5037")
    print("List of devices attached")
    print("".join(f"{{serial}}\\t{{state}}\\n" for serial, state in plan["devices"].items()))
    sys.exit()
serial, verb, *rest = arguments[1:]
device = here / serial
device.mkdir(exist_ok=True)
if verb == "push":
    if plan["push_fails"]:
        sys.exit("adb: error: failed to copy: remote No space left on device")
    shutil.copy(rest[0], device / pathlib.PurePosixPath(rest[1]).name)
elif verb == "pull":
    shutil.copy(device / pathlib.PurePosixPath(rest[0]).name, rest[1])
elif rest[0] == "getprop":
    print("Pretend 8" if rest[1] == "ro.product.model" else "unknown")
elif "log.txt" in rest[0]:
    (device / "log.txt").write_text(plan["log"])
    sys.exit(plan["exit_code"])
"""

# As ExecuTorch's executor_runner.cpp, and its posix.cpp for the start of each line, print it.
EXECUTORCH_LOG = """\
I 00:00:00.001037 executorch:executor_runner.cpp:415] Model file student-int8.bpte is loaded.
I 00:00:00.014202 executorch:executor_runner.cpp:530] Model loaded in 13.160000 ms.
I 00:00:00.090010 executorch:executor_runner.cpp:690] Iteration 1 of 4: 75.500000 ms
I 00:00:00.112010 executorch:executor_runner.cpp:690] Iteration 2 of 4: 21.000000 ms
I 00:00:00.132510 executorch:executor_runner.cpp:690] Iteration 3 of 4: 20.000000 ms
I 00:00:00.154510 executorch:executor_runner.cpp:690] Iteration 4 of 4: 22.000000 ms
I 00:00:00.154600 executorch:executor_runner.cpp:700] Model executed successfully 4 time(s) in 138.500000 ms.
"""
PASSED = "I 00:00:00.160000 executorch:executor_runner.cpp:800] TEST: BundleIO index[0] Test_result: PASS\n"
FAILED = "E 00:00:00.160000 executorch:executor_runner.cpp:809] TEST: BundleIO index[0] Test_result: FAIL\n"
# As onnxruntime_perf_test of ONNX Runtime 1.23 prints it.
ONNXRUNTIME_LOG = """\
Session creation time cost: 0.0417 s
First inference time cost: 61 ms
Total inference time cost: 1.2 s
Total inference requests: 30
Average inference time cost total: 40.000000 ms
Total inference run time: 1.21 s
Number of inferences per second: 24.8
Avg CPU usage: 11 %
Peak working set size: 71122432 bytes
Min Latency: 0.0358 s
Max Latency: 0.0555 s
P50 Latency: 0.0395 s
P90 Latency: 0.0491 s
P95 Latency: 5.15e-02 s
P99 Latency: 0.0555 s
P999 Latency: 0.0555 s
"""
# As LiteRT's benchmark_model prints it: the warm-up, then the runs.
LITERT_LOG = """\
INFO: STARTING!
INFO: count=2 first=90000 curr=41000 min=41000 max=90000 avg=65500 std=24500 p5=41000 median=41000 p95=90000
INFO: count=30 first=41000 curr=39000 min=38000 max=52000 avg=40000 std=900 p5=38500 median=39500 p95=51500
INFO: Inference timings in us: Init: 9000, First inference: 90000, Warmup (avg): 65500, Inference (avg): 40000
"""


class Bench:
    """A fake adb on PATH, and the files to check."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.plan: dict[str, Any] = {
            "devices": {"PRETEND1": "device"},
            "push_fails": False,
            "log": EXECUTORCH_LOG + PASSED,
            "exit_code": 0,
        }
        adb = folder / "adb"
        adb.write_text(FAKE_ADB.format(python=sys.executable))
        adb.chmod(0o755)
        for name in ("runner", "student-int8.bpte", "student-int8.onnx", "student-int8.tflite", "libonnxruntime.so"):
            (folder / name).write_text(name)

    def run(self, artifact: str, *options: str, **changes: Any) -> int:
        (self.folder / "plan.json").write_text(json.dumps(self.plan | changes))
        files = [str(self.folder / artifact), "--runner", str(self.folder / "runner")]
        return device_check_adb.main([*files, "--json", str(self.folder / "check.json"), *options])

    def report(self) -> dict[str, Any]:
        return json.loads((self.folder / "check.json").read_text())

    def calls(self) -> list[list[str]]:
        return [json.loads(line) for line in (self.folder / "calls.jsonl").read_text().splitlines()]


@pytest.fixture
def bench(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Bench:
    monkeypatch.setenv("PATH", str(tmp_path))
    return Bench(tmp_path)


def test_litert_is_timed_after_its_warm_up(bench: Bench) -> None:
    assert bench.run("student-int8.tflite", "--most-ms", "52", log=LITERT_LOG) == 0
    report = bench.report()
    assert [report[name] for name in ("mean_ms", "median_ms", "p95_ms")] == [40.0, 39.5, 51.5]
    assert bench.run("student-int8.tflite", "--most-ms", "50", log=LITERT_LOG) == 1
    assert bench.run("student-int8.tflite", log="Error: no such model") == 2


def test_executorch_is_pushed_run_and_cleared_away(bench: Bench, capsys: pytest.CaptureFixture[str]) -> None:
    assert bench.run("student-int8.bpte", "--runs", "3", "--most-ms", "25") == 0
    report = bench.report()
    assert (report["model"], report["answers"], report["failures"]) == ("Pretend 8", "PASS", [])
    assert (report["mean_ms"], report["median_ms"]) == (21, 21)  # the first run, of 75.5 ms, warms up
    assert report["p95_ms"] == pytest.approx(21.9)
    assert "p95_ms  21.90" in capsys.readouterr().out

    devices, *rest = bench.calls()
    assert devices == ["devices"]
    assert all(call[:2] == ["-s", "PRETEND1"] for call in rest)
    folder = device_check_adb.FOLDER
    steps = [call[2:] for call in rest if call[3] != "getprop"]
    run = (
        f"cd {folder} && LD_LIBRARY_PATH={folder} {folder}/runner --model_path=student-int8.bpte --num_executions=4"
        " > log.txt 2>&1"
    )
    pulled = steps.pop(-2)
    assert pulled[:2] == ["pull", f"{folder}/log.txt"]
    assert steps == [
        ["shell", "mkdir", "-p", folder],
        ["push", str(bench.folder / "runner"), f"{folder}/runner"],
        ["push", str(bench.folder / "student-int8.bpte"), f"{folder}/student-int8.bpte"],
        ["shell", "chmod", "755", f"{folder}/runner"],
        ["shell", run],
        ["shell", "rm", "-rf", folder],
    ]


def test_onnx_runtimes_figures_are_read(bench: Bench) -> None:
    library = str(bench.folder / "libonnxruntime.so")
    assert bench.run("student-int8.onnx", "--push", library, log=ONNXRUNTIME_LOG) == 0
    report = bench.report()
    assert (report["mean_ms"], report["median_ms"], report["p95_ms"]) == pytest.approx((40, 39.5, 51.5))
    assert report["peak_mb"] == pytest.approx(71.122432)
    assert ["push", library, f"{device_check_adb.FOLDER}/libonnxruntime.so"] in [call[2:] for call in bench.calls()]
    assert any("-e cpu -I -m times -r 30 -s student-int8.onnx" in call[-1] for call in bench.calls())


def test_older_wordings_are_read() -> None:
    older = ONNXRUNTIME_LOG.replace("cost total:", "cost:").replace("Latency:", "Latency is").replace(" s\n", "sec\n")
    assert read_onnxruntime(older) == read_onnxruntime(ONNXRUNTIME_LOG)
    sums = "".join(line for line in EXECUTORCH_LOG.splitlines(keepends=True) if "Iteration" not in line)
    figures = read_executorch(sums) or {}
    assert figures == {"mean_ms": 34.625, "median_ms": None, "p95_ms": None, "answers": None}
    assert device_check_adb.beyond({"artifact": "a", **figures}, 30) == ["a: mean_ms is 34.62, must be at most 30"]


@pytest.mark.parametrize(
    ("options", "changes", "said"),
    [
        (("--most-ms", "21.5"), {}, "p95_ms is 21.90, must be at most 21.5"),
        ((), {"log": EXECUTORCH_LOG + FAILED, "exit_code": 1}, "answers otherwise"),
    ],
)
def test_what_is_not_kept_ends_with_1(
    bench: Bench, capsys: pytest.CaptureFixture[str], options: tuple[str, ...], changes: dict[str, Any], said: str
) -> None:
    assert bench.run("student-int8.bpte", *options, **changes) == 1
    assert said in capsys.readouterr().err
    assert len(bench.report()["failures"]) == 1


TWO = {"PRETEND1": "device", "PRETEND2": "device"}


@pytest.mark.parametrize(
    ("options", "changes", "said"),
    [
        ((), {"devices": {}}, "sees no device"),
        ((), {"devices": TWO}, "sees 2 devices; name one with --serial: PRETEND1, PRETEND2"),
        (("-s", "OTHER"), {"devices": TWO}, "OTHER is not connected"),
        ((), {"devices": {"PRETEND1": "unauthorized"}}, "PRETEND1 is unauthorized; look at its screen"),
        ((), {"push_fails": True}, "No space left on device"),
        ((), {"log": "F executorch:cannot run", "exit_code": 134}, "exit code 134); the last it said: 'F executorch"),
        ((), {"log": "", "exit_code": 0}, "measured nothing"),
        (("--push", "missing.so"), {}, "missing.so is not a file"),
    ],
)
def test_what_cannot_be_measured_ends_with_2_and_one_sentence(
    bench: Bench, capsys: pytest.CaptureFixture[str], options: tuple[str, ...], changes: dict[str, Any], said: str
) -> None:
    assert bench.run("student-int8.bpte", *options, **changes) == 2
    error = capsys.readouterr().err
    assert said in error
    assert error.startswith("device_check_adb: ")
    assert error.count("\n") == 1
    assert not (bench.folder / "check.json").exists()


def test_one_of_two_devices_is_named(bench: Bench) -> None:
    assert bench.run("student-int8.bpte", "--serial", "PRETEND2", devices=TWO) == 0
    assert bench.report()["serial"] == "PRETEND2"


def test_without_adb(bench: Bench, capsys: pytest.CaptureFixture[str]) -> None:
    (bench.folder / "adb").unlink()
    assert bench.run("student-int8.bpte") == 2
    assert "adb is not on PATH" in capsys.readouterr().err
