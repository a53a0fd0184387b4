"""Whether twice the workers colour twice the photos: `python -m benchmarks.cluster PHOTOS`.

`python -m cluster` colours one folder with one worker, then with more, in turns, on this machine. Results are
dated when they are written, which tells starting Ray apart from colouring. Writes cluster.json and cluster.md.
"""

import argparse
import json
import subprocess
import sys
import tempfile
from dataclasses import asdict, dataclass
from pathlib import Path
from statistics import median
from time import time

from benchmarks.report import machine
from training.evaluate import markdown_table

PROGRAM = ("-m", "cluster")


@dataclass(frozen=True)
class Run:
    """One run of `python -m cluster`.

    Attributes:
        workers: Processors it was given.
        photos: How many it coloured.
        start: Seconds from the command to the first result: Ray, the workers, the model.
        colouring: Seconds from the first result to the last.
        end: Seconds from the last result to the command's end.
    """

    workers: int
    photos: int
    start: float
    colouring: float
    end: float

    @property
    def rate(self) -> float:
        """Photos per second between the first result and the last."""
        return (self.photos - 1) / self.colouring


def measure(photos: Path, workers: int) -> Run:
    """Colour a folder once.

    Raises:
        subprocess.CalledProcessError: It failed, and has said why.
    """
    with tempfile.TemporaryDirectory() as out:
        begun = time()
        command = [sys.executable, *PROGRAM, photos, out, "--workers", str(workers)]
        subprocess.run(command, check=True, stdout=subprocess.DEVNULL)
        ended = time()
        dates = sorted(path.stat().st_mtime for path in Path(out, "photos").rglob("*") if path.is_file())
    return Run(workers, len(dates), dates[0] - begun, dates[-1] - dates[0], ended - dates[-1])


def main(arguments: list[str] | None = None) -> int:
    """Measure, write and print the table. Returns the exit code: 2 where it failed."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks.cluster", description=__doc__)
    parser.add_argument("photos", type=Path, help="a folder; a thousand photos make the ends small")
    parser.add_argument("--workers", type=int, nargs="+", default=[1, 2], help="numbers to compare (default: 1 2)")
    parser.add_argument("--rounds", type=int, default=2, help="turns of each (default: 2)")
    parser.add_argument("--out", type=Path, default=Path("runs/cluster"), help="folder for the two files")
    options = parser.parse_args(arguments)
    try:
        runs = [measure(options.photos, workers) for _ in range(options.rounds) for workers in options.workers]
    except subprocess.CalledProcessError:
        return 2
    options.out.mkdir(parents=True, exist_ok=True)
    content = {"machine": machine(), "runs": [{**asdict(run), "rate": run.rate} for run in runs]}
    (options.out / "cluster.json").write_text(json.dumps(content, indent=2) + "\n")
    text = _table(runs)
    (options.out / "cluster.md").write_text(text)
    print(text, end="")
    return 0


def _table(runs: list[Run]) -> str:
    """A row for each number of workers: medians, and the rates' extremes."""
    rows = [["workers", "start, s", "colouring, s", "end, s", "photos/s (least, most)", "times the first row"]]
    first = median(run.rate for run in runs if run.workers == runs[0].workers)
    for workers in dict.fromkeys(run.workers for run in runs):
        same = [run for run in runs if run.workers == workers]
        rates = [run.rate for run in same]
        seconds = [f"{median(getattr(run, part) for run in same):.1f}" for part in ("start", "colouring", "end")]
        rate = f"{median(rates):.1f} ({min(rates):.1f}, {max(rates):.1f})"
        rows.append([str(workers), *seconds, rate, f"{median(rates) / first:.2f}"])
    return f"{runs[0].photos} photos, {len(runs) // (len(rows) - 1)} rounds\n\n{markdown_table(rows)}\n"


if __name__ == "__main__":
    sys.exit(main())
