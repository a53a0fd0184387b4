"""What photos may come as and go to, and what is refused in a sentence; awaited calls; a film's frames."""

import asyncio
import io
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from PIL import Image

import sdk
from sdk import BackendUnavailable, Colorizer, Limits, OptionError, OutputError, PhotoError, color
from sdk.aio import AsyncColorizer
from sdk.contract import Contract
from sdk.testing import FakeBackend
from tests.conftest import PHOTOS
from tests.test_api import GREY, flat


class Named:
    """A path of somebody else's."""

    def __fspath__(self) -> str:
        return str(PHOTOS / "cat.jpg")


@pytest.mark.parametrize("kind", ["bytearray", "memoryview", "BytesIO", "file", "PathLike"])
def test_every_kind_of_file_is_a_source(kind: str, tmp_path: Path) -> None:
    path, colorizer = PHOTOS / "cat.jpg", flat(10)
    content = path.read_bytes()
    expected = np.asarray(colorizer.colorize(path))

    def source() -> Any:
        return {
            "bytearray": bytearray(content),
            "memoryview": memoryview(content),
            "BytesIO": io.BytesIO(content),
            "file": path.open("rb"),
            "PathLike": Named(),
        }[kind]

    np.testing.assert_array_equal(np.asarray(colorizer.colorize(source())), expected)
    target = io.BytesIO()
    assert colorizer.colorize_file(source(), target, format="png")
    np.testing.assert_array_equal(np.asarray(Image.open(target)), expected)


def test_a_file_opened_for_text_or_without_a_format_is_refused(tmp_path: Path) -> None:
    with (PHOTOS / "cat.jpg").open(encoding="latin-1") as text, pytest.raises(PhotoError, match='open it with "rb"'):
        flat(10).colorize(text)  # pyright: ignore
    with pytest.raises(OutputError, match="name a format"):
        flat(10).colorize_file(PHOTOS / "cat.jpg", io.BytesIO())
    with (tmp_path / "out").open("w") as text, pytest.raises(OutputError, match="cannot be written"):
        flat(10).colorize_file(PHOTOS / "cat.jpg", text, format="png")  # pyright: ignore
    with pytest.raises(OptionError, match="no format that can be written"):
        flat(10).colorize_file(PHOTOS / "cat.jpg", io.BytesIO(), format="heic")
    with pytest.raises(OptionError, match="quality"):
        flat(10).colorize_file(PHOTOS / "cat.jpg", tmp_path / "out.jpg", quality=0)
    with pytest.raises(PhotoError, match=r"bytes.*Raise Limits"):
        Colorizer(FakeBackend(), limits=Limits(bytes=10)).colorize(io.BytesIO(bytes(11)))


@pytest.mark.parametrize("dtype", [np.uint8, np.uint16, np.float32, np.float64])
def test_arrays_of_one_and_four_channels(dtype: type) -> None:
    scale = 1 if np.issubdtype(dtype, np.floating) else np.iinfo(dtype).max
    photo = (np.random.default_rng(0).random((20, 30, 4)) * scale).astype(dtype)
    coloured = flat(10).colorize(photo)
    assert (coloured.shape, coloured.dtype) == (photo.shape, photo.dtype)
    np.testing.assert_array_equal(coloured[..., :3], flat(10).colorize(photo[..., :3]))
    np.testing.assert_allclose(coloured[..., 3], photo[..., 3], rtol=1e-6)
    np.testing.assert_array_equal(flat(10).colorize(photo[..., :1]), flat(10).colorize(photo[..., 0]))
    assert Image.open(io.BytesIO(flat(10).colorize_to_png(photo))).mode == "RGBA"


def test_an_array_of_booleans_is_refused_in_a_sentence() -> None:
    with pytest.raises(PhotoError, match=r"must be uint8, uint16 or float in \[0, 1\], not bool"):
        flat(10).colorize(np.zeros((4, 4), bool))


@pytest.mark.parametrize("threads", [0, -1])
def test_threads_that_are_none_raise_before_the_first_photo(threads: int) -> None:
    for call in (lambda: Colorizer.load(threads=threads), lambda: Colorizer(FakeBackend(), threads=threads)):
        with pytest.raises(OptionError, match="threads"):
            call()


def test_an_unknown_backend_is_unavailable() -> None:
    with pytest.raises(BackendUnavailable, match="no backend 'bogus'; choose one of"):
        Colorizer.load("bogus")


def test_a_photo_that_is_kept_is_not_called_coloured(tmp_path: Path) -> None:
    assert not flat(10).colorize_file(PHOTOS / "coffee.jpg", tmp_path / "kept.jpg", on_color="keep")
    assert flat(10).colorize_file(PHOTOS / "coffee.jpg", tmp_path / "made.jpg")
    marked = [b"algorithmicallyEnhanced" in (tmp_path / f"{name}.jpg").read_bytes() for name in ("kept", "made")]
    assert marked == [False, True]


def test_smoothing_ends_at_a_cut_and_not_at_a_flash() -> None:
    one, two = (np.asarray(Image.open(PHOTOS / f"{name}.jpg").resize((64, 48))) for name in ("cat", "rocket"))
    brighter = np.clip(one.astype(int) + 30, 0, 255).astype(np.uint8)
    for frames, expected in (([one, brighter], [0, 20]), ([one, two], [0, 40])):
        answers = iter([0.0, 40 / color.CHROMA_SCALE])
        backend = FakeBackend(lambda _, answers=answers: np.array([next(answers), 0], np.float32)[None, :, None, None])
        coloured = list(Colorizer(backend, contract=Contract(side=16)).stream(frames, smoothing=0.5))
        middle = [color.rgb_to_lab(frame)[(color.rgb_to_lab(frame)[..., 0] > 20), 1] for frame in coloured]
        assert [float(np.median(a)) for a in middle] == pytest.approx(expected, abs=2)


def test_the_awaited_calls_are_those_of_a_colorizer(tmp_path: Path) -> None:
    ours = {name for name in vars(AsyncColorizer) if not name.startswith("_")}
    assert ours == {name for name in vars(Colorizer) if not name.startswith("_")} - {"load"}

    async def all_of_them() -> list[Any]:
        async with AsyncColorizer(flat(10)) as colorizer:
            await colorizer.warmup()
            with pytest.raises(OptionError):
                colorizer.stream([GREY], smoothing=2)
            assert colorizer.info().backend == "fake"
            assert await colorizer.colorize_file(PHOTOS / "cat.jpg", tmp_path / "out.jpg", quality=50)
            png = Image.open(io.BytesIO(await colorizer.colorize_to_png(GREY)))
            streamed = [frame async for frame in colorizer.stream([GREY, GREY], smoothing=0.5)]
            return [np.asarray(png), *streamed, *await colorizer.colorize_batch([GREY])]

    for picture in asyncio.run(all_of_them()):
        np.testing.assert_array_equal(picture, flat(10).colorize(GREY))
    assert (tmp_path / "out.jpg").is_file()


def _not_found(name: str) -> str:
    raise PackageNotFoundError(name)


def test_the_package_says_its_version(monkeypatch: pytest.MonkeyPatch) -> None:
    assert sdk.__version__ == version("edge-colorizer")
    with monkeypatch.context() as uninstalled:  # run from a source tree
        uninstalled.setattr("importlib.metadata.version", _not_found)
        assert sdk.__version__ == "not installed as a package"
    with pytest.raises(AttributeError, match="no attribute 'nonsense'"):
        sdk.nonsense  # noqa: B018 # pyright: ignore
