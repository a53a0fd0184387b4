"""Which directories of a TIFF are pages: not thumbnails, masks or what a scanner saw in infrared."""

import io
from typing import Any

import numpy as np
import pytest
import tifffile

from sdk import image
from tests.samples import GREY, RGB, whole

RGB16, GREY16 = whole(RGB, 16), whole(GREY, 16)
LARGE = np.kron(RGB16, np.ones((30, 30, 1), np.uint16))
PAGE_NUMBER = (297, "H", 2, (1, 2), True)


def pages_of(*pages: tuple[np.ndarray, dict[str, Any]]) -> int:
    file = io.BytesIO()
    with tifffile.TiffWriter(file) as writer:
        for samples, options in pages:
            photometric = "rgb" if samples.ndim == 3 else "minisblack"
            writer.write(samples, **{"metadata": None, "photometric": photometric, **options})
    return image.read_pages(file.getvalue())[0]


@pytest.mark.parametrize(
    ("second", "options", "count"),
    [
        (RGB16[::4, ::4].copy(), {"subfiletype": 1}, 1),
        (GREY > 0.5, {"subfiletype": 4, "photometric": "mask"}, 1),
        (GREY16, {}, 1),
        (GREY16, {"subfiletype": 2}, 2),
        (GREY16, {"extratags": [PAGE_NUMBER]}, 2),
        (GREY16[:-1], {}, 2),
        (whole(GREY, 8), {}, 2),
        (RGB16, {}, 2),
    ],
    ids=["reduced", "mask", "infrared", "a page", "numbered", "of another size", "of 8 bits", "of colours"],
)
def test_what_follows_a_photo_is_a_page_or_none(second: np.ndarray, options: dict[str, Any], count: int) -> None:
    assert pages_of((RGB16, {}), (second, options)) == count


def test_a_thumbnail_need_not_say_that_it_is_one() -> None:
    assert pages_of((LARGE, {}), (RGB16, {})) == 1
    assert pages_of((RGB16, {}), (LARGE, {})) == 1


def test_two_pages_and_a_grey_one_are_three() -> None:
    assert pages_of((RGB16, {}), (GREY16, {}), (RGB16, {})) == 3
