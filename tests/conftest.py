"""Photos and networks the tests share."""

import os
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from sdk.color import Uint8Array

PROJECT = Path(__file__).parents[1]
PHOTOS = Path(__file__).parent / "photos"
# The team's photo collection, beside the checkout; it is not ours to publish.
SHARED = Path(os.environ.get("EDGE_COLORIZER_SHARED", PROJECT.parent / "shared"))


@pytest.fixture
def eval_photos() -> Path:
    folder = SHARED / "eval" / "coco"
    if not folder.is_dir():
        pytest.skip(f"NOT MEASURED: no evaluation photos at {folder}; set EDGE_COLORIZER_SHARED")
    return folder


@pytest.fixture
def photo_rgb() -> Uint8Array:
    return np.asarray(Image.open(PHOTOS / "astronaut.jpg"))


@pytest.fixture(scope="session")
def packed(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The bundled photos many times over, so that some are held out."""
    photos = tmp_path_factory.mktemp("photos")
    for index in range(150):
        original = sorted(PHOTOS.glob("*.jpg"))[index % 4]
        (photos / f"{index:03}.jpg").write_bytes(original.read_bytes())
    folder = tmp_path_factory.mktemp("packed")
    from training.data import pack

    pack(photos, folder, side=64)
    return folder


def psnr(a: Uint8Array, b: Uint8Array) -> float:
    return float(10 * np.log10(255**2 / np.mean((a.astype(float) - b) ** 2)))
