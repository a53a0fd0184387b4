"""What an app developer calls beyond `colorize`: strength, batches, streams, awaiting, files."""

import argparse
import asyncio
import dataclasses
import re
from importlib import import_module
from pathlib import Path
from typing import get_type_hints

import cv2
import numpy as np
import pytest
from PIL import Image

from sdk import (
    Colorizer,
    Hint,
    Limits,
    Look,
    OptionError,
    OutputError,
    PhotoError,
    Saving,
    color,
    image,
    look,
    saving,
)
from sdk.aio import AsyncColorizer
from sdk.contract import Contract
from sdk.options import add_options, given_options
from sdk.testing import FakeBackend
from tests.conftest import PHOTOS, PROJECT

GREY = np.full((20, 30, 3), 128, np.uint8)


def flat(a: float) -> Colorizer:
    """A colorizer that gives every pixel the same a."""
    ab = np.zeros((1, 2, 8, 8), np.float32)
    ab[:, 0] = a / color.CHROMA_SCALE
    return Colorizer(FakeBackend(ab), contract=Contract(side=16))


def a_of(rgb: np.ndarray) -> float:
    return float(color.rgb_to_lab(rgb)[..., 1].mean())


@pytest.mark.parametrize("strength", [0.0, 0.5, 1.0, 2.0])
def test_strength_scales_chroma(strength: float) -> None:
    assert a_of(flat(10).colorize(GREY, strength=strength)) == pytest.approx(10 * strength, abs=0.5)


@pytest.mark.parametrize("strength", [-1, float("nan"), float("inf")])
def test_a_strength_that_is_none_raises(strength: float) -> None:
    with pytest.raises(OptionError, match="strength"):
        flat(10).colorize(GREY, strength=strength)
    with pytest.raises(OptionError, match="strength"):
        flat(10).stream([GREY], strength=strength)


def test_an_option_that_is_none_raises() -> None:
    with pytest.raises(OptionError, match="on_color must be one of recolor, keep, error"):
        flat(10).colorize(GREY, on_color="never")  # pyright: ignore
    with pytest.raises(TypeError, match="strenght"):
        flat(10).colorize(GREY, strenght=1.0)  # pyright: ignore


def test_a_look_is_described_once() -> None:
    """Every option has its type for callers, its default and check, and its place on the command line."""
    parser = argparse.ArgumentParser()
    add_options(parser, Look)
    given = given_options(parser.parse_args(["--strength", "0.5", "--on-color", "keep"]), Look)
    assert given == {"strength": 0.5, "on_color": "keep"}
    assert Look(**given_options(parser.parse_args([]), Look)) == Look()
    for options, described in ((look.LookOptions, Look), (saving.SaveOptions, Saving)):
        hints = get_type_hints(described)
        assert get_type_hints(options) == {field.name: hints[field.name] for field in dataclasses.fields(described)}


def test_the_documentation_names_what_is_exported_and_nothing_else() -> None:
    documented = re.findall(r"^::: (sdk\.\S+)$", (PROJECT / "docs" / "api.md").read_text(), re.MULTILINE)
    rooms = [import_module(name) for name in ("sdk", "sdk.aio", "sdk.film", "sdk.testing", "sdk.backends")]
    exported = [f"{room.__name__}.{name}" for room in rooms for name in room.__all__]
    assert sorted(documented) == sorted([*exported, "sdk.manifest"])


def test_a_colour_photo_can_be_kept_or_refused() -> None:
    photo = np.asarray(Image.open(PHOTOS / "coffee.jpg"))
    np.testing.assert_array_equal(flat(10).colorize(photo, on_color="keep"), photo)
    with pytest.raises(PhotoError, match="colours already"):
        flat(10).colorize(photo, on_color="error")


def test_a_sepia_print_counts_as_uncoloured() -> None:
    grey = np.asarray(Image.open(PHOTOS / "coffee.jpg").convert("L"))[..., None]
    sepia = np.clip(grey * np.array([1.07, 0.94, 0.72]), 0, 255).astype(np.uint8)
    coloured = flat(20).colorize(sepia, on_color="error")
    assert np.abs(color.rgb_to_lightness(coloured) - color.rgb_to_lightness(sepia)).max() <= 0.6


def test_a_batch_is_its_photos_one_by_one() -> None:
    one, two = flat(10).colorize_batch([GREY, Image.fromarray(GREY)])
    assert isinstance(one, np.ndarray)
    assert isinstance(two, Image.Image)
    np.testing.assert_array_equal(one, np.asarray(two))


@pytest.mark.parametrize(("smoothing", "expected"), [(0.0, [0, 40]), (0.5, [0, 20])])
def test_a_stream_smooths_as_stated(smoothing: float, expected: list[float]) -> None:
    answers = iter([0.0, 40 / color.CHROMA_SCALE])
    backend = FakeBackend(lambda _: np.array([next(answers), 0], np.float32)[None, :, None, None])
    frames = Colorizer(backend, contract=Contract(side=16)).stream([GREY, GREY], smoothing=smoothing)
    assert [a_of(np.asarray(frame)) for frame in frames] == pytest.approx(expected, abs=0.5)


def test_awaiting_gives_the_same_picture() -> None:
    awaited = asyncio.run(AsyncColorizer(flat(10)).colorize(GREY))
    np.testing.assert_array_equal(awaited, flat(10).colorize(GREY))


