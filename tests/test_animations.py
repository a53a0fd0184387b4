"""Animations are read as browsers show them, and written with every frame, whole, for as long as it was shown."""

import io
import struct
import zlib
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import tifffile
from PIL import GifImagePlugin, Image

from sdk import Colorizer, OutputError, PhotoError, image
from sdk.containers.png import chunk
from sdk.contract import Contract
from sdk.photo import Photo
from sdk.testing import FakeBackend
from tests.samples import Samples

HEIGHT, WIDTH = 12, 16
GREYS = bytes(level for level in range(256) for _ in range(3))
KEEP, CLEAR, RESTORE = 1, 2, 3  # a GIF's; a PNG counts from 0


@pytest.fixture
def colorizer() -> Colorizer:
    return Colorizer(FakeBackend(), contract=Contract(side=16))


def level(value: int, height: int = HEIGHT, width: int = WIDTH) -> Samples:
    return np.full((height, width), value, np.uint8)


def gif(*frames: dict[str, Any], loop: int | None = 0, shared: bytes = GREYS, end: bytes = b";") -> bytes:
    """Of each frame `pixels`, and perhaps `at`, `after`, `clear` (a transparent level), `delay` and `table`."""
    content = b"GIF89a" + struct.pack("<HHBBB", WIDTH, HEIGHT, 0xF7, 0, 0) + shared
    if loop is not None:
        content += b"!\xff\x0bNETSCAPE2.0\3\1" + struct.pack("<HB", loop, 0)
    for frame in frames:
        clear, table = frame.get("clear"), frame.get("table", b"")
        told = frame.get("after", 0) << 2 | (clear is not None)
        content += b"!\xf9\4" + struct.pack("<BHBB", told, frame.get("delay", 5), clear or 0, 0)
        pixels, (left, top) = frame["pixels"], frame.get("at", (0, 0))
        content += b"," + struct.pack("<4HB", left, top, *pixels.shape[::-1], 0x87 if table else 0) + table
        indexed = Image.fromarray(pixels, "P")
        indexed.putpalette(GREYS)
        content += b"".join(GifImagePlugin.getdata(indexed))[10:]
    return content + end


def png(*frames: dict[str, Any], apart: Samples | None = None, count: int | None = None, loops: int = 0) -> bytes:
    """Of each frame `pixels`, and perhaps `at`, `after`, `over` and `delay`; of samples' own depth and channels."""
    first = frames[0]["pixels"]
    colour = {1: 0, 3: 2, 4: 6}[first.shape[2] if first.ndim == 3 else 1]
    header = struct.pack(">IIBBBBB", first.shape[1], first.shape[0], 8 * first.itemsize, colour, 0, 0, 0)
    content = b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", header)
    content += chunk(b"acTL", struct.pack(">II", len(frames) if count is None else count, loops))
    content += b"" if apart is None else chunk(b"IDAT", packed(apart))
    for number, frame in enumerate(frames):
        pixels, delay = frame["pixels"], frame.get("delay", (50, 1000))
        control = struct.pack(">5I", 2 * number, *pixels.shape[1::-1], *frame.get("at", (0, 0)))
        content += chunk(b"fcTL", control + struct.pack(">2H2B", *delay, frame.get("after", 0), frame.get("over", 0)))
        if number == 0 and apart is None:
            content += chunk(b"IDAT", packed(pixels))
        else:
            content += chunk(b"fdAT", struct.pack(">I", 2 * number + 1) + packed(pixels))
    return content + chunk(b"IEND", b"")


def packed(samples: Samples) -> bytes:
    rows = samples.astype(samples.dtype.newbyteorder(">")).reshape(len(samples), -1).view(np.uint8)
    return zlib.compress(b"".join(b"\0" + row.tobytes() for row in rows))


def read(source: bytes | Path) -> list[Photo]:
    return list(image.read_pages(source)[1])


def rgba(photo: Photo, row: int, column: int) -> list[int]:
    return [*photo.rgb[row, column].tolist(), 255 if photo.alpha is None else int(photo.alpha[row, column])]


def test_a_gif_frames_disposal_is_its_own() -> None:
    small = {"pixels": level(100, 4, 4), "clear": 0}
    frames = read(
        gif(
            {"pixels": level(10), "after": KEEP},
            {**small, "at": (0, 0), "after": CLEAR},
            {**small, "at": (4, 0)},  # names none, and stays
            {**small, "at": (8, 0), "after": RESTORE},
            {**small, "at": (12, 0)},
        )
    )
    assert [rgba(frames[2], 0, column) for column in (0, 4, 8)] == [
        [0, 0, 0, 0],
        [100, 100, 100, 255],
        [10, 10, 10, 255],
    ]
    assert [rgba(frames[4], 0, column)[0] for column in (4, 8, 12)] == [100, 10, 100]


