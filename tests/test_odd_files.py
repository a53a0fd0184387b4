"""Files that few programs write, and fewer read rightly."""

import io
import struct
import zlib
from typing import Any

import imagecodecs
import numpy as np
import pytest
from PIL import Image

from sdk import PhotoError, color, image
from sdk.containers.png import chunk
from tests import samples
from tests.samples import GREY, HEIGHT, RGB, WIDTH, Samples, whole

GREY_RGB = np.repeat(GREY[..., None], 3, axis=2)
LINEAR = struct.pack(">I", 100_000)
EXIF_TURNED = b"Exif\0\0MM\0*\0\0\0\x08\0\x01\x01\x12\0\x03\0\0\0\x01\0\x06\0\0\0\0\0\0"


def off(content: bytes, expected: Samples) -> float:
    """How far lightness is off, in units of L, on average."""
    rgb = image.read(content).rgb
    assert rgb.shape == expected.shape
    return float(np.abs(color.rgb_to_lightness(rgb) - color.rgb_to_lightness(expected.astype(np.float32))).mean())


def linear_as_srgb(values: Samples) -> Samples:
    return np.where(values <= 0.0031308, values * 12.92, 1.055 * values ** (1 / 2.4) - 0.055)


def with_chunk(content: bytes, added: bytes, *, behind: bool) -> bytes:
    """A PNG with a chunk before or behind its pixels."""
    at = content.index(b"IEND" if behind else b"IDAT") - 4
    return content[:at] + added + content[at:]


@pytest.mark.parametrize(("behind", "expected"), [(False, linear_as_srgb(GREY_RGB)), (True, GREY_RGB)])
def test_what_a_png_says_of_its_pixels_counts_before_them(behind: bool, expected: Samples) -> None:
    content = with_chunk(samples.png(whole(GREY, 8), 0, 8), chunk(b"gAMA", LINEAR), behind=behind)
    assert off(content, expected) <= 0.5


def test_a_png_without_its_palette_is_damaged() -> None:
    with pytest.raises(PhotoError, match="its palette is missing"):
        image.read(samples.png(whole(GREY, 8), 3, 8))


def test_what_imagemagick_hides_in_a_pngs_texts_is_found() -> None:
    content = samples.png(np.ascontiguousarray(np.rot90(whole(RGB, 8))), 2, 8)
    iptc = b"\x1c\x02\x50\0\6Author"
    for name, told in (("exif", EXIF_TURNED), ("iptc", iptc), ("xmp", b"<x:xmpmeta/>")):
        raw = f"\n{name}\n{len(told):8}\n{told.hex()}\n".encode()
        content = with_chunk(
            content, chunk(b"zTXt", b"Raw profile type %b\0\0" % name.encode() + zlib.compress(raw)), behind=True
        )
    assert off(content, RGB) <= 0.3
    notes = image.read(content).notes
    assert iptc in notes.iptc
    assert notes.xmp == b"<x:xmpmeta/>"
    assert not notes.text
    damaged = with_chunk(
        samples.png(whole(RGB, 8), 2, 8), chunk(b"tEXt", b"Raw profile type exif\0\nexif\n 3\n123\n"), behind=False
    )
    assert off(damaged, RGB) <= 0.3


@pytest.mark.parametrize("bits", [1, 4])
def test_jpeg_2000_of_few_bits_has_white(bits: int) -> None:
    few = whole(GREY, bits)
    content = bytes(imagecodecs.jpeg2k_encode(few, level=0, bitspersample=bits))
    assert off(content, np.repeat(few[..., None] / (2**bits - 1), 3, axis=2)) <= 0.1


def test_a_tiff_may_hold_a_jpeg_of_12_bits() -> None:
    content = samples.tiff(whole(GREY, 12), 1, photometric="minisblack", bitspersample=12, compression="jpeg")
    assert image.read(content).rgb.dtype == np.uint16
    assert off(content, GREY_RGB) <= 0.3


@pytest.mark.parametrize(("values", "photometric"), [(GREY, "minisblack"), (RGB, "rgb")])
def test_a_tiff_need_not_say_what_its_samples_mean(values: Samples, photometric: str) -> None:
    content = samples.tiff(whole(values, 8), 1, photometric=photometric)
    assert content.count(struct.pack("<HH", 262, 3)) == 1
    expected = values if values.ndim == 3 else GREY_RGB
    assert off(content.replace(struct.pack("<HH", 262, 3), struct.pack("<HH", 260, 3)), expected) <= 0.3


def test_a_bmp_may_hold_a_profile() -> None:
    profile = samples.profile("linear", grey=False)
    pixels = whole(RGB, 8)[::-1, :, ::-1].tobytes()  # rows of 40 pixels need no padding
    header = struct.pack("<IiiHHIIiiII", 124, WIDTH, HEIGHT, 1, 24, 0, len(pixels), 0, 0, 0, 0) + bytes(16) + b"DEBM"
    header += bytes(48) + struct.pack("<IIII", 4, 124 + len(pixels), len(profile), 0)
    content = b"BM" + struct.pack("<IHHI", 138 + len(pixels) + len(profile), 0, 0, 138) + header + pixels + profile
    assert off(content, linear_as_srgb(RGB)) <= 0.5


def avif(transfer: int) -> bytes:
    return bytes(imagecodecs.avif_encode(whole(RGB, 8), level=100, primaries=1, transfer=transfer, matrix=1))


def heif(transfer: int) -> bytes:
    pillow_heif = pytest.importorskip("pillow_heif", reason="NOT MEASURED: heif is not installed")
    content = io.BytesIO()
    told: dict[str, Any] = {"color_primaries": 1, "transfer_characteristics": transfer, "matrix_coefficients": 1}
    picture = pillow_heif.from_pillow(Image.fromarray(whole(RGB, 8)))
    picture.save(content, quality=95, chroma=444, full_range_flag=1, save_nclx_profile=True, **told)
    return content.getvalue()


@pytest.mark.parametrize("made", [avif, heif])
def test_avif_and_heif_say_in_numbers_what_their_colours_are(made: Any) -> None:
    srgb, video, linear, pq, hlg = 13, 1, 8, 16, 18
    assert off(made(srgb), RGB) <= 0.5
    assert off(made(video), RGB) <= 0.5  # as everybody shows it
    assert off(made(linear), linear_as_srgb(RGB)) <= 0.5
    for transfer in (pq, hlg):
        with pytest.raises(PhotoError, match="HDR"):
            image.read(made(transfer))
