"""`colorize bench`: how fast this machine is."""

import argparse
import json
from collections.abc import Callable
from statistics import median
from time import perf_counter
from typing import Final

import numpy as np

from sdk.commands.common import CommandParser, add_model_options, load

_SIZES: Final = {"1 MP": (1000, 1000), "12 MP": (3000, 4000)}
_RUNS: Final = 5


def parser() -> argparse.ArgumentParser:
    """The command's options."""
    own = CommandParser(prog="colorize bench", description="Time the model and the whole path.")
    add_model_options(own)
    own.add_argument("--json", action="store_true", help="as one JSON object")
    return own


def run(arguments: list[str]) -> int:
    """Time opening the model and colouring arrays of two sizes."""
    options = parser().parse_args(arguments)
    start = perf_counter()
    with load(options) as colorizer:
        colorizer.warmup()
        seconds = {"open and first run": perf_counter() - start, "network alone": _time(colorizer.warmup)}
        for name, shape in _SIZES.items():
            photo = np.random.default_rng(0).integers(0, 256, shape, np.uint8)
            seconds[name] = _time(lambda photo=photo: colorizer.colorize(photo))
        backend = colorizer.info().backend
    if options.json:
        print(json.dumps({"backend": backend, "seconds": seconds}))
        return 0
    print(f"backend: {backend}; median of {_RUNS} runs, without decoding and encoding files")
    for name, duration in seconds.items():
        print(f"{name:20} {duration * 1000:8.1f} ms")
    return 0


def _time(call: Callable[[], object]) -> float:
    durations: list[float] = []
    for _ in range(_RUNS):
        start = perf_counter()
        call()
        durations.append(perf_counter() - start)
    return median(durations)
