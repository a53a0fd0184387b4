"""Whole pixels in files that are not quite whole, which every other program reads."""

import io
import struct
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from sdk import PhotoError, color, image
from tests import samples
from tests.samples import GREY, whole


def jpeg() -> bytes:
    file = io.BytesIO()
    Image.fromarray(whole(GREY, 8)).save(file, "JPEG", quality=98)
    return file.getvalue()


def rle4(*, odd: bool) -> bytes:
    """A BMP of 16 greys in absolute runs, whose pixels begin at an even or an odd place."""
    rows = b""
    for row in whole(GREY, 4)[::-1]:
        rows += bytes([0, len(row)]) + bytes(left << 4 | right for left, right in row.reshape(-1, 2)) + b"\0\0"
    palette = b"".join(bytes([level * 17] * 3 + [0]) for level in range(16)) + bytes(odd)
    height, width = GREY.shape
    header = struct.pack("<IiiHHIIiiII", 40, width, height, 1, 4, 2, len(rows), 0, 0, 16, 16)
    start = 14 + len(header) + len(palette)
    return b"BM" + struct.pack("<IHHI", start + len(rows), 0, 0, start) + header + palette + rows


BAD_NOTE = samples.chunk(b"tEXt", b"a\0b")[:-1] + b"!"
FILES = {
    "JPEG without its end marker": lambda: jpeg()[:-2],
    "JPEG with a short APP0": lambda: jpeg()[:2] + b"\xff\xe0\x00\x07JFIF\0" + jpeg()[20:],
    "JPEG with damaged EXIF": lambda: jpeg()[:2] + b"\xff\xe1\x00\x0eExif\0\0no exif" + jpeg()[2:],
    "PNG with a bad checksum on a note": lambda: samples.png(
        whole(GREY, 8), 0, 8, samples.chunk(b"tEXt", b"a\0b")[:-1] + b"!"
    ),
    "TIFF with a pointer to nowhere": lambda: with_next_page(0x7FFFFFFF),
    "TIFF with a pointer into its header": lambda: with_next_page(3),
    "BMP of runs": lambda: rle4(odd=False),
    "BMP of runs at an odd place": lambda: rle4(odd=True),
}


def with_next_page(pointer: int) -> bytes:
    content = bytearray(samples.tiff(whole(GREY, 8), 1, photometric="minisblack"))
    (start,) = struct.unpack_from("<I", content, 4)
    (count,) = struct.unpack_from("<H", content, start)
    struct.pack_into("<I", content, start + 2 + 12 * count, pointer)
    return bytes(content)


@pytest.mark.parametrize("kind", FILES)
def test_a_file_with_whole_pixels_is_read(kind: str) -> None:
    read = image.read(FILES[kind]())
    expected = color.rgb_to_lightness(np.repeat(GREY[..., None], 3, axis=2).astype(np.float32))
    assert np.abs(color.rgb_to_lightness(read.rgb) - expected).mean() < (2.5 if "BMP" in kind else 1)


def test_a_jpeg_that_lacks_pixels_is_refused() -> None:
    with pytest.raises(PhotoError, match="damaged"):
        image.read(jpeg()[: len(jpeg()) * 2 // 3])


def test_bytes_are_never_read_from_a_file_of_the_same_name(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Pillow maps uncompressed files by name."""
    monkeypatch.chdir(tmp_path)
    (tmp_path / "These bytes").write_bytes(samples.tiff(whole(1 - GREY, 8), 1, photometric="minisblack"))
    read = image.read(samples.tiff(whole(GREY, 8), 1, photometric="minisblack"))
    np.testing.assert_array_equal(read.rgb[..., 0], whole(GREY, 8))
