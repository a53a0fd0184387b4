"""Whether this tree is as fast as an older commit: `python -m benchmarks.against 8ad5744`.

Both colour the same photos in turns, each in processes of its own, on one thread: there processor time is what a quiet
clock would show, and a busy machine changes it little. Exit codes: 0 no slower, by benchmarks/budgets.toml; 1 slower,
and the lines say where; 2 git has no such commit.
"""

import argparse
import os
import resource
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Sequence
from pathlib import Path
from statistics import median
from typing import Self

from tqdm import tqdm

from converters import budgets

PROJECT = Path(__file__).parent.parent
BUDGETS = Path(__file__).parent / "budgets.toml"
_PHOTO = PROJECT / "examples" / "photos" / "astronaut.jpg"
_FIRST_PHOTO = "import sys\nfrom sdk import Colorizer\nColorizer.load('onnx', threads=1).colorize(sys.argv[1])"
_START = "first_photo"
_WAYS = ("network", "megapixel", "twelve_megapixels", "twelve_megapixel_jpeg", _START)
_COLOURING = """
import sys
from pathlib import Path
from tempfile import TemporaryDirectory
from time import process_time
import numpy as np
from PIL import Image
from sdk import Colorizer

colorizer = Colorizer.load("onnx", threads=1)
small, large = (np.random.default_rng(0).integers(0, 256, shape, np.uint8) for shape in ((1000, 1000), (3000, 4000)))
folder = TemporaryDirectory()
photo, coloured = (Path(folder.name) / name for name in ("photo.jpg", "coloured.jpg"))
Image.open(sys.argv[1]).resize((4000, 3000)).save(photo, quality=90)
ways = {
    "network": lambda: [colorizer.warmup() for _ in range(10)],
    "megapixel": lambda: colorizer.colorize(small),
    "twelve_megapixels": lambda: colorizer.colorize(large),
    "twelve_megapixel_jpeg": lambda: colorizer.colorize_file(photo, coloured, overwrite=True),
}
for way in sys.stdin:
    start = process_time()
    ways[way.strip()]()
    print(process_time() - start, flush=True)
"""


class Tree:
    """A folder's code, in a process that measures what it is asked for.

    Args:
        folder: Where its packages lie.
        program: Reads names, a line each, and answers each with seconds of a processor.
        arguments: Of the program.
    """

    def __init__(self, folder: Path, program: str, *arguments: object) -> None:
        self._folder = folder
        self._command = [sys.executable, "-c", program, *map(str, arguments)]

    def __enter__(self) -> Self:
        # Python finds the packages of the folder it starts in before any other.
        self._process = subprocess.Popen(
            self._command,
            cwd=self._folder,
            env=_environment(),
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
        )
        return self

    def __exit__(self, *_: object) -> None:
        self._process.communicate()

    def measure(self, name: str) -> float:
        """What the program answers.

        Raises:
            RuntimeError: It ended instead.
        """
        assert self._process.stdin
        assert self._process.stdout
        print(name, file=self._process.stdin, flush=True)
        answer = self._process.stdout.readline()
        if not answer:
            raise RuntimeError(f"The code in {self._folder} failed; what it said stands above.")
        return float(answer)


def unpack(commit: str, folder: Path, *packages: str) -> None:
    """Lay packages of an older commit in a folder.

    Raises:
        subprocess.CalledProcessError: git has no such commit.
    """
    archive = folder / "packages.zip"
    command = ["git", "-C", PROJECT, "archive", "--output", archive, commit, *packages]
    subprocess.run(command, capture_output=True, text=True, check=True)
    shutil.unpack_archive(archive, folder)


def compare(old: Path, new: Path, *, rounds: int, ways: Sequence[str] = _WAYS) -> dict[str, tuple[float, float]]:
    """Seconds of a processor for each way of colouring: medians of the old SDK and of the new one."""
    with Tree(old, _COLOURING, _PHOTO) as before, Tree(new, _COLOURING, _PHOTO) as now:
        trees = ((before, old), (now, new))
        turns = [
            [{way: _start(folder) if way == _START else tree.measure(way) for way in ways} for tree, folder in trees]
            for _ in tqdm(range(rounds + 1), desc="rounds", unit="round")
        ]
    del turns[0]  # for caches and compiled files
    return {way: (median(then[way] for then, _ in turns), median(now[way] for _, now in turns)) for way in turns[0][0]}


def _start(folder: Path) -> float:
    before = resource.getrusage(resource.RUSAGE_CHILDREN)
    subprocess.run([sys.executable, "-c", _FIRST_PHOTO, _PHOTO], cwd=folder, env=_environment(), check=True)
    after = resource.getrusage(resource.RUSAGE_CHILDREN)
    return after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime


def _environment() -> dict[str, str]:
    # Installed packages are compiled, whatever this process was told about writing bytecode.
    return {name: value for name, value in os.environ.items() if name != "PYTHONDONTWRITEBYTECODE"}


def main(arguments: list[str] | None = None) -> int:
    """Compare, and print a line for each way of colouring. Returns the exit code."""
    options = _parser().parse_args(arguments)
    with tempfile.TemporaryDirectory() as folder:
        try:
            unpack(options.commit, Path(folder), "sdk")
        except subprocess.CalledProcessError as error:
            print(f"against: {error.stderr.strip()}", file=sys.stderr)
            return 2
        seconds = compare(Path(folder), PROJECT, rounds=options.rounds, ways=options.way or _WAYS)
    for name, (old, new) in seconds.items():
        print(f"{name:20} {old * 1000:8.1f} ms of a processor then, {new * 1000:8.1f} ms now: {new / old:.2f} of it")
    ratios = {name: new / old for name, (old, new) in seconds.items()}
    complaints = budgets.check("against", ratios, "against", source=BUDGETS)
    print(*complaints, sep="\n", file=sys.stderr, end="\n" if complaints else "")
    return 1 if complaints else 0


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="python -m benchmarks.against", description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("commit", help="what to compare with: a hash, a tag or a branch")
    parser.add_argument("--way", action="append", choices=_WAYS, help="only this way; may be repeated (default all)")
    parser.add_argument("--rounds", type=int, default=15, help="turns each way takes (default 15)")
    return parser


if __name__ == "__main__":
    sys.exit(main())
