"""Whether this tree is as fast as an older commit: `python -m benchmarks.against 8ad5744`.

Both colour the same photos on one thread, in turns, each in processes of its own, so that a busy machine slows both
alike. Exit codes: 0 no slower, by benchmarks/budgets.toml; 1 slower, and the lines say where; 2 git has no such commit.
"""

import argparse
import os
import shutil
import subprocess
import sys
import tempfile
from functools import partial
from pathlib import Path
from typing import Self

from benchmarks.timing import interleave
from converters import budgets

PROJECT = Path(__file__).parent.parent
BUDGETS = Path(__file__).parent / "budgets.toml"
_PHOTO = PROJECT / "examples" / "photos" / "astronaut.jpg"
_FIRST_PHOTO = "import sys\nfrom sdk import Colorizer\nColorizer.load('onnx', threads=1).colorize(sys.argv[1])"
_COLOURING = """
import sys
import numpy as np
from sdk import Colorizer

colorizer = Colorizer.load("onnx", threads=1)
small, large = (np.random.default_rng(0).integers(0, 256, shape, np.uint8) for shape in ((1000, 1000), (3000, 4000)))
ways = {
    "network": lambda: [colorizer.warmup() for _ in range(10)],
    "megapixel": lambda: colorizer.colorize(small),
    "twelve_megapixels": lambda: colorizer.colorize(large),
}
for way in sys.stdin:
    ways[way.strip()]()
    print("done", flush=True)
"""


class Tree:
    """The SDK of a folder, in a process that colours when it is asked to.

    Args:
        folder: Where `sdk` lies.
    """

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        # Installed packages are compiled, whatever this process was told about writing bytecode.
        self._environment = {name: value for name, value in os.environ.items() if name != "PYTHONDONTWRITEBYTECODE"}

    def __enter__(self) -> Self:
        self._process = subprocess.Popen(
            [sys.executable, "-c", _COLOURING],  # which finds the `sdk` of the folder it starts in before any other
            cwd=self._folder,
            env=self._environment,
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
        )
        return self

    def __exit__(self, *_: object) -> None:
        self._process.communicate()

    def colour(self, way: str) -> None:
        """Do one of the ways of `_COLOURING`."""
        assert self._process.stdin
        assert self._process.stdout
        print(way, file=self._process.stdin, flush=True)
        if self._process.stdout.readline() != "done\n":
            raise RuntimeError(f"The SDK in {self._folder} cannot colour; what it said stands above.")

    def first_photo(self) -> None:
        """Start Python, open the model, colour a photo."""
        command = [sys.executable, "-c", _FIRST_PHOTO, str(_PHOTO)]
        subprocess.run(command, cwd=self._folder, env=self._environment, check=True)


def compare(old: Path, new: Path, *, rounds: int) -> dict[str, tuple[float, float]]:
    """Seconds of each way of colouring: medians of the old SDK and of the new one."""
    with Tree(old) as before, Tree(new) as now:
        ways = {
            "network": [partial(tree.colour, "network") for tree in (before, now)],
            "megapixel": [partial(tree.colour, "megapixel") for tree in (before, now)],
            "twelve_megapixels": [partial(tree.colour, "twelve_megapixels") for tree in (before, now)],
            "first_photo": [before.first_photo, now.first_photo],
        }
        turns = interleave(
            {f"{name}{age}": way for name, pair in ways.items() for age, way in enumerate(pair)}, rounds=rounds
        )
    return {name: (turns[f"{name}0"].seconds, turns[f"{name}1"].seconds) for name in ways}


def main(arguments: list[str] | None = None) -> int:
    """Compare, and print a line for each way of colouring. Returns the exit code."""
    options = _parser().parse_args(arguments)
    with tempfile.TemporaryDirectory() as folder:
        archive = Path(folder) / "sdk.zip"
        command = ["git", "-C", PROJECT, "archive", "--output", archive, options.commit, "sdk"]
        done = subprocess.run(command, capture_output=True, text=True, check=False)
        if done.returncode:
            print(f"against: {done.stderr.strip()}", file=sys.stderr)
            return 2
        shutil.unpack_archive(archive, folder)
        seconds = compare(Path(folder), PROJECT, rounds=options.rounds)
    for name, (old, new) in seconds.items():
        print(f"{name:20} {old * 1000:8.1f} ms then, {new * 1000:8.1f} ms now: {new / old:.2f} of it")
    ratios = {name: new / old for name, (old, new) in seconds.items()}
    complaints = budgets.check("against", ratios, "against", source=BUDGETS)
    print(*complaints, sep="\n", file=sys.stderr, end="\n" if complaints else "")
    return 1 if complaints else 0


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="python -m benchmarks.against", description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("commit", help="what to compare with: a hash, a tag or a branch")
    parser.add_argument("--rounds", type=int, default=15, help="turns each way takes (default 15)")
    return parser


if __name__ == "__main__":
    sys.exit(main())