def test_what_an_opaque_gif_frame_leaves_is_the_background() -> None:
    table = b"\x30\x30\x30" + GREYS[3:]
    frames = read(
        gif({"pixels": level(90, 4, 4), "after": CLEAR}, {"pixels": level(70, 4, 4), "at": (8, 8)}, shared=table)
    )
    assert [rgba(frames[0], *place) for place in ((0, 0), (11, 15))] == [[90, 90, 90, 255], [48, 48, 48, 255]]
    assert rgba(frames[1], 0, 0) == [48, 48, 48, 255]


def test_a_gif_frame_has_its_own_palette_and_may_reach_out() -> None:
    inverted = GREYS[::-1]
    frames = read(gif({"pixels": level(10)}, {"pixels": level(10, 8, 8), "at": (12, 8), "table": inverted}))
    assert [frame.rgb.shape[:2] for frame in frames] == [(HEIGHT, WIDTH)] * 2
    assert [rgba(frames[1], 11, column)[0] for column in (0, 15)] == [10, 245]


@pytest.mark.parametrize(("count", "shown"), [(0, [60]), (1, [60]), (2, [60, 90]), (0xFFFFFFFF, [60])])
def test_a_png_has_as_many_frames_as_it_says(count: int, shown: list[int]) -> None:
    content = png({"pixels": level(60)}, {"pixels": level(90)}, {"pixels": level(120)}, count=count)
    assert [rgba(frame, 0, 0)[0] for frame in read(content)] == shown


def test_what_lies_between_a_gifs_blocks_is_passed_over() -> None:
    content = gif({"pixels": level(10)}, {"pixels": level(90)})
    assert len(read(content.replace(b"!\xf9", b"\0\0!\xf9"))) == 2


def test_a_frame_of_a_png_shines_through_as_far_as_it_says() -> None:
    below, above = np.dstack([level(200)] * 3 + [level(128)]), np.dstack([level(100, 4, 4)] * 3 + [level(128, 4, 4)])
    frames = read(png({"pixels": below}, {"pixels": above, "over": 1, "after": 2}, {"pixels": above, "at": (8, 8)}))
    assert rgba(frames[1], 0, 0) == [133, 133, 133, 192]  # three quarters, two of them the upper one's
    assert rgba(frames[2], 0, 0) == [200, 200, 200, 128]
    assert rgba(frames[2], 8, 8) == [100, 100, 100, 128]


@pytest.mark.parametrize(("stored", "shown"), [(None, 1), (0, 0), (3, 4)])
def test_a_gif_is_shown_as_often_as_before(
    stored: int | None, shown: int, tmp_path: Path, colorizer: Colorizer
) -> None:
    content = gif({"pixels": level(10)}, {"pixels": level(90)}, loop=stored)
    for suffix in ("gif", "png", "webp"):
        colorizer.colorize_file(content, tmp_path / f"out.{suffix}")
        assert [frame.loops for frame in read(tmp_path / f"out.{suffix}")] == [shown] * 2
    with Image.open(tmp_path / "out.gif") as opened:
        assert opened.info.get("loop") == stored


@pytest.mark.parametrize("suffix", ["gif", "png", "webp"])
def test_every_frame_stays_also_the_like_and_the_fleeting(suffix: str, tmp_path: Path, colorizer: Colorizer) -> None:
    delays = (0, 7, 7, 300)
    frames = [{"pixels": level(90, 4, 4), "delay": delay, "clear": 0} for delay in delays[:-1]]
    colorizer.colorize_file(gif({"pixels": level(60), "delay": 300}, *frames), tmp_path / f"out.{suffix}")
    with Image.open(tmp_path / f"out.{suffix}") as opened:
        assert getattr(opened, "n_frames", 1) == 4
    assert [frame.seconds for frame in read(tmp_path / f"out.{suffix}")] == pytest.approx([3, 0, 0.07, 0.07])


@pytest.mark.parametrize("suffix", ["gif", "png", "webp"])
def test_holes_stay_where_they_were(suffix: str, tmp_path: Path, colorizer: Colorizer) -> None:
    """A frame is shown alone: no earlier one is seen through its holes."""
    halves = [level(90), level(90)]
    halves[0][:, :8] = halves[1][:, 8:] = 0
    frames = [{"pixels": half, "clear": 0, "after": CLEAR} for half in halves]
    colorizer.colorize_file(gif(*frames), tmp_path / f"out.{suffix}")
    holes = [[rgba(frame, 6, column)[3] for column in (2, 13)] for frame in read(tmp_path / f"out.{suffix}")]
    assert holes == [[0, 255], [255, 0]]


