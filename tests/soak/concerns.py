"""Each concern works for some seconds, raises AssertionError if a promise breaks, and answers its figures."""

import subprocess
import sys
import time
from concurrent.futures import ThreadPoolExecutor
from itertools import count
from pathlib import Path

import numpy as np
import psutil
from PIL import Image

from sdk import Colorizer
from sdk.color import Uint8Array
from tests.conftest import PHOTOS, PROJECT
from tests.test_hostile import survive

Figures = dict[str, float]

MOST_GROWTH_MB = 16
"""From the middle third of a run to its last: several times what allocators were seen to waver by, less than a leak."""
_ALBUM = 16


def memory(seconds: float, folder: Path) -> Figures:
    """Photos of many shapes, one after another: resident memory reaches a plateau."""
    process, random, resident = psutil.Process(), np.random.default_rng(0), []
    end = time.monotonic() + seconds
    with Colorizer.load("onnx") as colorizer:
        while time.monotonic() < end or len(resident) < 30:
            height, width = random.integers(50, 1500, 2)
            colorizer.colorize(random.integers(0, 256, (height, width), np.uint8))
            resident.append(process.memory_info().rss / 1e6)
    third = len(resident) // 3
    middle, last = np.median(resident[third : 2 * third]), np.median(resident[2 * third :])
    slope = np.polyfit(np.arange(len(resident) - third), resident[third:], 1)[0]
    assert last - middle <= MOST_GROWTH_MB, f"resident memory grew by {last - middle:.1f} MB"
    return {
        "photos": len(resident),
        "last third MB": float(last),
        "growth MB": float(last - middle),
        "MB per 1000 photos": float(slope * 1000),
    }


def damaged(seconds: float, folder: Path) -> Figures:
    """Damaged files end as a picture or as PhotoError, each within the bound of `tests.test_hostile`."""
    end, files, read = time.monotonic() + seconds, 0, 0
    for seed in count(100):
        read += survive(200, seed)
        files += 200
        if time.monotonic() >= end:
            break
    return {"files": files, "pictures still": read}


def threads(seconds: float, folder: Path) -> Figures:
    """Eight threads with one Colorizer give what one thread gives, bit for bit."""
    photos = [np.asarray(Image.open(path)) for path in sorted(PHOTOS.glob("*.jpg"))]
    end, coloured = time.monotonic() + seconds, 0
    with Colorizer.load("onnx") as colorizer, ThreadPoolExecutor(8) as pool:

        def colour(photo: Uint8Array) -> Uint8Array:
            return colorizer.colorize(photo)

        serial = [colour(photo) for photo in photos]
        while True:
            for one, many in zip(serial * 4, pool.map(colour, photos * 4), strict=True):
                assert np.array_equal(one, many), "a thread's photo differs from the serial one"
                coloured += 1
            if time.monotonic() >= end:
                return {"threads": 8, "photos": coloured}


def folder_run(seconds: float, folder: Path) -> Figures:
    """`colorize FOLDER` is killed again and again, and then goes on to the end: every photo once, whole."""
    random, end, rounds, kills = np.random.default_rng(0), time.monotonic() + seconds, 0, 0
    source = next(iter(sorted(PHOTOS.glob("*.jpg"))))
    album = folder / "album"
    album.mkdir()
    for number in range(_ALBUM):
        Image.open(source).resize((900, 700)).save(album / f"{number:02}.png")
    while rounds == 0 or time.monotonic() < end:
        kills += _killed_until_done(album, folder / f"out-{rounds}", random)
        rounds += 1
    assert kills > 0, "every run ended before it was killed"
    return {"runs": rounds, "kills": kills, "photos": rounds * _ALBUM}


def _killed_until_done(album: Path, out: Path, random: np.random.Generator) -> int:
    command = [sys.executable, "-m", "sdk.cli", str(album), "-o", str(out)]
    seen: dict[str, int] = {}
    kills = 0
    while True:
        process = subprocess.Popen(command, cwd=PROJECT, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
        try:
            assert process.wait(random.uniform(0.8, 2.5)) == 0
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait()
            kills += 1
        written = {path.name: path.stat().st_mtime_ns for path in out.glob("*.png") if path.name[0] != "."}
        assert seen.items() <= written.items(), "a finished photo was lost or written again"
        seen = written
        if process.returncode == 0:
            break
    assert sorted(path.name for path in out.iterdir()) == sorted(path.name for path in album.iterdir())
    for path in out.iterdir():
        with Image.open(path) as picture:
            picture.load()
    return kills


CONCERNS = {"memory": memory, "damaged files": damaged, "threads": threads, "killed folder runs": folder_run}
