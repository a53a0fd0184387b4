"""BMPs as old programs wrote them: masks of any kind, rows from either end."""

import struct

import numpy as np
import pytest

from sdk import image
from tests.samples import CLEAR, HEIGHT, RGB, WIDTH, whole

ALPHA = np.ones((HEIGHT, WIDTH))
ALPHA[CLEAR] = 0
RGBA = np.dstack([RGB, ALPHA])


def bmp(pixels: np.ndarray, masks: tuple[int, ...], *, header: int, top_first: bool) -> bytes:
    """(height, width) numbers, whose channels the masks tell apart."""
    rows = np.ascontiguousarray(pixels if top_first else pixels[::-1])
    packed = struct.pack(f"<{len(masks)}I", *masks)
    height = -HEIGHT if top_first else HEIGHT
    compression = 6 if header == 40 and len(masks) == 4 else 3
    described = struct.pack(
        "<IiiHHIIiiII", header, WIDTH, height, 1, 8 * pixels.itemsize, compression, rows.nbytes, 11811, 11811, 0, 0
    )
    described = described + packed if header == 40 else (described + packed).ljust(header, b"\0")
    start = 14 + len(described)
    return b"BM" + struct.pack("<I4xI", start + rows.nbytes, start) + described + rows.tobytes()


@pytest.mark.parametrize("top_first", [False, True])
@pytest.mark.parametrize("header", [40, 52, 56, 108, 124])
@pytest.mark.parametrize(
    ("bits", "masks"),
    [
        (32, (0xFF0000, 0xFF00, 0xFF)),
        (32, (0xFF, 0xFF00, 0xFF0000)),
        (32, (0x3FF00000, 0xFFC00, 0x3FF)),
        (32, (0xFF0000, 0xFF00, 0xFF, 0xFF000000)),
        (16, (0xF800, 0x7E0, 0x1F)),
        (16, (0x7C00, 0x3E0, 0x1F, 0x8000)),
        (16, (0xF00, 0xF0, 0xF, 0xF000)),
    ],
    ids=lambda value: str(value) if isinstance(value, int) else " ".join(f"{mask:x}" for mask in value),
)
def test_every_mask_is_read(bits: int, masks: tuple[int, ...], header: int, top_first: bool) -> None:
    dtype = f"<u{bits // 8}"
    pixels = np.zeros((HEIGHT, WIDTH), dtype)
    for channel, mask in enumerate(masks):
        lowest = mask & -mask
        pixels |= (np.rint(RGBA[..., channel] * (mask // lowest)) * lowest).astype(dtype)
    if header >= 56 and len(masks) == 3:
        masks = (*masks, 0)
    read = image.read(bmp(pixels, masks, header=header if len(masks) == 3 or header != 52 else 56, top_first=top_first))
    step = 255 / min(mask // (mask & -mask) for mask in masks[:3])
    assert np.abs(read.rgb - 255 * RGB).max() <= step / 2 + 1
    assert (read.alpha is None) == (len(masks) == 3 or not masks[3])
    if read.alpha is not None:
        np.testing.assert_array_equal(read.alpha, whole(ALPHA, 8))
    assert read.notes.dpi == pytest.approx((300, 300), abs=0.1)


def test_fewer_pixels_than_it_says_are_refused() -> None:
    whole_file = bmp(np.zeros((HEIGHT, WIDTH), "<u4"), (0xFF0000, 0xFF00, 0xFF), header=40, top_first=False)
    with pytest.raises(image.PhotoError, match="damaged"):
        image.read(whole_file[:-10])
