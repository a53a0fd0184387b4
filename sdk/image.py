"""Photos as they arrive, on one way: container, samples, turned once, colour-managed once, `Photo`.

Hostile files are normal input, and every way they can fail ends in a `PhotoError`. `sdk.containers` opens files,
`sdk.profiles` knows colours, `sdk.output` writes files.
"""

import os
import re
from collections.abc import Generator, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, replace
from pathlib import Path
from typing import IO, Any, Final, TypeAlias

import numpy as np
import numpy.typing as npt
from PIL import Image

from sdk.containers import open_container
from sdk.containers.picture import Container, Page, Picture, Samples
from sdk.containers.pillow import as_bytes, picture_of
from sdk.errors import PhotoError
from sdk.notes import Notes, dpi_of, kept_exif, load_exif, orientation_of
from sdk.photo import Photo
from sdk.profiles import to_srgb
from sdk.samples import grey_to_rgb

FileSource: TypeAlias = str | os.PathLike[str] | bytes | bytearray | memoryview | IO[bytes]
"""A file: where it lies, its bytes, or itself, opened for reading bytes."""
PixelSource: TypeAlias = FileSource | Image.Image
PhotoSource: TypeAlias = PixelSource | npt.NDArray[Any]

_INTEGER_DTYPES: Final = (np.dtype(np.uint8), np.dtype(np.uint16))
_CHANNELS: Final = (1, 3, 4)  # grey, RGB, RGB with transparency
_LONGEST_NAME: Final = 200  # of what a sentence repeats
# EXIF orientation to (transpose, flip rows, flip columns), in that order.
_TURNS: Final = {
    2: (False, False, True),
    3: (False, True, True),
    4: (False, True, False),
    5: (True, False, False),
    6: (True, False, True),
    7: (True, True, True),
    8: (True, True, False),
}


@dataclass(frozen=True)
class Limits:
    """The largest photo that is decoded; what is larger is refused before any pixel is.

    Attributes:
        pixels: Height times width.
        bytes: Of the encoded file.
        side: Height or width. No camera, scanner or panorama makes a longer one than the default; Pillow cannot hold
            the longest rows, and a photo of many rows of a pixel takes four times as long.
    """

    pixels: int = 200_000_000
    bytes: int = 1 << 30
    side: int = 1_000_000


DEFAULT_LIMITS: Final = Limits()


def read(source: PhotoSource, limits: Limits = DEFAULT_LIMITS) -> Photo:
    """Read a photo from a file, a PIL image or an array.

    Raises:
        PhotoError: It cannot be read, is no photo or is too large; the message says which and why.
    """
    if isinstance(source, np.ndarray):
        return _from_array(source)
    if isinstance(source, Image.Image):
        with _typed_errors("This image"):
            _check_size(source.size, limits)
            return _photo(_from_pil(source))
    name, container = _opened(source, limits)
    with _typed_errors(name):
        if len(container.pages) > 1:
            raise PhotoError(
                f"it has {len(container.pages)} frames or pages; colour them with Colorizer.colorize_file."
            )
    return next(_decoded(name, container, limits))


def read_pages(source: FileSource, limits: Limits = DEFAULT_LIMITS) -> tuple[int, Iterator[Photo]]:
    """How many pages or frames a file has, and the photos they are, each decoded when it is asked for.

    Raises:
        PhotoError: As `read`; of a page, when it is that page's turn.
    """
    name, container = _opened(source, limits)
    return len(container.pages), _decoded(name, container, limits)


def _opened(source: FileSource, limits: Limits) -> tuple[str, Container]:
    name, content = _content(source, limits)
    with _typed_errors(name):
        return name, open_container(content, name)


def _decoded(name: str, container: Container, limits: Limits) -> Iterator[Photo]:
    """A file's photos, each decoded when it is asked for, and kept by nobody but who asked."""

    def decoded(page: Page) -> Photo:
        with _typed_errors(name):
            _check_size(page.size, limits)
            return replace(_photo(page.decode()), loops=container.loops)

    return map(decoded, container.pages)


def upright(samples: Samples, orientation: int) -> Samples:
    """Apply an EXIF orientation to (height, width, ...) samples."""
    transpose, flip_rows, flip_columns = _TURNS.get(orientation, (False, False, False))
    turned = samples.swapaxes(0, 1) if transpose else samples
    return turned[:: -1 if flip_rows else 1, :: -1 if flip_columns else 1]