def test_sixteen_bits_of_an_animation_stay(tmp_path: Path, colorizer: Colorizer) -> None:
    deep = (np.arange(HEIGHT * WIDTH, dtype=np.uint16) * 300 + 1000).reshape(HEIGHT, WIDTH)
    colorizer.colorize_file(png({"pixels": deep}, {"pixels": deep[:4, :4], "at": (3, 2)}), tmp_path / "out.png")
    first, second = read(tmp_path / "out.png")
    assert first.rgb.dtype == np.uint16
    assert np.abs(first.rgb[..., 0].astype(int) - deep).max() <= 40
    assert np.abs(second.rgb[2:6, 3:7, 0].astype(int) - deep[:4, :4]).max() <= 40


def test_a_pngs_picture_beside_its_animation_stays_beside_it(tmp_path: Path, colorizer: Colorizer) -> None:
    content = png({"pixels": level(60)}, {"pixels": level(90), "delay": (1, 30)}, apart=level(200), loops=2)
    colorizer.colorize_file(content, tmp_path / "out.png")
    apart, *frames = read(tmp_path / "out.png")
    assert [rgba(photo, 0, 0)[0] for photo in (apart, *frames)] == [200, 60, 90]
    assert [photo.stands_in for photo in (apart, *frames)] == [True, False, False]
    assert [frame.seconds for frame in frames] == [0.05, 1 / 30]
    with Image.open(tmp_path / "out.png") as opened:
        assert opened.info["default_image"]
        assert opened.info["loop"] == 2
    for suffix in ("gif", "webp"):  # which have no place for it
        colorizer.colorize_file(content, tmp_path / f"out.{suffix}")
        assert [rgba(photo, 0, 0)[0] for photo in read(tmp_path / f"out.{suffix}")] == pytest.approx([60, 90], abs=1)


@pytest.mark.parametrize(
    ("content", "said"),
    [
        (png({"pixels": level(60)}, {"pixels": level(90)}, count=3), "2 of its 3 frames are there"),
        (png({"pixels": level(60)}, {"pixels": level(90), "at": (1, 0)}), "outside the picture"),
        (gif({"pixels": level(60)}, {"pixels": level(90)}, end=b"")[:-9], "truncated"),
        (gif(), "holds no picture"),
    ],
    ids=["fewer than said", "outside", "cut off", "none"],
)
def test_a_damaged_animation_is_refused_in_a_sentence(content: bytes, said: str) -> None:
    with pytest.raises(PhotoError, match=said):
        read(content)


def test_an_animated_webp_keeps_its_notes(tmp_path: Path, colorizer: Colorizer) -> None:
    exif = Image.Exif()
    exif[0x010F], exif[0x0112] = "Leica", 6
    frames, content = [Image.fromarray(level(value)) for value in (10, 90)], io.BytesIO()
    frames[0].save(content, "WEBP", save_all=True, append_images=frames[1:], duration=40, exif=exif.tobytes())
    colorizer.colorize_file(content.getvalue(), tmp_path / "out.webp")
    with Image.open(tmp_path / "out.webp") as opened:
        assert (opened.size, dict(opened.getexif())) == ((HEIGHT, WIDTH), {0x010F: "Leica"})
        assert "icc_profile" in opened.info
        assert b"DigitalSourceType" in opened.info["xmp"]


def test_a_gif_tells_what_coloured_it(tmp_path: Path, colorizer: Colorizer) -> None:
    note = b"!\xfe\5attic\0"
    plain = gif({"pixels": level(60)})
    colorizer.colorize_file(plain[:-1].replace(b"!\xf9", note + b"!\xf9", 1) + b";", tmp_path / "out.gif")
    (photo,) = read(tmp_path / "out.gif")
    assert photo.notes.comment == b"attic"
    assert b"DigitalSourceType" in photo.notes.xmp
    Image.open(tmp_path / "out.gif").load()


def test_an_animated_avif_becomes_another_animation(tmp_path: Path, colorizer: Colorizer) -> None:
    frames, content = [Image.fromarray(level(value)) for value in (10, 90)], io.BytesIO()
    frames[0].save(content, "AVIF", save_all=True, append_images=frames[1:], duration=[40, 80])
    colorizer.colorize_file(content.getvalue(), tmp_path / "out.webp")
    assert [frame.seconds for frame in read(tmp_path / "out.webp")] == [0.04, 0.08]
    with pytest.raises(OutputError, match=r"one picture, not 2 .*\.webp"):
        colorizer.colorize_file(content.getvalue(), tmp_path / "out.avif")


def test_pages_of_several_sizes_are_no_animation(tmp_path: Path, colorizer: Colorizer) -> None:
    with tifffile.TiffWriter(tmp_path / "in.tif") as writer:
        writer.write(level(60), metadata=None)
        writer.write(level(60, 20, 20), metadata=None)
    with pytest.raises(OutputError, match="several sizes"):
        colorizer.colorize_file(tmp_path / "in.tif", tmp_path / "out.gif")
    assert not (tmp_path / "out.gif").exists()
