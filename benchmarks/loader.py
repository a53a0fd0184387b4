"""How many photos a second a batch takes to make, beside an older commit: `python -m benchmarks.loader 8ad5744 PACKED`.

Both cut, mirror and age the same packed photos at 128 pixels, in turns, each in a process of its own, on one thread.
Seconds are a processor's, which a busy machine changes little. Exit codes: 0; 2 git has no such commit.
"""

import argparse
import json
import subprocess
import sys
import tempfile
from pathlib import Path
from statistics import median

from tqdm import tqdm

from benchmarks.against import PROJECT, Tree, unpack
from training.data.packed import PIXELS_FILE

SIZE, BATCH = 128, 32
BATCHES = 32
"""In a turn. A processor that has waited starts cold, which was still a quarter of the faster tree's time with 8."""
AGED_SHARES = (0.0, 0.15, 0.3)
"""Of the photos: none, as the bundled student's recipes have it, and as docs/training.md has it."""
_LOADING = """
import sys
from pathlib import Path
from time import process_time
import torch
from training.config import Recipe
from training.data import open_photos
try:
    from training.machine import keep_freed_memory
except ImportError:
    from training.memory import keep_freed_memory

keep_freed_memory()  # as in a training run
torch.set_num_threads(1)
photos = open_photos(Path(sys.argv[1]))
size, batch_size, batches = map(int, sys.argv[2:])
step = 0
for share in sys.stdin:
    recipe = Recipe(size=size, batch_size=batch_size, old_photos=float(share))
    start = process_time()
    for step in range(step, step + batches):
        photos.batch(step, recipe)
    print(process_time() - start, flush=True)
"""


def compare(old: Path, new: Path, packed: Path, *, rounds: int) -> dict[str, dict[str, float]]:
    """Photos a second of a processor for each share of aged photos: medians of the old code and of the new."""
    _keep_in_memory(packed / PIXELS_FILE)
    asked = (packed.resolve(), SIZE, BATCH, BATCHES)
    with Tree(old, _LOADING, *asked) as before, Tree(new, _LOADING, *asked) as now:
        turns = [
            {share: (before.measure(str(share)), now.measure(str(share))) for share in AGED_SHARES}
            for _ in tqdm(range(rounds + 1), desc="rounds", unit="round")
        ]
    del turns[0]  # for caches
    rates: dict[str, dict[str, float]] = {}
    for share in AGED_SHARES:
        then, today = (BATCH * BATCHES / median(turn[share][tree] for turn in turns) for tree in (0, 1))
        rates[f"aged {share:.0%}"] = {"then": round(then, 1), "now": round(today, 1), "times": round(today / then, 2)}
    return rates


def _keep_in_memory(path: Path) -> None:
    """Read a file, so that neither tree waits for a disk: whichever came first would read the photos for both."""
    with path.open("rb") as file:
        while file.read(1 << 24):
            pass


def main(arguments: list[str] | None = None) -> int:
    """Compare, print the rates and write them. Returns the exit code."""
    parser = argparse.ArgumentParser(
        prog="python -m benchmarks.loader", description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("commit", help="what to compare with: a hash, a tag or a branch")
    parser.add_argument("packed", type=Path, help="what `python -m training pack` wrote")
    parser.add_argument("--rounds", type=int, default=7, help="turns (default 7)")
    parser.add_argument("--json", type=Path, help="also write the rates here")
    options = parser.parse_args(arguments)
    with tempfile.TemporaryDirectory() as folder:
        try:
            unpack(options.commit, Path(folder), "sdk", "training")
        except subprocess.CalledProcessError as error:
            print(f"loader: {error.stderr.strip()}", file=sys.stderr)
            return 2
        rates = compare(Path(folder), PROJECT, options.packed, rounds=options.rounds)
    text = json.dumps({"against": options.commit, "photos a second of one processor": rates}, indent=2) + "\n"
    print(text, end="")
    if options.json:
        options.json.write_text(text)
    return 0


if __name__ == "__main__":
    sys.exit(main())
