"""The table of photo formats is true of Pillow, and of the page."""

import re
from pathlib import PurePath

import numpy as np
import pytest
from PIL import Image

from sdk import Colorizer, OutputError, formats
from sdk.contract import Contract
from sdk.testing import FakeBackend
from tests.conftest import PROJECT


@pytest.mark.parametrize("known", formats.FORMATS, ids=lambda known: known.name)
def test_every_format_is_read_and_written_as_the_table_says(known: formats.PhotoFormat, tmp_path) -> None:
    grey = Image.fromarray(np.full((6, 8), 90, np.uint8))
    path = tmp_path / f"photo{known.suffixes[0]}"
    grey.save(path, known.name)
    coloured = Colorizer(FakeBackend(), contract=Contract(side=16)).colorize(path)
    assert np.abs(np.asarray(coloured, int) - 90).max() <= 1
    out = tmp_path / f"out{known.suffixes[-1]}"
    if not known.written:
        with pytest.raises(OutputError, match="no suffix"):
            Colorizer(FakeBackend(), contract=Contract(side=16)).colorize_file(path, out)
        return
    Colorizer(FakeBackend(), contract=Contract(side=16)).colorize_file(path, out)
    with Image.open(out) as written:
        assert (written.format, written.size) == (known.name, (8, 6))


def test_a_suffix_belongs_to_one_format() -> None:
    assert len(formats.suffixes()) == sum(len(known.suffixes) for known in formats.FORMATS)
    assert formats.is_photo("ALBUM/SCAN.TIF")
    assert not formats.is_photo("notes.txt")


def test_the_page_writes_formats_of_the_table() -> None:
    types = re.search(r"readonly type\?: (.+);", (PROJECT / "web" / "src" / "colorizer.ts").read_text())
    assert types
    for name in re.findall(r"image/(\w+)", types[1]):
        assert formats.output_format(PurePath(f"photo.{name}")).kept
