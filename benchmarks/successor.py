"""What a new model costs beside its predecessor: `python -m benchmarks.successor OLDER NEWER`, two exports' folders.

Their int8 networks take turns, in ONNX Runtime and in ExecuTorch, on one thread, without hints and with ten.
"""

import argparse
import json
import sys
from collections.abc import Callable
from functools import partial
from pathlib import Path

import numpy as np

from benchmarks.timing import interleave
from sdk import ModelIntegrityError
from sdk.backends import open_backend
from sdk.hints import Hint, place_hints
from sdk.manifest import Manifest, load_manifest

BACKENDS = ("onnx", "executorch")


def main(arguments: list[str] | None = None) -> int:
    """Measure, print and write. Returns the exit code: 2 where an artifact is missing."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks.successor", description=__doc__)
    parser.add_argument("older", type=Path, help="folder with a manifest.json")
    parser.add_argument("newer", type=Path, help="likewise")
    parser.add_argument("--rounds", type=int, default=600, help="turns each network takes (default 600)")
    parser.add_argument("--out", type=Path, default=Path("runs/successor.json"), help="the JSON file to write")
    options = parser.parse_args(arguments)
    try:
        older, newer = load_manifest(options.older), load_manifest(options.newer)
        figures = {backend: compare(backend, older, newer, rounds=options.rounds) for backend in BACKENDS}
    except ModelIntegrityError as error:
        print(f"benchmarks.successor: {error}", file=sys.stderr)
        return 2
    options.out.parent.mkdir(parents=True, exist_ok=True)
    options.out.write_text(json.dumps(figures, indent=2) + "\n")
    print(json.dumps(figures, indent=2))
    return 0


def compare(backend: str, older: Manifest, newer: Manifest, *, rounds: int) -> dict[str, float]:
    """Processor seconds of the newer network over the older one's, without hints and with ten."""
    hints = [Hint(x=f"{10 * at}%", y=f"{90 - 10 * at}%", color="teal") for at in range(10)]
    ways = {
        "older": _way(backend, older, []),
        "without hints": _way(backend, newer, []),
        "with hints": _way(backend, newer, hints),
    }
    taken = interleave(ways, rounds=rounds)
    return {name: round(taken[name].cpu_seconds / taken["older"].cpu_seconds, 3) for name in ways}


def _way(backend: str, manifest: Manifest, hints: list[Hint]) -> Callable[[], object]:
    contract = manifest.tensors
    artifact = manifest.verify(manifest.find_artifact(backend, "int8"))
    run = open_backend(backend, artifact, contract, threads=1).run
    grey = np.random.default_rng(0).integers(0, 256, (contract.side, contract.side, 1), np.uint8).repeat(3, axis=-1)
    told = place_hints(hints, contract, height=contract.side, width=contract.side) if hints else None
    return partial(run, contract.encode(grey, hints=told))


if __name__ == "__main__":
    sys.exit(main())
