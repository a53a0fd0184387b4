"""Every photo that docs/photos.md says is read comes out as the picture that went in."""

import itertools
import struct
import zlib
from typing import Any, NamedTuple

import numpy as np
import pytest
from PIL import Image, ImageCms

from sdk import color, icc, image
from tests import samples
from tests.conftest import PROJECT
from tests.samples import CLEAR, GREY, RGB, STORED, Samples, whole

WITHIN = {"JPEG": 1.5, "WEBP": 0.6, "AVIF": 1.5, "GIF": 1.0}
"""How far lightness may be off, on average; 0.6 for what loses nothing."""


class Case(NamedTuple):
    """One photo of the table, in its words."""

    container: str
    bits: str
    channels: str
    layout: str
    orientation: str
    colours: str

    @property
    def depth(self) -> int:
        return int(self.bits.split()[0])

    def stored(self, values: Samples) -> Samples:
        """Samples as they lie in a file of this orientation."""
        return np.ascontiguousarray(STORED[int(self.orientation)](values))


def rows() -> list[list[str]]:
    lines = (PROJECT / "docs" / "photos.md").read_text().splitlines()
    table = [[cell.strip() for cell in line.strip("|").split("|")] for line in lines if line.startswith("| ")]
    assert tuple(table[0]) == Case._fields
    return table[1:]


def cases() -> list[Case]:
    found: list[Case] = []
    for row in rows():
        # "16, 32 as floats in [0, 1]": two depths, whose words hold for both.
        bits, _, words = row[1].partition(" as ")
        depths = [f"{depth} as {words}" if words else depth for depth in bits.split(", ")]
        found += map(Case._make, itertools.product([row[0]], depths, *(cell.split(", ") for cell in row[2:])))
    return found


@pytest.mark.parametrize("case", cases(), ids=" ".join)
def test_a_photo_of_the_table_is_read(case: Case) -> None:
    read = image.read({"TIFF": tiff, "PNG": png}.get(case.container, other)(case))
    expected, depth = picture(case.channels, case.colours), case.depth
    assert read.rgb.shape == expected.shape
    assert read.rgb.dtype == (np.uint16 if depth > 8 else np.uint8)
    step = {1: 40, 2: 15, 4: 4}.get(depth, 0.6)
    assert off(read.rgb, expected) <= max(WITHIN.get(case.container, 0.6), step)
    if "alpha" in case.channels or "clear" in case.channels:
        assert read.alpha is not None
        assert read.alpha.dtype == read.rgb.dtype
        np.testing.assert_array_equal(read.alpha == 0, clear() == 1)
    else:
        assert read.alpha is None


def clear() -> Samples:
    """1 where a picture with transparency is transparent, else 0."""
    mask = np.zeros(GREY.shape)
    mask[CLEAR] = 1
    return mask


def off(rgb: Samples, expected: Samples) -> float:
    """How far lightness is off, in units of L, on average."""
    return float(np.abs(color.rgb_to_lightness(rgb) - color.rgb_to_lightness(expected.astype(np.float32))).mean())


def picture(channels: str, colours: str) -> Samples:
    """What must come out, sRGB in [0, 1]: the samples that went in, seen through their colour space."""
    encoded = RGB if channels.startswith(("rgb", "cmyk", "lab", "ycbcr")) else np.repeat(GREY[..., None], 3, axis=2)
    gamma = {"linear": 1.0, "linear light": 1.0, "gamma 1.8": 1.8, "tables": 1.8, "gAMA": 1.8, "cICP": 1.0}.get(colours)
    if gamma is None:
        return encoded
    linear = encoded**gamma
    return np.where(linear <= 0.0031308, linear * 12.92, 1.055 * linear ** (1 / 2.4) - 0.055)


def tiff(case: Case) -> bytes:
    options = samples.compressed(case.layout)
    kind, _, further = case.channels.partition("+")
    if case.colours not in ("sRGB", "linear light"):
        options["iccprofile"] = samples.profile(case.colours, grey=kind == "grey")
    if kind.startswith("palette"):
        top = 255 if kind == "palette of bytes" else 65535
        options["colormap"] = np.repeat(np.linspace(0, top, 256).astype(np.uint16)[None], 3, axis=0)
    kinds = {
        "grey": ("minisblack", GREY),
        "white-is-zero": ("miniswhite", 1 - GREY),
        "rgb": ("rgb", RGB),
        "cmyk": ("separated", np.dstack([1 - RGB / RGB.max(axis=-1, keepdims=True), 1 - RGB.max(axis=-1)])),
    }
    photometric, values = kinds.get(kind, ("palette", GREY))
    if further:
        options["extrasamples"] = [{"alpha": "unassalpha", "other": "unspecified"}[further]]
        values = np.dstack([values, 1 - clear()])
    if case.depth not in (8, 16, 32):
        options["bitspersample"] = case.depth
    turned = case.stored(values.astype(f"f{case.depth // 8}") if "floats" in case.bits else whole(values, case.depth))
    if kind == "lab":
        photometric, turned = "cielab", case.stored(lab(case.depth))
    if kind == "ycbcr":
        photometric, turned = "ycbcr", case.stored(np.asarray(Image.fromarray(whole(RGB, 8)).convert("YCbCr")))
    if turned.ndim == 3 and "planes" in case.layout:
        turned = np.ascontiguousarray(turned.transpose(2, 0, 1))
    return samples.tiff(turned, int(case.orientation), photometric=photometric, **options)


