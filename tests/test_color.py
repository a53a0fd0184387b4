"""Step 1 of the parity ladder: the colour maths against scikit-image, and there and back."""

from time import process_time

import numpy as np
import pytest
from skimage import color as reference

from sdk import color, merging, resizing


def every_rgb(red: int) -> np.ndarray:
    """All 65 536 colours with one amount of red, as (256, 256, 3)."""
    green, blue = np.meshgrid(np.arange(256), np.arange(256), indexing="ij")
    return np.stack([np.full_like(green, red), green, blue], axis=-1).astype(np.uint8)


@pytest.mark.parametrize("red", [0, 1, 10, 11, 127, 254, 255])
def test_lab_agrees_with_scikit_image(red: int) -> None:
    rgb = every_rgb(red)
    assert np.abs(color.rgb_to_lab(rgb) - reference.rgb2lab(rgb)).max() < 0.01


def test_every_srgb_value_survives_the_round_trip() -> None:
    for red in range(256):
        rgb = every_rgb(red)
        back = color.lab_to_rgb(color.rgb_to_lab(rgb))
        assert np.abs(back.astype(int) - rgb).max() <= 1, red


def test_every_srgb_value_survives_the_merge() -> None:
    for red in range(256):
        rgb = every_rgb(red)
        merged = merging.merge(rgb, np.moveaxis(color.rgb_to_lab(rgb)[..., 1:], -1, 0))
        assert np.abs(merged.astype(int) - rgb).max() <= 2, red


@pytest.mark.parametrize("dtype", [np.uint8, np.uint16, np.float32])
def test_grey_is_exactly_neutral_in_every_type(dtype: type) -> None:
    top = 1 if dtype == np.float32 else np.iinfo(dtype).max
    grey = (np.linspace(0, 1, 256)[None, :, None].repeat(3, axis=2) * top).astype(dtype)
    assert np.abs(color.rgb_to_lab(grey)[..., 1:]).max() < 1e-3
    merged = merging.merge(grey, np.zeros((2, 4, 4), np.float32))
    assert merged.dtype == dtype
    np.testing.assert_allclose(merged, grey, atol=1e-5 * top if dtype != np.uint8 else 0)


def test_the_types_agree_with_each_other() -> None:
    rgb = every_rgb(200)
    lab = color.rgb_to_lab(rgb)
    np.testing.assert_allclose(color.rgb_to_lab(rgb.astype(np.uint16) * 257), lab, atol=1e-3)
    np.testing.assert_allclose(color.rgb_to_lab(rgb.astype(np.float32) / 255), lab, atol=1e-3)
    np.testing.assert_allclose(color.rgb_to_lightness(rgb), lab[..., 0], atol=1e-4)


def test_a_colour_outside_the_gamut_loses_chroma_and_keeps_its_lightness() -> None:
    grey = np.tile(np.arange(256, dtype=np.uint8)[:, None, None], (1, 360, 3))
    hue = np.deg2rad(np.arange(360, dtype=np.float32))
    vivid = np.stack([np.cos(hue), np.sin(hue)])[:, None, :].repeat(256, axis=1) * np.float32(150)
    merged = merging.merge(grey, vivid)
    assert np.abs(color.rgb_to_lightness(merged) - color.rgb_to_lightness(grey)).max() <= 0.6
    assert np.ptp(merged, axis=-1).max() > 100


def test_black_and_white_stay_so_whatever_the_chroma() -> None:
    ends = np.array([[[0, 0, 0], [255, 255, 255]]], np.uint8)
    np.testing.assert_array_equal(merging.merge(ends, np.full((2, 1, 1), 80, np.float32)), ends)


@pytest.mark.parametrize("pixels", [1000, 100])  # several rows, and a part of one
def test_strips_do_not_show(pixels: int, photo_rgb: np.ndarray, monkeypatch: pytest.MonkeyPatch) -> None:
    ab = np.random.default_rng(0).normal(0, 20, (2, 16, 16)).astype(np.float32)
    whole = merging.merge(photo_rgb, ab)
    monkeypatch.setattr(merging, "_STRIP_PIXELS", pixels)
    np.testing.assert_array_equal(merging.merge(photo_rgb, ab), whole)


@pytest.mark.clock
@pytest.mark.parametrize("shape", [(1_000_000, 4), (4, 1_000_000)])
def test_a_long_photo_takes_no_longer_than_a_square(shape: tuple[int, int]) -> None:
    ab = np.random.default_rng(0).normal(0, 20, (2, 128, 128)).astype(np.float32)

    def seconds(height: int, width: int) -> float:
        photo = np.full((height, width, 3), 99, np.uint8)
        start = process_time()
        merging.merge(photo, ab, threads=1)
        return process_time() - start

    seconds(100, 100)  # tables are made at the first call
    assert seconds(*shape) < 4 * seconds(2000, 2000)


def test_resizing_chroma_is_bilinear_with_half_pixel_centres() -> None:
    ab = np.array([[[0.0, 4.0]], [[0.0, 8.0]]], np.float32)
    np.testing.assert_allclose(resizing.resize_ab(ab, 1, 4), [[[0, 1, 3, 4]], [[0, 2, 6, 8]]])


def test_constants_are_plain_json_values() -> None:
    import json

    assert json.loads(json.dumps(color.constants())) == color.constants()