def _content(source: FileSource, limits: Limits) -> tuple[str, bytes]:
    """A source's name and its bytes."""
    if isinstance(source, bytes | bytearray | memoryview):
        with _typed_errors("These bytes"):
            _check_length(memoryview(source).nbytes, limits)
        return "These bytes", bytes(source)
    if isinstance(source, str | os.PathLike):
        return _content_of_path(Path(os.fsdecode(source)), limits)
    if not hasattr(source, "read"):
        kind = type(source).__name__
        raise PhotoError(f"A photo is a path, bytes, a file opened for reading, a PIL image or an array, not {kind}.")
    with _typed_errors("This file"):
        content = source.read(limits.bytes + 1)
        if not isinstance(content, bytes):  # pyright: ignore[reportUnnecessaryIsInstance] - callers may be untyped
            raise PhotoError('it was opened for text; open it with "rb".')
        _check_length(len(content), limits)
        return "This file", content


def _content_of_path(path: Path, limits: Limits) -> tuple[str, bytes]:
    name = str(path)
    with _typed_errors(name):
        if path.is_dir():
            raise PhotoError("it is a folder; name a photo in it.")
        if re.match(r"(https?|ftp|file):/", name) and not path.exists():
            raise PhotoError("it is an address, and nothing is fetched from a network; download it first.")
        if path.exists() and not path.is_file():
            raise PhotoError("it is a device or a pipe, not a file.")
        _check_length(path.stat().st_size, limits)
        return name, path.read_bytes()


@contextmanager
def _typed_errors(name: str) -> Generator[None]:
    """Every error that a photo of this name can cause as a `PhotoError` that says so."""
    name = name if len(name) <= _LONGEST_NAME else f"{name[:_LONGEST_NAME]}…"
    try:
        yield
    except PhotoError as error:
        raise PhotoError(f"{name}: {error}") from error
    except FileNotFoundError as error:
        raise PhotoError(f"{name}: it does not exist.") from error
    except Exception as error:
        raise PhotoError(f"{name}: it is damaged or cannot be read ({_said(error)}).") from error


def _said(error: Exception) -> str:
    """An error's own words, on one line."""
    said = error.strerror if isinstance(error, OSError) and error.strerror else str(error)
    return " ".join(said.split())[:_LONGEST_NAME] or type(error).__name__


def _check_length(length: int, limits: Limits) -> None:
    if length == 0:
        raise PhotoError("it is empty (0 bytes).")
    if length > limits.bytes:
        raise PhotoError(f"it has {length:,} bytes; at most {limits.bytes:,} are read. Raise Limits.bytes.")


def _check_size(size: tuple[int, int], limits: Limits) -> None:
    width, height = size
    if not width or not height:
        raise PhotoError(f"it has no pixels ({width}×{height}).")
    if width * height > limits.pixels:
        raise PhotoError(f"it has {width}×{height} pixels; at most {limits.pixels:,} are decoded. Raise Limits.pixels.")
    if max(size) > limits.side:
        raise PhotoError(f"it has {width}×{height} pixels; a side has at most {limits.side:,}. Raise Limits.side.")


def _photo(picture: Picture) -> Photo:
    """A decoded picture, turned and colour-managed: the one way from any file to a photo."""
    alpha = None if picture.alpha is None else upright(picture.alpha, picture.orientation)
    rgb = upright(to_srgb(picture), picture.orientation)
    return Photo(rgb, alpha, notes=picture.notes, seconds=picture.seconds, stands_in=picture.stands_in)


def _from_pil(source: Image.Image) -> Picture:
    """An image that a caller has opened or made. Pillow turns a TIFF by itself; other formats say how they lie."""
    source.load()
    info = source.info
    exif = load_exif(as_bytes(info.get("exif")))
    notes = Notes(exif=kept_exif(exif), dpi=dpi_of(info.get("dpi")))
    profile = as_bytes(info.get("icc_profile"))
    return picture_of(source, profile=profile, orientation=orientation_of(exif), notes=notes)


def _from_array(array: npt.NDArray[Any]) -> Photo:
    if array.size == 0:
        raise PhotoError(f"This array is empty: its shape is {array.shape}.")
    if array.ndim != 2 and not (array.ndim == 3 and array.shape[2] in _CHANNELS):
        raise PhotoError(f"An array must be (height, width) or (height, width, 1, 3 or 4), not {array.shape}.")
    if np.issubdtype(array.dtype, np.floating):
        lowest, highest = float(array.min()), float(array.max())
        if not (lowest >= 0 and highest <= 1):  # NaN fails every comparison
            raise PhotoError(f"A float array must lie in [0, 1]; this one runs from {lowest:g} to {highest:g}.")
        samples = array.astype(np.float32)
    elif array.dtype in _INTEGER_DTYPES:
        samples = array
    else:
        raise PhotoError(f"An array must be uint8, uint16 or float in [0, 1], not {array.dtype}.")
    channels = samples.shape[2] if samples.ndim == 3 else 1
    rgb = samples[..., :3] if channels > 1 else grey_to_rgb(samples.reshape(samples.shape[:2]))
    return Photo(rgb, samples[..., 3] if channels == 4 else None, array_dtype=array.dtype)
