"""Each concern works for some seconds, raises AssertionError if a promise breaks, and answers its figures."""

import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from itertools import count
from pathlib import Path

import numpy as np
from PIL import Image

from sdk import Colorizer
from sdk.color import Uint8Array
from tests.conftest import PHOTOS
from tests.peak import used_bytes
from tests.soak.kills import Figures, export, folder_run, train
from tests.test_hostile import survive

LEAST_PHOTOS = 100
MOST_GROWTH_MB = 2
"""From the middle third of a run to its last. In twelve runs of 240 photos, three after 16 threads had filled heaps of
their own and six after holes had been left in a gigabyte, it was 0.1 to 1.2. Resident memory grew by up to 6.6 in the
same runs, all of it freed. The smallest array that a photo makes, the network's answer of 131 kB, leaked with each
would be 4.4 after `LEAST_PHOTOS`."""


def memory(seconds: float, folder: Path) -> Figures:
    """Photos of many shapes, one after another: the memory in use reaches a plateau."""
    random, used = np.random.default_rng(0), []
    end = time.monotonic() + seconds
    with Colorizer.load("onnx") as colorizer:
        while time.monotonic() < end or len(used) < LEAST_PHOTOS:
            height, width = random.integers(50, 1000, 2)
            colorizer.colorize(random.integers(0, 256, (height, width), np.uint8))
            used.append(used_bytes() / 1e6)
    third = len(used) // 3
    middle, last = np.median(used[third : 2 * third]), np.median(used[2 * third :])
    slope = np.polyfit(np.arange(len(used) - third), used[third:], 1)[0]
    assert last - middle <= MOST_GROWTH_MB, f"memory in use grew by {last - middle:.1f} MB"
    return {
        "photos": len(used),
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


CONCERNS: dict[str, Callable[[float, Path], Figures]] = {
    "memory": memory,
    "damaged files": damaged,
    "threads": threads,
    "killed folder runs": folder_run,
    "killed exports": export,
    "killed training": train,
}