def test_awaiting_takes_every_option() -> None:
    colorizer, photo = AsyncColorizer(flat(10)), np.asarray(Image.open(PHOTOS / "coffee.jpg"))
    assert a_of(np.asarray(asyncio.run(colorizer.colorize(GREY, strength=0.5, vividness=0.0)))) == pytest.approx(
        5, abs=0.5
    )
    np.testing.assert_array_equal(asyncio.run(colorizer.colorize(photo, on_color="keep")), photo)
    with pytest.raises(PhotoError, match="colours already"):
        asyncio.run(colorizer.colorize(photo, on_color="error"))
    with pytest.raises(OptionError, match="takes no hints"):
        asyncio.run(colorizer.colorize(GREY, hints=[Hint(x=1, y=1, color="teal")]))


@pytest.mark.parametrize("target", ["out.png", "out.tif"])
@pytest.mark.parametrize("source", ["scan.png", "scan.tif"])
@pytest.mark.parametrize("channels", [1, 3, 4])
def test_sixteen_bits_stay_sixteen_in_files(channels: int, source: str, target: str, tmp_path: Path) -> None:
    """Against OpenCV, which reads and writes such files by itself."""
    samples = np.random.default_rng(0).integers(0, 65536, (90, 70, channels), np.uint16)
    cv2.imwrite(str(tmp_path / source), samples)  # blue first
    flat(10).colorize_file(tmp_path / source, tmp_path / target)
    written = np.asarray(cv2.imread(str(tmp_path / target), cv2.IMREAD_UNCHANGED))
    assert written.dtype == np.uint16
    rgb = samples.repeat(3, axis=2) if channels == 1 else np.ascontiguousarray(samples[..., 2::-1])
    np.testing.assert_array_equal(written[..., 2::-1], flat(10).colorize(rgb))
    assert np.abs(color.rgb_to_lightness(written[..., 2::-1]) - color.rgb_to_lightness(rgb)).max() < 0.02
    if channels == 4:
        np.testing.assert_array_equal(written[..., 3], samples[..., 3])
    np.testing.assert_array_equal(image.read(tmp_path / target).rgb, written[..., 2::-1])


def test_a_deep_file_is_turned_upright() -> None:
    from PIL import ImageOps

    from sdk.image import upright

    picture = Image.fromarray(np.arange(6, dtype=np.uint8).reshape(2, 3))
    for orientation in range(1, 9):
        picture.getexif()[0x0112] = orientation
        np.testing.assert_array_equal(upright(np.asarray(picture), orientation), ImageOps.exif_transpose(picture))


def test_a_cameras_notes_and_an_srgb_profile_are_kept_but_no_orientation(tmp_path: Path) -> None:
    exif = Image.Exif()
    exif[0x010F], exif[0x0112] = "Leica", 6
    exif[0x8769] = {0x9003: "1936:05:01 10:00:00"}
    Image.fromarray(GREY).save(tmp_path / "in.jpg", exif=exif)
    for suffix in (".jpg", ".png", ".webp", ".tif"):
        flat(10).colorize_file(tmp_path / "in.jpg", tmp_path / f"out{suffix}")
        with Image.open(tmp_path / f"out{suffix}") as out:
            found = out.getexif()
            assert out.size == (20, 30)
            assert out.info["icc_profile"]
            assert found.get(0x010F) == "Leica"
            assert found.get(0x0112, 1) == 1
            assert found.get_ifd(0x8769)[0x9003] == "1936:05:01 10:00:00"


def test_a_file_is_never_replaced_unasked(tmp_path: Path) -> None:
    (tmp_path / "out.png").write_bytes(b"mine")
    with pytest.raises(OutputError, match="exists"):
        flat(10).colorize_file(PHOTOS / "cat.jpg", tmp_path / "out.png")
    assert (tmp_path / "out.png").read_bytes() == b"mine"


@pytest.mark.parametrize("suffix", ["gif", "png", "webp", "tiff"])
def test_an_animated_file_is_refused_with_its_frame_count(suffix: str, tmp_path: Path) -> None:
    frames = [Image.new("L", (9, 9), value) for value in (0, 100, 200)]
    frames[0].save(tmp_path / f"in.{suffix}", save_all=True, append_images=frames[1:])
    with pytest.raises(PhotoError, match=r"3 frames.*colorize_file"):
        flat(10).colorize(tmp_path / f"in.{suffix}")


def test_limits_refuse_before_decoding_and_can_be_raised(tmp_path: Path) -> None:
    Image.new("L", (100, 100)).save(tmp_path / "in.png")
    small = Colorizer(FakeBackend(), contract=Contract(side=16), limits=Limits(pixels=9_999))
    with pytest.raises(PhotoError, match=r"100×100.*Raise Limits\.pixels"):
        small.colorize(tmp_path / "in.png")
    with pytest.raises(PhotoError, match=r"Raise Limits\.bytes"):
        Colorizer(FakeBackend(), contract=Contract(side=16), limits=Limits(bytes=10)).colorize(tmp_path / "in.png")
    with pytest.raises(PhotoError, match=r"100×100.*Raise Limits\.pixels"), Image.open(tmp_path / "in.png") as opened:
        small.colorize(opened)
    large = Colorizer(FakeBackend(), contract=Contract(side=16), limits=Limits(pixels=10_000))
    assert large.colorize(tmp_path / "in.png").size == (100, 100)
