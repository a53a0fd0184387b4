"""Durations of several ways of doing something, measured so that a busy machine slows all alike."""

import os
import resource
import subprocess
import sys
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from statistics import median
from time import perf_counter, process_time

from tqdm import tqdm


@dataclass(frozen=True)
class Duration:
    """How long something took.

    Attributes:
        seconds: On the clock.
        cpu_seconds: Of all this process's threads: what a battery pays for.
    """

    seconds: float
    cpu_seconds: float


def interleave(ways: Mapping[str, Callable[[], object]], *, rounds: int) -> dict[str, Duration]:
    """Medians of each way; they take turns, and a first turn for caches and tables does not count."""
    turns: dict[str, list[tuple[float, float]]] = {name: [] for name in ways}
    for turn in tqdm(range(rounds + 1), desc="rounds", unit="round"):
        for name, way in ways.items():
            start, cpu_start = perf_counter(), process_time()
            way()
            if turn:
                turns[name].append((perf_counter() - start, process_time() - cpu_start))
    return {name: Duration(*map(median, zip(*taken, strict=True))) for name, taken in turns.items()}


@dataclass(frozen=True)
class ProcessCost:
    """What a process of its own cost.

    Attributes:
        seconds: On the clock.
        cpu_seconds: Of all its threads and children.
        peak_mb: Largest resident memory, in 10⁶ bytes.
    """

    seconds: float
    cpu_seconds: float
    peak_mb: float


# Linux hands a parent's peak down to its children, and forgets it when asked to.
_MEASURED = """
open("/proc/self/clear_refs", "w").write("5")
{program}
print(next(line for line in open("/proc/self/status") if line.startswith("VmHWM")).split()[1])
"""


def cost_of(program: str, *arguments: str, runs: int = 3) -> ProcessCost:
    """Run a Python program a few times, on Linux; the median of each cost.

    Raises:
        subprocess.CalledProcessError: It failed.
    """
    measured = _MEASURED.format(program=program)
    costs: list[tuple[float, float, float]] = []
    # Installed packages are compiled, whatever this process was told about writing bytecode.
    environment = {name: value for name, value in os.environ.items() if name != "PYTHONDONTWRITEBYTECODE"}
    for run in range(runs + 1):
        before, start = resource.getrusage(resource.RUSAGE_CHILDREN), perf_counter()
        command = [sys.executable, "-c", measured, *arguments]
        answer = subprocess.run(command, capture_output=True, text=True, check=True, env=environment).stdout
        after = resource.getrusage(resource.RUSAGE_CHILDREN)
        used = after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime
        if run:  # the first may compile
            costs.append((perf_counter() - start, used, int(answer.split()[-1]) * 1024 / 1e6))
    return ProcessCost(*(median(values) for values in zip(*costs, strict=True)))
