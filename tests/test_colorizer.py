"""Step 2 of the parity ladder, the oracle: told the true chroma, the path gives the original back."""

import tracemalloc
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from sdk import Colorizer, color, merging
from sdk.contract import Contract
from sdk.testing import FakeBackend
from tests.conftest import PHOTOS

SIZES = [(1, 1), (1, 5000), (5000, 1), (7, 3), (1500, 2000)]


def oracle(rgb: np.ndarray) -> Colorizer:
    """A colorizer whose network knows the answer, at full size."""
    ab = np.moveaxis(color.rgb_to_lab(rgb)[..., 1:], -1, 0) / color.CHROMA_SCALE
    return Colorizer(FakeBackend(ab[None]))


def photo_of_size(height: int, width: int) -> np.ndarray:
    """A real photo's content at any size."""
    return np.asarray(Image.open(PHOTOS / "coffee.jpg").resize((width, height), Image.Resampling.BICUBIC))


@pytest.mark.parametrize(("height", "width"), SIZES)
def test_oracle_gives_a_colour_photo_back(height: int, width: int) -> None:
    rgb = photo_of_size(height, width)
    coloured = np.asarray(oracle(rgb).colorize(Image.fromarray(rgb)))
    assert np.abs(coloured.astype(int) - rgb).max() <= 2


@pytest.mark.parametrize(("height", "width"), SIZES)
def test_oracle_gives_a_grey_photo_back(height: int, width: int) -> None:
    grey = np.asarray(Image.fromarray(photo_of_size(height, width)).convert("L"))
    coloured = np.asarray(oracle(grey[..., None].repeat(3, -1)).colorize(Image.fromarray(grey)))
    assert np.abs(coloured.astype(int) - grey[..., None]).max() <= 2


def test_oracle_puts_the_colour_back_into_a_photo_that_lost_it() -> None:
    rgb = photo_of_size(300, 400)
    lost = merging.merge(rgb.astype(np.float32) / 255, np.zeros((2, 1, 1), np.float32))
    assert np.ptp(lost, axis=-1).max() < 1e-3
    coloured = oracle(rgb).colorize(lost)
    assert np.abs(coloured * 255.0 - rgb).max() <= 0.1


@pytest.mark.parametrize(("hue", "dominant"), [((0.6, 0.5), 0), ((-0.6, 0.5), 1), ((0.2, -0.8), 2)])
def test_chroma_lands_in_the_right_channel(hue: tuple[float, float], dominant: int) -> None:
    ab = np.array(hue, np.float32)[None, :, None, None] * np.ones((1, 1, 128, 128), np.float32)
    coloured = np.asarray(Colorizer(FakeBackend(ab)).colorize(np.full((20, 30), 128, np.uint8)))
    assert coloured.mean(axis=(0, 1)).argmax() == dominant


def test_the_network_sees_the_contract() -> None:
    seen = []

    def remember(lightness: np.ndarray) -> np.ndarray:
        seen.append(lightness)
        return np.zeros((1, 2, 32, 32), np.float32)

    ramp = np.linspace(0, 255, 100).astype(np.uint8)[None].repeat(50, 0)
    Colorizer(FakeBackend(remember), contract=Contract(side=64)).colorize(ramp)
    (lightness,) = seen
    assert lightness.shape == (1, 1, 64, 64)
    assert lightness.dtype == np.float32
    assert -1 <= lightness.min() < -0.9 < 0.9 < lightness.max() <= 1


@pytest.mark.parametrize("kind", ["path", "text", "bytes", "image"])
def test_files_and_images_come_back_as_images(kind: str) -> None:
    path = PHOTOS / "cat.jpg"
    photo = {"path": path, "text": str(path), "bytes": path.read_bytes(), "image": Image.open(path)}[kind]
    coloured = Colorizer.load().colorize(photo)
    assert isinstance(coloured, Image.Image)
    assert (coloured.mode, coloured.size) == ("RGB", Image.open(path).size)


@pytest.mark.parametrize("dtype", [np.uint8, np.uint16, np.float32, np.float64])
def test_arrays_come_back_as_arrays_of_their_type(dtype: type, photo_rgb: np.ndarray) -> None:
    scale = {np.uint8: 1, np.uint16: 257}.get(dtype, 1 / 255)
    coloured = Colorizer.load().colorize((photo_rgb * np.float64(scale)).astype(dtype))
    assert isinstance(coloured, np.ndarray)
    assert coloured.dtype == dtype
    expected = Colorizer.load().colorize(photo_rgb) * np.float64(scale)
    np.testing.assert_allclose(coloured, expected, atol=2 * scale)


def test_the_photo_itself_is_never_written_to(photo_rgb: np.ndarray) -> None:
    before = photo_rgb.copy()
    Colorizer.load().colorize(photo_rgb)
    np.testing.assert_array_equal(photo_rgb, before)


def test_memory_grows_by_the_result_and_a_few_strips() -> None:
    grey = np.zeros((3000, 4000, 3), np.uint8)
    colorizer = Colorizer(FakeBackend(np.zeros((1, 2, 128, 128), np.float32)))
    colorizer.colorize(grey[:10])  # tables are made once
    tracemalloc.start()
    colorizer.colorize(grey)
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    assert peak < 2 * grey.nbytes + 16e6


def test_leaving_a_with_block_closes_the_backend() -> None:
    backend = FakeBackend(np.zeros((1, 2, 8, 8), np.float32))
    with Colorizer(backend, contract=Contract(side=16)) as colorizer:
        colorizer.colorize(np.zeros((4, 4), np.uint8))
    assert backend.closed


def test_the_bundled_model_adds_colour_and_keeps_lightness() -> None:
    for path in sorted(Path(PHOTOS).glob("*.jpg")):
        rgb = np.asarray(Image.open(path))
        coloured = Colorizer.load().colorize(rgb)
        assert np.abs(color.rgb_to_lightness(coloured) - color.rgb_to_lightness(rgb)).max() <= 0.6
        assert np.hypot(*np.moveaxis(color.rgb_to_lab(coloured)[..., 1:], -1, 0)).mean() > 2
