"""Photoshop's files of every mode and depth come out as the picture that went in."""

import struct
from collections.abc import Sequence

import imagecodecs
import numpy as np
import pytest
from PIL import Image

from sdk import PhotoError, color, image
from tests.samples import GREY, HEIGHT, RGB, WIDTH, Samples, profile, whole

BITMAP, GREYSCALE, INDEXED, COLOURS, INKS, MULTICHANNEL, DUOTONE, LAB = 0, 1, 2, 3, 4, 7, 8, 9


def psd(
    planes: Sequence[Samples],
    mode: int,
    bits: int,
    *,
    packed: bool = False,
    version: int = 1,
    palette: bytes = b"",
    resources: bytes = b"",
    layers: bytes = b"",
) -> bytes:
    rows = [row.astype(row.dtype.newbyteorder(">")).tobytes() for plane in planes for row in plane]
    if packed:
        rows = [imagecodecs.packbits_encode(row) for row in rows]
    content = b"8BPS" + struct.pack(">H6xHIIHH", version, len(planes), HEIGHT, WIDTH, bits, mode)
    for section in (palette, resources):
        content += struct.pack(">I", len(section)) + section
    content += struct.pack(">I" if version == 1 else ">Q", len(layers)) + layers + struct.pack(">H", packed)
    if packed:
        content += b"".join(struct.pack(">H" if version == 1 else ">I", len(row)) for row in rows)
    return content + b"".join(rows)


def resource(number: int, content: bytes) -> bytes:
    return b"8BIM" + struct.pack(">HHI", number, 0, len(content)) + content + bytes(len(content) % 2)


def planes_of(values: Samples, bits: int) -> list[Samples]:
    return list(np.moveaxis(whole(np.atleast_3d(values), bits), -1, 0))


def off(content: bytes, expected: Samples) -> float:
    read = image.read(content)
    return float(np.abs(color.rgb_to_lightness(read.rgb) - color.rgb_to_lightness(expected.astype(np.float32))).mean())


GREY_RGB = np.repeat(GREY[..., None], 3, axis=2)


@pytest.mark.parametrize("packed", [False, True])
@pytest.mark.parametrize("version", [1, 2])
@pytest.mark.parametrize("bits", [8, 16])
def test_grey_colours_and_inks_are_read(bits: int, version: int, packed: bool) -> None:
    for mode, values, expected in (
        (GREYSCALE, GREY, GREY_RGB),
        (DUOTONE, GREY, GREY_RGB),
        (COLOURS, RGB, RGB),
        (INKS, np.dstack([RGB, np.ones_like(GREY)]), RGB),
    ):
        content = psd(planes_of(values, bits), mode, bits, packed=packed, version=version)
        assert image.read(content).rgb.dtype == (np.uint8 if bits == 8 else np.uint16)
        assert off(content, expected) <= 0.3


def test_two_levels_and_a_palette_are_read() -> None:
    black = [np.packbits(GREY < 0.5, axis=1)]
    assert off(psd(black, BITMAP, 1), GREY_RGB >= 0.5) <= 0.1
    assert off(psd(planes_of(1 - GREY, 8), INDEXED, 8, palette=bytes(range(255, -1, -1)) * 3), GREY_RGB) <= 0.3


def test_a_fourth_channel_is_transparency_where_the_file_says_so() -> None:
    channels = [*planes_of(RGB, 8), whole(GREY < 0.9, 8)]
    for layers, has_alpha in ((-1, True), (1, False)):
        told = struct.pack(">Ih", 2, layers)
        read = image.read(psd(channels, COLOURS, 8, layers=told))
        assert (read.alpha is not None) == has_alpha
    assert image.read(psd(channels, COLOURS, 8)).alpha is None


def test_only_channels_that_are_seen_are_unpacked(monkeypatch: pytest.MonkeyPatch) -> None:
    """A file of some kB may say that it has 56 large ones."""
    tall: list[int] = []
    unpack = Image.frombytes
    monkeypatch.setattr(Image, "frombytes", lambda *given: (tall.append(given[1][1]), unpack(*given))[1])
    assert off(psd(planes_of(RGB, 8) + planes_of(GREY, 8) * 53, COLOURS, 8, packed=True), RGB) <= 0.3
    assert sum(tall) == 3 * HEIGHT


def test_a_row_may_say_more_than_it_holds(monkeypatch: pytest.MonkeyPatch) -> None:
    """As GIMP once wrote them: a run goes on behind its row's end."""
    pack = imagecodecs.packbits_encode
    monkeypatch.setattr(imagecodecs, "packbits_encode", lambda row: bytes(pack(row)) + b"\xf8\7")
    assert off(psd(planes_of(RGB, 8), COLOURS, 8, packed=True), RGB) <= 0.3


def test_profile_and_notes_are_found() -> None:
    linear = profile("linear", grey=True)
    resources = resource(1005, struct.pack(">I4xI4x", 300 << 16, 300 << 16)) + resource(1039, linear)
    resources += resource(1060, b"<x:xmpmeta/>") + resource(1028, b"\x1c\x02\x50\0\6Author")
    content = psd(planes_of(GREY, 16), GREYSCALE, 16, resources=resources)
    read = image.read(content)
    assert (read.notes.dpi, read.notes.xmp) == ((300, 300), b"<x:xmpmeta/>")
    assert read.notes.iptc.startswith(b"8BIM\4\4")
    assert off(content, np.where(GREY_RGB <= 0.0031308, 12.92 * GREY_RGB, 1.055 * GREY_RGB ** (1 / 2.4) - 0.055)) <= 0.3


@pytest.mark.parametrize(
    ("content", "said"),
    [
        (psd(planes_of(GREY, 8) * 2, MULTICHANNEL, 8), "mode 7 at 8 bits"),
        (psd([GREY.astype(np.float32)], GREYSCALE, 32), "mode 1 at 32 bits"),
        (psd(planes_of(GREY, 8), COLOURS, 8), "1 channels, fewer"),
        (psd(planes_of(RGB, 8), COLOURS, 8)[:-100], "damaged"),
    ],
    ids=["multichannel", "floats", "too few channels", "cut off"],
)
def test_what_is_not_read_is_refused_in_a_sentence(content: bytes, said: str) -> None:
    with pytest.raises(PhotoError, match=said):
        image.read(content)
