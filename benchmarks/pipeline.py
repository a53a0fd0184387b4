"""The path around the network: `python -m benchmarks.pipeline` measures its speed and memory beside peers.

What is timed is everything but decoding and the network: the small copy and its lightness, the chroma's
upsampling, the merge, and 8-bit pixels again. All three do the same steps, taking turns in one process.
"""

import subprocess
import sys
from collections.abc import Callable

import cv2
import numpy as np
from skimage.color import lab2rgb, rgb2lab

from benchmarks.timing import interleave
from sdk import Colorizer
from sdk.color import FloatArray, Uint8Array
from sdk.testing import FakeBackend

LEAST_GAIN_OVER_SCIKIT_IMAGE = 6.0
LARGEST_SHARE_OF_OPENCV = 1.5
MEMORY_PER_INPUT_BYTE = 2
MEMORY_ALLOWANCE = 64 * 1024**2
SIDE = 256

_MEMORY_PROGRAM = """
import resource, sys
import numpy as np
from sdk import Colorizer
from sdk.testing import FakeBackend
colorizer = Colorizer(FakeBackend())
colorizer.colorize(np.zeros((10, 4000, 3), np.uint8))  # the tables, once
photo = np.full((int(sys.argv[1]), int(sys.argv[2]), 3), 90, np.uint8)
def peak():
    return int(next(line for line in open("/proc/self/status") if line.startswith("VmHWM")).split()[1]) * 1024
open("/proc/self/clear_refs", "w").write("5")
before = peak()
colorizer.colorize(photo)
print(peak() - before, photo.nbytes)
"""


def with_scikit_image(rgb: Uint8Array, ab: FloatArray) -> Uint8Array:
    """The same steps as published colorizers do them."""
    height, width = rgb.shape[:2]
    rgb2lab(cv2.resize(rgb, (SIDE, SIDE), interpolation=cv2.INTER_AREA))
    lab = rgb2lab(rgb)
    lab[..., 1:] = cv2.resize(np.moveaxis(ab, 0, -1), (width, height))
    return np.rint(lab2rgb(lab) * 255).astype(np.uint8)


def with_opencv(rgb: Uint8Array, ab: FloatArray) -> Uint8Array:
    """The same steps with OpenCV's float Lab."""
    height, width = rgb.shape[:2]
    small = cv2.resize(rgb, (SIDE, SIDE), interpolation=cv2.INTER_AREA)
    cv2.cvtColor(small.astype(np.float32) / 255, cv2.COLOR_RGB2Lab)
    lab = cv2.cvtColor(rgb.astype(np.float32) / 255, cv2.COLOR_RGB2Lab)
    lab[..., 1:] = cv2.resize(np.moveaxis(ab, 0, -1), (width, height))
    return np.rint(cv2.cvtColor(lab, cv2.COLOR_Lab2RGB) * 255).astype(np.uint8)


def measure_seconds(*, height: int = 3000, width: int = 4000, runs: int = 5) -> dict[str, float]:
    """Median seconds of each way, in turns, for a photo-like texture."""
    random = np.random.default_rng(0)
    noise = random.integers(0, 256, (height // 20, width // 20), np.uint8)
    rgb = cv2.cvtColor(cv2.resize(noise, (width, height), interpolation=cv2.INTER_CUBIC), cv2.COLOR_GRAY2RGB)
    ab = random.normal(0, 15, (2, SIDE // 2, SIDE // 2)).astype(np.float32)
    colorizer = Colorizer(FakeBackend(ab[None] / 110))
    ways: dict[str, Callable[[], object]] = {
        "edge-colorizer": lambda: colorizer.colorize(rgb),
        "OpenCV": lambda: with_opencv(np.asarray(rgb, np.uint8), ab),
        "scikit-image": lambda: with_scikit_image(np.asarray(rgb, np.uint8), ab),
    }
    return {name: turn.seconds for name, turn in interleave(ways, rounds=runs).items()}


def measure_memory(height: int, width: int) -> tuple[int, int]:
    """Peak resident bytes above the input, and the input's bytes, in a process of its own (Linux)."""
    command = [sys.executable, "-c", _MEMORY_PROGRAM, str(height), str(width)]
    peak, size = subprocess.run(command, capture_output=True, text=True, check=True).stdout.split()
    return int(peak), int(size)


def main() -> int:
    """Print the figures; 1 if a bar is missed."""
    seconds = measure_seconds()
    ours = seconds["edge-colorizer"]
    for name, duration in seconds.items():
        print(f"{name:15} {duration * 1000:8.0f} ms for 12 megapixels, {duration / ours:5.2f} of ours")
    held = seconds["scikit-image"] / ours >= LEAST_GAIN_OVER_SCIKIT_IMAGE
    held &= ours / seconds["OpenCV"] <= LARGEST_SHARE_OF_OPENCV
    for height, width in ((3000, 4000), (10_000, 10_000)):
        peak, size = measure_memory(height, width)
        allowed = MEMORY_PER_INPUT_BYTE * size + MEMORY_ALLOWANCE
        print(f"{height}×{width}: peak {peak / 1e6:.0f} MB above the input's {size / 1e6:.0f}, of {allowed / 1e6:.0f}")
        held &= peak <= allowed
    print("all bars hold" if held else "A BAR IS MISSED")
    return 0 if held else 1


if __name__ == "__main__":
    sys.exit(main())
