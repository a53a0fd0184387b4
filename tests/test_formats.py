"""The table of photo formats is true of Pillow, and of the page."""

import re
import struct
import sys
from pathlib import Path, PurePath

import numpy as np
import pytest
from PIL import Image

from sdk import Colorizer, OutputError, PhotoError, formats
from sdk.contract import Contract
from sdk.testing import FakeBackend
from tests.conftest import PHOTOS, PROJECT
from tests.edited import Edit, run_edited


@pytest.mark.parametrize("known", formats.FORMATS, ids=lambda known: known.name)
def test_every_format_is_read_and_written_as_the_table_says(known: formats.PhotoFormat, tmp_path: Path) -> None:
    if known.plugin:
        pytest.importorskip(known.plugin, reason=f"NOT MEASURED: {known.extra} is not installed")
    grey = Image.fromarray(np.full((16, 16), 90, np.uint8))
    path = tmp_path / f"photo{known.suffixes[0]}"
    if known.name == "PSD":
        path.write_bytes(flattened_psd(np.asarray(grey)))
    else:
        grey.save(path, known.name)
    coloured = Colorizer(FakeBackend(), contract=Contract(side=16)).colorize(path)
    assert np.abs(np.asarray(coloured.convert("RGB"), int) - 90).max() <= 1
    out = tmp_path / f"out{known.suffixes[-1]}"
    if not known.written:
        with pytest.raises(OutputError, match="no suffix"):
            Colorizer(FakeBackend(), contract=Contract(side=16)).colorize_file(path, out)
        return
    Colorizer(FakeBackend(), contract=Contract(side=16)).colorize_file(path, out)
    with Image.open(out) as written:
        assert (written.format, written.size) == (known.name, (16, 16))


@pytest.mark.parametrize("known", [known for known in formats.FORMATS if known.written], ids=lambda known: known.name)
def test_transparency_stays_or_the_file_is_refused(known: formats.PhotoFormat, tmp_path: Path) -> None:
    colorizer = Colorizer(FakeBackend(), contract=Contract(side=16))
    grey, out = np.full((16, 16, 4), 90, np.uint8), tmp_path / f"out{known.suffixes[0]}"
    grey[..., 3] = 255
    Image.fromarray(grey).save(tmp_path / "opaque.png")
    colorizer.colorize_file(tmp_path / "opaque.png", out)
    grey[:8, :, 3] = 0
    Image.fromarray(grey).save(tmp_path / "seen through.png")
    if known.alpha:
        colorizer.colorize_file(tmp_path / "seen through.png", out, overwrite=True)
        assert (np.asarray(Image.open(out).convert("RGBA"))[..., 3] < 128).mean() == 0.5
    else:
        with pytest.raises(OutputError, match=r"cannot hold the photo's transparency; write a \.png"):
            colorizer.colorize_file(tmp_path / "seen through.png", out, overwrite=True)


def flattened_psd(grey: np.ndarray) -> bytes:
    """A Photoshop file without layers (Adobe Photoshop File Formats Specification)."""
    height, width = grey.shape
    header = b"8BPS" + struct.pack(">H6xHIIHH", 1, 1, height, width, 8, 1)
    return header + bytes(12) + struct.pack(">H", 0) + grey.tobytes()


def test_a_format_whose_package_is_missing_names_the_extra(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "pillow_heif", None)
    monkeypatch.delitem(sys.modules, "pillow_heif.HeifImagePlugin", raising=False)
    with pytest.raises(PhotoError, match=r"pip install edge-colorizer\[heif\]"):
        Colorizer(FakeBackend(), contract=Contract(side=16)).colorize(b"\0\0\0\x18ftypheic" + bytes(50))


def test_a_suffix_belongs_to_one_format() -> None:
    assert len(formats.suffixes()) == sum(len(known.suffixes) for known in formats.FORMATS)
    assert formats.is_photo("ALBUM/SCAN.TIF")
    assert not formats.is_photo("notes.txt")


def test_the_page_writes_formats_of_the_table() -> None:
    types = re.search(r"readonly type\?: (.+);", (PROJECT / "web" / "src" / "colorizer.ts").read_text())
    assert types
    for name in re.findall(r"image/(\w+)", types[1]):
        assert formats.output_format(PurePath(f"photo.{name}")).kept


QOI = Edit(
    "formats.py",
    "FORMATS: Final = (\n",
    """FORMATS: Final = (
    PhotoFormat(name="QOI", suffixes=(".qoi",), signature=rb"qoif"),
""",
)
QOI_EVERYWHERE = f"""
from pathlib import Path
import numpy as np
from PIL import Image
from sdk import Colorizer, cli

Path("album").mkdir()
Image.open({str(PHOTOS / "cat.jpg")!r}).convert("L").resize((60, 40)).convert("RGB").save("album/cat.qoi")
colorizer = Colorizer.load()
coloured = np.asarray(colorizer.colorize("album/cat.qoi"))
assert np.array_equal(np.asarray(colorizer.colorize(Path("album/cat.qoi").read_bytes())), coloured)
colorizer.colorize_file("album/cat.qoi", "cat.qoi")
assert cli.main(["album", "-o", "folder", "--quiet"]) == 0
assert cli.main(["album", "-o", "named", "--quiet", "--format", "qoi"]) == 0
for file in ("cat.qoi", "folder/cat.qoi", "named/cat.qoi"):
    with Image.open(file) as written:
        assert written.format == "QOI"
        assert np.array_equal(np.asarray(written)[..., :3], coloured)
"""


def test_one_more_format_is_a_line_of_the_table(tmp_path: Path) -> None:
    """Of those that Pillow knows."""
    run_edited(tmp_path, (QOI,), QOI_EVERYWHERE)
