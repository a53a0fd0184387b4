"""Photos as they really are, hostile ones included."""

import io
import struct
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from PIL import Image, ImageCms

from sdk import Colorizer, OutputError, PhotoError, image, output, resizing
from sdk.containers import pillow
from sdk.contract import Contract
from sdk.testing import FakeBackend
from tests import samples
from tests.conftest import PHOTOS


@pytest.fixture
def colorizer() -> Colorizer:
    return Colorizer(FakeBackend(np.zeros((1, 2, 8, 8), np.float32)), contract=Contract(side=16))


def encoded(picture: Image.Image, file_format: str, **options: object) -> bytes:
    file = io.BytesIO()
    picture.save(file, file_format, **options)
    return file.getvalue()


def bad_files(folder: Path) -> dict[str, Path]:
    whole = (PHOTOS / "cat.jpg").read_bytes()
    contents = {
        "text.jpg": b"Dear diary, this is not a photograph.\n" * 20,
        "truncated.jpg": whole[: len(whole) // 2],
        "headless.jpg": whole[200:],
        "empty.jpg": b"",
        "signature-only.png": b"\x89PNG\r\n\x1a\n",
        "script.eps": b"%!PS-Adobe-3.0 EPSF-3.0\n%%BoundingBox: 0 0 10 10\n",
    }
    for name, content in contents.items():
        (folder / name).write_bytes(content)
    (folder / "folder.jpg").mkdir()
    return {name: folder / name for name in (*contents, "folder.jpg", "missing.jpg")}


BAD_NAMES = [
    "text.jpg",
    "truncated.jpg",
    "headless.jpg",
    "empty.jpg",
    "signature-only.png",
    "script.eps",
    "folder.jpg",
    "missing.jpg",
]


@pytest.mark.parametrize("name", BAD_NAMES)
def test_bad_files_raise_one_clear_sentence(name: str, tmp_path: Path, colorizer: Colorizer) -> None:
    path = bad_files(tmp_path)[name]
    with pytest.raises(PhotoError) as caught:
        colorizer.colorize(path)
    assert str(path) in str(caught.value)
    assert "\n" not in str(caught.value)


@pytest.mark.parametrize("name", ["text.jpg", "truncated.jpg", "empty.jpg"])
def test_bad_bytes_raise_too(name: str, tmp_path: Path, colorizer: Colorizer) -> None:
    with pytest.raises(PhotoError):
        colorizer.colorize(bad_files(tmp_path)[name].read_bytes())


@pytest.mark.parametrize(
    "array",
    [
        np.zeros((0, 0, 3), np.uint8),
        np.zeros(0, np.uint8),
        np.zeros((4, 4, 3), np.float32) + 1.5,
        np.zeros((4, 4, 3), np.float32) - 0.1,
        np.full((4, 4), np.nan, np.float32),
        np.zeros((4, 4, 2), np.uint8),
        np.zeros((2, 4, 4, 3), np.uint8),
        np.zeros((4, 4), np.int64),
        np.zeros((4, 4), bool),
        np.array([["a"]]),
    ],
    ids=lambda array: f"{array.dtype}-{array.shape}",
)
def test_bad_arrays_raise(array: np.ndarray, colorizer: Colorizer) -> None:
    with pytest.raises(PhotoError):
        colorizer.colorize(array)


def test_other_things_raise(colorizer: Colorizer) -> None:
    with pytest.raises(PhotoError, match="path, bytes"):
        colorizer.colorize(42)  # pyright: ignore


def test_an_exif_turn_is_applied_once(colorizer: Colorizer) -> None:
    exif = Image.Exif()
    exif[0x0112] = 6  # the camera was held upright
    upright = colorizer.colorize(encoded(Image.new("L", (40, 20)), "JPEG", exif=exif))
    assert upright.size == (20, 40)
    assert upright.getexif().get(0x0112) is None


@pytest.mark.parametrize("mode", ["1", "L", "P", "RGB", "CMYK", "YCbCr", "HSV", "LAB", "I", "I;16", "I;16B"])
def test_every_opaque_mode_becomes_rgb(mode: str, colorizer: Colorizer) -> None:
    coloured = colorizer.colorize(Image.new(mode, (9, 5)))
    assert (coloured.mode, coloured.size) == ("RGB", (9, 5))


@pytest.mark.parametrize("mode", ["LA", "RGBA", "PA"])
def test_transparency_is_kept(mode: str, colorizer: Colorizer) -> None:
    photo = Image.new("RGBA", (6, 4), (90, 90, 90, 120)).convert(mode)
    coloured = colorizer.colorize(photo)
    assert coloured.mode == "RGBA"
    assert set(coloured.getchannel("A").tobytes()) == {120}


def test_sixteen_bit_scans_use_their_whole_range(colorizer: Colorizer) -> None:
    ramp = np.linspace(0, 65535, 64).astype(np.uint16)[None].repeat(8, 0)
    coloured = np.asarray(colorizer.colorize(encoded(Image.fromarray(ramp), "PNG")))
    np.testing.assert_allclose(coloured[0, :, 0], ramp[0] / 257, atol=1)


def test_an_icc_profile_is_honoured_and_a_broken_one_is_survived(colorizer: Colorizer) -> None:
    grey = Image.new("RGB", (8, 8), (128, 128, 128))
    profile = ImageCms.ImageCmsProfile(ImageCms.createProfile("sRGB")).tobytes()
    for icc_profile in (profile, b"not a profile"):
        coloured = colorizer.colorize(encoded(grey, "PNG", icc_profile=icc_profile))
        assert np.abs(np.asarray(coloured).astype(int) - 128).max() <= 1


def test_an_interrupted_or_refused_write_leaves_nothing(tmp_path: Path) -> None:
    picture = Image.new("RGB", (4, 4))
    (tmp_path / "taken.png").write_bytes(b"mine")
    for target in ("taken.png", "photo.nonsense", "photo", "no/such/folder.png"):
        with pytest.raises(OutputError):
            output.write_image(picture, tmp_path / target)
    assert [path.name for path in tmp_path.iterdir()] == ["taken.png"]
    assert (tmp_path / "taken.png").read_bytes() == b"mine"


@pytest.mark.parametrize("suffix", [".jpg", ".png", ".webp", ".tif"])
def test_every_usual_format_is_written(suffix: str, tmp_path: Path) -> None:
    output.write_image(Image.new("RGBA", (4, 4), (200, 10, 10, 255)), tmp_path / f"out{suffix}")
    assert np.asarray(Image.open(tmp_path / f"out{suffix}").convert("RGB"))[0, 0, 0] > 180


@pytest.mark.parametrize("shape", [(1000, 700), (97, 3001), (3001, 97), (5, 5)])
def test_bands_do_not_show(shape: tuple[int, int], monkeypatch: pytest.MonkeyPatch) -> None:
    photo = np.random.default_rng(0).integers(0, 65536, (*shape, 3), np.uint16)
    photos = (photo, (photo >> 8).astype(np.uint8), np.broadcast_to(photo[..., :1], photo.shape))
    whole = [resizing.resize(photo, 32) for photo in photos]
    for module in (pillow, resizing):
        monkeypatch.setattr(module, "BAND_PIXELS", 10_000)  # several bands, the last one shorter, or of one row each
    np.testing.assert_array_equal([resizing.resize(photo, 32) for photo in photos], whole)
    np.testing.assert_array_equal(image.read(Image.fromarray(photos[1])).rgb, photos[1])


def test_one_channel_seen_three_times_is_resized_as_three() -> None:
    grey = np.random.default_rng(0).integers(0, 256, (1500, 1100), np.uint8)
    once = image.read(Image.fromarray(grey)).rgb
    assert once.strides[-1] == 0
    assert np.array_equal(resizing.resize(once, 256), resizing.resize(np.ascontiguousarray(once), 256))


@pytest.mark.parametrize("options", [{"compression": "lzw"}, {"compression": "zlib", "tile": (16, 16)}, {}], ids=str)
def test_only_our_own_limit_counts_for_scans(options: dict[str, Any], monkeypatch: pytest.MonkeyPatch) -> None:
    """Pillow's counts pixels for a whole process, and would count a 16-bit scan's bytes for pixels."""
    deep = np.full((48, 64, 3), 30_000, np.uint16)
    scan = samples.tiff(deep, 1, photometric="rgb", **options)
    monkeypatch.setattr(Image, "MAX_IMAGE_PIXELS", deep[..., 0].size // 2)
    np.testing.assert_array_equal(image.read(scan).rgb, deep)


def test_a_photo_in_memory_stays_as_it_was() -> None:
    """A file's samples are coloured where they lie; what a caller holds is not."""
    held = np.full((9, 7, 3), 90, np.uint8)
    picture = Image.fromarray(held.copy())
    coloured = Colorizer(FakeBackend(np.full((1, 2, 8, 8), 0.3, np.float32)), contract=Contract(side=16))
    assert not np.array_equal(coloured.colorize(held), held)
    assert not np.array_equal(np.asarray(coloured.colorize(picture)), held)
    assert (held == 90).all()
    np.testing.assert_array_equal(np.asarray(picture), held)


@pytest.mark.parametrize("depth", [1, 2, 4, 8])
def test_only_the_lowest_bits_of_a_pngs_clear_level_count(depth: int) -> None:
    grey = samples.whole(samples.GREY, depth)
    key = int(grey[0, 0])
    png = samples.png(grey, 0, depth, samples.chunk(b"tRNS", struct.pack(">H", key | 0x8000)))
    np.testing.assert_array_equal(image.read(png).alpha == 0, grey == key)


def test_a_jpeg_may_have_padding_between_its_segments() -> None:
    whole = encoded(Image.new("L", (16, 8), 90), "JPEG")
    np.testing.assert_array_equal(image.read(whole[:2] + bytes(5) + whole[2:]).rgb, image.read(whole).rgb)


@pytest.mark.parametrize("numbers", [(1, 3), (0, 1), (2,)])
def test_a_jpegs_profile_counts_if_all_of_it_is_there(numbers: tuple[int, ...]) -> None:
    profile = samples.profile("linear", grey=True)
    whole = encoded(Image.new("L", (16, 8), 90), "JPEG")
    pieces = b""
    for number, start in zip(numbers, range(0, len(profile), len(profile) // len(numbers) + 1), strict=True):
        body = b"ICC_PROFILE\0" + bytes([number, len(numbers)])
        body += profile[start : start + len(profile) // len(numbers) + 1]
        pieces += b"\xff\xe2" + struct.pack(">H", len(body) + 2) + body
    np.testing.assert_array_equal(image.read(whole[:2] + pieces + whole[2:]).rgb, image.read(whole).rgb)