def lab(depth: int) -> Samples:
    """`RGB` as TIFF's CIE Lab under D50: L over the whole range, a and b signed."""
    transform = ImageCms.buildTransform(ImageCms.createProfile("sRGB"), ImageCms.createProfile("LAB"), "RGB", "LAB")
    eight = np.asarray(transform.apply(Image.fromarray(whole(RGB, 8))))
    if depth == 8:
        return eight
    deep = eight.astype(np.uint16)
    deep[..., 0] = deep[..., 0] * 257
    deep[..., 1:] = (eight[..., 1:].view(np.int8).astype(np.int16) * 256).view(np.uint16)
    return deep


def png(case: Case) -> bytes:
    kind, _, further = case.channels.partition("+")
    colour = {"grey": 0, "rgb": 2, "palette": 3}[kind] + (4 if further == "alpha" else 0)
    top = 2**case.depth - 1
    values = whole(RGB if kind == "rgb" else GREY, case.depth)
    side = [png_colours(case, grey=kind == "grey")] if case.colours != "sRGB" else []
    if colour == 3:
        side.append(samples.chunk(b"PLTE", np.repeat(whole(np.linspace(0, 1, top + 1), 8), 3).tobytes()))
    if further == "alpha":
        values = np.dstack([values, whole(1 - clear(), case.depth)])
    if further == "clear":  # the corner has a colour that nothing else has
        if case.depth < 8:
            values = np.minimum(values, top - 1)
            values[CLEAR] = top
        key = values[0, 0].reshape(-1).astype(">u2").tobytes()
        side.append(samples.chunk(b"tRNS", key if colour != 3 else b"\xff" * top + b"\0"))
    if case.orientation != "1":
        side.append(samples.chunk(b"eXIf", exif(case).tobytes().removeprefix(b"Exif\0\0")))
    return samples.png(case.stored(values), colour, case.depth, *side, interlaced=case.layout == "interlaced")


def png_colours(case: Case, *, grey: bool) -> bytes:
    if case.colours == "gAMA":
        return samples.chunk(b"gAMA", struct.pack(">I", 55556))
    if case.colours == "cICP":
        return samples.chunk(b"cICP", bytes([1, 8, 0, 1]))
    packed = zlib.compress(samples.profile(case.colours, grey=grey))
    return samples.chunk(b"iCCP", b"profile\0\0" + packed)


def exif(case: Case) -> Image.Exif:
    notes = Image.Exif()
    notes[0x0112] = int(case.orientation)
    return notes


def other(case: Case) -> bytes:
    kind, _, further = case.channels.partition("+")
    values = whole(RGB if kind == "rgb" else GREY, case.depth)
    if case.depth == 16:
        magic = b"P5" if kind == "grey" else b"P6"
        return b"%b\n# a scan\n%d %d\n65535\n" % (magic, *GREY.shape[::-1]) + values.astype(">u2").tobytes()
    if further:
        values = np.dstack([values, whole(1 - clear(), 8)])
    options: dict[str, Any] = {
        "JPEG": {"quality": 98, "subsampling": 0, "progressive": case.layout == "progressive"},
        "WEBP": {"lossless": True, "exact": True},
        "AVIF": {"quality": 100},
    }.get(case.container, {})
    if options:
        options["exif"] = exif(case)
    if case.colours != "sRGB":
        options["icc_profile"] = samples.profile(case.colours, grey=kind == "grey")
    return samples.pillow(case.stored(values), case.container, **options)


@pytest.mark.parametrize("colours", ["linear", "gamma 1.8", "tables"])
@pytest.mark.parametrize("grey", [True, False])
def test_sixteen_bits_are_managed_as_littlecms_manages_them(colours: str, grey: bool) -> None:
    """Every level counts: 4096 levels of grey, and random colours, half of them dark."""
    random = np.random.default_rng(0)
    values = random.random((64, 64, 3)) ** np.array([1, 2, 4])[random.integers(3, size=(64, 64, 1))] * 65535
    deep = np.linspace(0, 65535, 4096).reshape(64, 64).astype(np.uint16) if grey else values.astype(np.uint16)
    profile = samples.profile(colours, grey=grey)
    read = image.read(samples.tiff(deep, 1, photometric="minisblack" if grey else "rgb", iccprofile=profile))
    expected = samples.littlecms(deep, profile)
    assert np.abs(color.rgb_to_lightness(read.rgb) - color.rgb_to_lightness(expected)).max() <= 0.6
    if icc.shaper(profile):  # curves and a matrix are computed, not interpolated
        assert np.abs(read.rgb.astype(int) - expected).max() <= 1  # of 65535
