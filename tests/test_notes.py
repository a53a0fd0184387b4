"""What a photo carries beside its pixels stays, and its file tells what made the colours."""

import os
from pathlib import Path

import numpy as np
import pytest
from PIL import Image, PngImagePlugin

from sdk import Colorizer, OptionError, OutputError, batch, xmp
from sdk.contract import Contract
from sdk.planning import Job
from sdk.testing import FakeBackend

GREY = np.full((20, 30, 3), 128, np.uint8)
PACKET = (
    b'<x:xmpmeta xmlns:x="adobe:ns:meta/"><rdf:RDF xmlns:rdf="http://www.w3.org/1999/02/22-rdf-syntax-ns#">'
    b'<rdf:Description rdf:about="" xmlns:tiff="http://ns.adobe.com/tiff/1.0/" tiff:Orientation="6" '
    b'xmlns:dc="http://purl.org/dc/elements/1.1/" dc:format="image/jpeg"/></rdf:RDF></x:xmpmeta>'
)
IPTC = b"8BIM\x04\x04\0\0\0\0\0\x0b\x1c\x02\x50\0\x06Author\0"


@pytest.fixture
def colorizer() -> Colorizer:
    return Colorizer(FakeBackend(), contract=Contract(side=16))


def xmp_of(path: Path) -> bytes:
    with Image.open(path) as opened:
        found = opened.info.get("xmp") or opened.info.get("XML:com.adobe.xmp") or b""
    return found.encode() if isinstance(found, str) else found


@pytest.mark.parametrize("suffix", [".jpg", ".png", ".webp", ".tif", ".avif"])
def test_notes_stay_and_the_mark_is_added(suffix: str, tmp_path: Path, colorizer: Colorizer) -> None:
    app13 = b"Photoshop 3.0\0" + IPTC
    extra = b"\xff\xed" + (len(app13) + 2).to_bytes(2) + app13
    photo = tmp_path / "in.jpg"
    Image.fromarray(GREY).save(photo, xmp=PACKET, dpi=(300, 300), comment=b"attic", extra=extra)
    out = tmp_path / f"out{suffix}"
    colorizer.colorize_file(photo, out)
    packet = xmp_of(out)
    assert b"image/jpeg" in packet
    assert b"Orientation" not in packet
    assert xmp.ENHANCED.encode() in packet
    assert b"edge-colorizer" in packet
    with Image.open(out) as opened:
        if suffix in (".jpg", ".png", ".tif"):
            assert opened.info["dpi"] == pytest.approx((300, 300), abs=0.1)
        if suffix == ".jpg":
            assert opened.info["comment"] == b"attic"
    if suffix in (".jpg", ".tif"):
        assert IPTC in out.read_bytes()
    colorizer.colorize_file(photo, out, overwrite=True, mark=False)
    assert b"image/jpeg" in xmp_of(out)
    assert xmp.ENHANCED.encode() not in xmp_of(out)


@pytest.mark.parametrize("suffix", [".jpg", ".tif"])
def test_a_file_is_as_old_as_its_photo_on_request(suffix: str, tmp_path: Path, colorizer: Colorizer) -> None:
    photo, out, young = tmp_path / "in.png", tmp_path / f"out{suffix}", tmp_path / "young.png"
    Image.fromarray(GREY).save(photo)
    os.utime(photo, ns=(10**18, 10**18 + 7_000))
    colorizer.colorize_file(photo, out, keep_times=True)
    colorizer.colorize_file(photo, young)
    assert out.stat().st_mtime_ns == photo.stat().st_mtime_ns != young.stat().st_mtime_ns
    list(batch.run(colorizer, [Job(photo, young)], workers=1, overwrite=True, keep_times=True))
    assert young.stat().st_mtime_ns == photo.stat().st_mtime_ns
    with pytest.raises(OptionError, match="no times to keep"):
        colorizer.colorize_file(photo.read_bytes(), tmp_path / "of-bytes.png", keep_times=True)


def test_a_pngs_text_and_sixteen_bits_stay(tmp_path: Path, colorizer: Colorizer) -> None:
    text = PngImagePlugin.PngInfo()
    text.add_text("Title", "Großmutter")
    Image.fromarray(GREY[..., 0].astype(np.uint16) * 257).save(tmp_path / "in.png", pnginfo=text, dpi=(600, 600))
    colorizer.colorize_file(tmp_path / "in.png", tmp_path / "out.png")
    with Image.open(tmp_path / "out.png") as opened:
        assert opened.info["Title"] == "Großmutter"
        assert opened.info["dpi"] == pytest.approx((600, 600), abs=0.1)


def test_notes_too_long_for_a_jpeg_are_trimmed(tmp_path: Path, colorizer: Colorizer) -> None:
    exif = Image.Exif()
    exif[0x010F] = "Leica"
    exif[0x8769] = {0x927C: bytes(60_000), 0x9286: bytes(60_000)}
    Image.fromarray(GREY).save(tmp_path / "in.png", exif=exif)
    colorizer.colorize_file(tmp_path / "in.png", tmp_path / "out.jpg")
    with Image.open(tmp_path / "out.jpg") as opened:
        assert opened.getexif()[0x010F] == "Leica"


def test_a_damaged_packet_is_replaced() -> None:
    assert xmp.ENHANCED.encode() in xmp.of_coloured(b"<x:xmpmeta", mark=True)
    assert xmp.of_coloured(b"", mark=False) == b""


@pytest.mark.parametrize("bits", [8, 16])
def test_every_page_is_coloured_into_a_tiff(bits: int, tmp_path: Path, colorizer: Colorizer) -> None:
    import tifffile

    pages = [np.full((9, 7), value, f"u{bits // 8}") for value in (10, 100, 200)]
    with tifffile.TiffWriter(tmp_path / "in.tif") as writer:
        for page in pages:
            writer.write(page, photometric="minisblack", metadata=None)
    colorizer.colorize_file(tmp_path / "in.tif", tmp_path / "out.tif")
    written = tifffile.imread(tmp_path / "out.tif")
    assert (written.shape, written.dtype) == ((3, 9, 7, 3), pages[0].dtype)
    assert np.abs(written[..., 0].astype(int) - np.stack(pages)).max() <= 1
    with pytest.raises(OutputError, match="one picture, not 3"):
        colorizer.colorize_file(tmp_path / "in.tif", tmp_path / "out.jpg")
    assert not (tmp_path / "out.jpg").exists()


@pytest.mark.parametrize("suffix", [".gif", ".webp", ".png"])
def test_every_frame_is_coloured_with_its_duration(suffix: str, tmp_path: Path, colorizer: Colorizer) -> None:
    frames = [Image.new("L", (16, 12), value) for value in (0, 100, 200)]
    frames[0].save(tmp_path / f"in{suffix}", save_all=True, append_images=frames[1:], duration=[100, 200, 300], loop=0)
    colorizer.colorize_file(tmp_path / f"in{suffix}", tmp_path / f"out{suffix}")
    with Image.open(tmp_path / f"out{suffix}") as opened:
        assert getattr(opened, "n_frames", 1) == 3
        durations = []
        for frame in range(3):
            opened.seek(frame)
            opened.load()
            durations.append(opened.info["duration"])
            assert abs(np.asarray(opened.convert("RGB"), int).mean() - frame * 100) <= 3
        assert durations == [100, 200, 300]
