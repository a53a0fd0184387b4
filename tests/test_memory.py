"""Colouring takes no more memory than docs/reliability.md says, measured in a process of its own."""

import itertools
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any, Final

import numpy as np
import pytest
import tifffile
from PIL import Image

from sdk import raster
from sdk.notes import Notes
from sdk.profiles import srgb_profile
from tests.conftest import PROJECT
from tests.peak import STATUS

pytestmark = pytest.mark.skipif(not STATUS.exists(), reason="NOT MEASURED: only Linux tells a process's peak")

BESIDE: Final = 64_000_000  # bytes: strips, buffers, threads
SIDE, LARGE_SIDE = 6000, 12_000

COLOUR: Final = """
import sys
import numpy as np
from PIL import Image
from sdk import Colorizer
from sdk.contract import Contract
from sdk.testing import FakeBackend
from tests.peak import peak_bytes
Image.init()
colorizer = Colorizer(FakeBackend(np.full((1, 2, 8, 8), 0.1, np.float32)), contract=Contract(side=16))
before = peak_bytes()
colorizer.colorize_file(*sys.argv[1:])
print(peak_bytes() - before)
"""


def pillow(mode: str, suffix: str, **options: Any) -> Callable[[Path, int], Path]:
    """What makes a file of a plain picture."""

    def make(folder: Path, side: int) -> Path:
        path = folder / f"in{suffix}"
        picture = Image.new(mode, (side, side), 1)
        if mode == "P":
            picture.putpalette(bytes(range(256)) * 3)
        picture.save(path, **options)
        return path

    return make


def rgb16_png(folder: Path, side: int) -> Path:
    with (folder / "in.png").open("wb") as file:
        file.writelines(raster.png(np.zeros((side, side, 3), np.uint16), None, srgb_profile().tobytes(), Notes()))
    return folder / "in.png"


def rgb16_tiff(folder: Path, side: int) -> Path:
    deep = np.zeros((side, side, 3), np.uint16)
    tifffile.imwrite(folder / "in.tif", deep, photometric="rgb", compression="lzw", rowsperstrip=64)
    return folder / "in.tif"


MAKERS: Final = {
    "fax": pillow("1", ".tif", compression="group4"),
    "grey JPEG": pillow("L", ".jpg"),
    "grey PNG": pillow("L", ".png"),
    "palette PNG": pillow("P", ".png"),
    "palette TIFF": pillow("P", ".tif", compression="tiff_lzw"),
    "RGB JPEG": pillow("RGB", ".jpg"),
    "RGB PNG": pillow("RGB", ".png"),
    "16-bit grey PNG": pillow("I;16", ".png"),
    "16-bit RGB PNG": rgb16_png,
    "16-bit RGB TIFF": rgb16_tiff,
}


def stated() -> list[Any]:
    """Photo, format of the file, bytes a pixel and side; the first of each row in every check, the others slow."""
    section = (PROJECT / "docs" / "reliability.md").read_text().partition("## Memory\n")[2].partition("\n## ")[0]
    rows = [
        [cell.strip() for cell in line.strip("|").split("|")] for line in section.splitlines() if line.startswith("| ")
    ]
    found: list[Any] = []
    for row in rows[1:]:
        quick, *others = itertools.product([SIDE, LARGE_SIDE], row[0].split(", "), row[1].split(", "), [int(row[2])])
        found += [quick, *(pytest.param(*other, marks=pytest.mark.slow) for other in others)]
    return found


@pytest.mark.parametrize(("side", "photo", "into", "bytes_a_pixel"), stated())
def test_memory_is_bounded_by_the_pixels(side: int, photo: str, into: str, bytes_a_pixel: int, tmp_path: Path) -> None:
    source = MAKERS[photo](tmp_path, side)
    command = [sys.executable, "-c", COLOUR, str(source), str(tmp_path / f"out.{into.lower()}")]
    peak = int(subprocess.run(command, cwd=PROJECT, check=True, capture_output=True, text=True).stdout)
    print(f"{photo} into {into}: {peak / side**2:.2f} bytes a pixel")
    assert peak <= bytes_a_pixel * side**2 + BESIDE + source.stat().st_size
