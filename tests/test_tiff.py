"""What writers of TIFFs do beside the decode matrix of docs/photos.md."""

import io
import struct

import numpy as np
import pytest
from PIL import Image

from sdk import PhotoError, image
from tests import samples
from tests.samples import GREY, RGB, whole


def entries_of(scan: bytearray, at: int) -> range:
    """Where the entries of the directory at `at` lie."""
    return range(at + 2, at + 2 + 12 * struct.unpack_from("<H", scan, at)[0], 12)


def test_tiles_may_be_placed_as_strips_are() -> None:
    scan = bytearray(samples.tiff(whole(RGB, 8), 1, photometric="rgb", tile=(16, 16), compression="lzw"))
    (at,) = struct.unpack_from("<I", scan, 4)
    for entry in entries_of(scan, at):
        (tag,) = struct.unpack_from("<H", scan, entry)
        struct.pack_into("<H", scan, entry, {324: 273, 325: 279}.get(tag, tag))
    np.testing.assert_array_equal(image.read(bytes(scan)).rgb, whole(RGB, 8))


@pytest.mark.parametrize("compression", [None, "lzw"])
def test_a_palette_may_have_as_many_colours_as_16_bits_count(compression: str | None) -> None:
    ramp = np.repeat(np.arange(65536, dtype=np.uint16)[None], 3, axis=0)
    options = {"compression": compression} if compression else {}
    scan = samples.tiff(whole(GREY, 16), 1, photometric="palette", colormap=ramp, **options)
    assert np.abs(image.read(scan).rgb - 255 * GREY[..., None]).max() <= 1


@pytest.mark.parametrize("compression", ["group3", "group4"])
def test_a_fax_may_have_two_colours(compression: str) -> None:
    file, colours = io.BytesIO(), np.array([[200, 90, 30], [20, 40, 80]])
    Image.fromarray(GREY > 0.5).save(file, "TIFF", compression=compression)
    fax = bytearray(file.getvalue())
    (at,) = struct.unpack_from("<I", fax, 4)
    entries = [bytes(fax[entry : entry + 12]) for entry in entries_of(fax, at)]
    entries = [entry for entry in entries if entry[:2] not in (struct.pack("<H", 262), struct.pack("<H", 320))]
    palette = (colours.T * 257).astype("<u2").tobytes()
    entries += [struct.pack("<HHIHxx", 262, 3, 1, 3), struct.pack("<HHII", 320, 3, 6, len(fax))]
    directory = struct.pack("<H", len(entries)) + b"".join(sorted(entries)) + bytes(4)
    fax[4:8] = struct.pack("<I", len(fax) + len(palette))
    np.testing.assert_array_equal(image.read(bytes(fax) + palette + directory).rgb, colours[(GREY > 0.5).astype(int)])


@pytest.mark.parametrize("bits", [8, 16])
@pytest.mark.parametrize("photometric", ["minisblack", "miniswhite", "rgb"])
def test_colours_multiplied_by_their_opacity_are_divided(photometric: str, bits: int) -> None:
    opacity = np.linspace(0.5, 1, GREY.shape[1])[None].repeat(len(GREY), axis=0)
    values = {"minisblack": GREY[..., None], "miniswhite": 1 - GREY[..., None], "rgb": RGB}[photometric]
    scan = whole(np.dstack([values * opacity[..., None], opacity]), bits)
    read = image.read(samples.tiff(scan, 1, photometric=photometric, extrasamples=["assocalpha"]))
    expected = RGB if photometric == "rgb" else np.repeat(GREY[..., None], 3, axis=2)
    assert np.abs(read.rgb / (2.0**bits - 1) - expected).max() <= 2 / (2**bits - 1)


def test_a_strip_of_no_length_goes_to_the_files_end() -> None:
    scan = bytearray(samples.tiff(whole(GREY, 8), 1, photometric="minisblack"))
    (at,) = struct.unpack_from("<I", scan, 4)
    for entry in entries_of(scan, at):
        if scan[entry : entry + 2] == struct.pack("<H", 279):
            scan[entry + 8 : entry + 12] = bytes(4)
    np.testing.assert_array_equal(image.read(bytes(scan)).rgb[..., 0], whole(GREY, 8))


@pytest.mark.parametrize(("most", "read"), [(1.005, True), (1.05, False)])
def test_floats_a_hair_outside_are_cut_off(most: float, read: bool) -> None:
    scan = samples.tiff(np.linspace(0, most, 64, dtype=np.float32).reshape(8, 8), 1, photometric="minisblack")
    if read:
        assert image.read(scan).rgb[-1, -1, 0] == 65535
    else:
        with pytest.raises(PhotoError, match="it holds floats"):
            image.read(scan)
