"""Photos and networks the tests share."""

import os
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from converters.calibration import sample_photos
from sdk.color import Uint8Array
from training.config import Recipe, StudentConfig

PROJECT = Path(__file__).parents[1]
PHOTOS = Path(__file__).parent / "photos"
STUDENT_RECIPE = Recipe(student=StudentConfig(width=0.35, decoder=(32, 16, 16, 16)), training_data=("made for a test",))
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
    return pack_bundled(tmp_path_factory.mktemp("training"))


def pack_bundled(folder: Path) -> Path:
    """The bundled photos many times over, so that some are held out, packed in a folder in `folder`."""
    from training.data import pack

    photos = folder / "photos"
    photos.mkdir()
    for index in range(150):
        original = sorted(PHOTOS.glob("*.jpg"))[index % 4]
        (photos / f"{index:03}.jpg").write_bytes(original.read_bytes() + bytes([index]))  # each is another file
    pack(photos, folder / "packed", side=64)
    return folder / "packed"


@pytest.fixture(scope="session")
def student_checkpoint(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A small student with random weights that answers with vivid chroma: its norms have seen photos."""
    import torch

    from training.checkpoint import save_network
    from training.models.student import Student

    torch.manual_seed(0)
    student = Student(width=0.35, decoder=(32, 16, 16, 16))
    torch.nn.init.normal_(student.head.get_parameter("weight"), std=0.1)
    torch.nn.init.normal_(student.head.get_parameter("bias"), std=0.1)
    lightness = torch.from_numpy(np.concatenate(sample_photos(PHOTOS, count=4, side=256, salt="").lightness()))
    for module in student.modules():
        if isinstance(module, torch.nn.BatchNorm2d):
            module.momentum = 1 - 0.9**30  # one pass over the photos leaves what thirty would
    with torch.no_grad():
        student(lightness)
    path = tmp_path_factory.mktemp("checkpoint") / "student.safetensors"
    save_network(student.eval().state_dict(), STUDENT_RECIPE, path)
    return path


def psnr(a: Uint8Array, b: Uint8Array) -> float:
    return float(10 * np.log10(255**2 / np.mean((a.astype(float) - b) ** 2)))
