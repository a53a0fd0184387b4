"""Photos as they arrive.

`read` turns any photo into plain sRGB pixels and remembers what it came as; hostile files are normal
input, and every way they can fail ends in a `PhotoError`. `sdk.deep` reads 16 bits, `sdk.output` writes files.
"""

import io
import struct
from collections.abc import Generator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any, BinaryIO, Final

import numpy as np
import numpy.typing as npt
from PIL import ExifTags, Image, ImageCms, ImageFile, ImageOps, UnidentifiedImageError

from sdk.color import Uint8Array
from sdk.deep import read_deep, upright
from sdk.errors import PhotoError
from sdk.formats import BY_NAME
from sdk.photo import Photo, srgb_profile
from sdk.samples import BAND_PIXELS, grey_to_rgb, parts

_SIXTEEN_BIT_MODES: Final = ("I", "I;16", "I;16B", "I;16L", "I;16N")
_INTEGER_DTYPES: Final = (np.dtype(np.uint8), np.dtype(np.uint16))
# What the camera, the photographer and the place were. Not the orientation, which is applied, nor a thumbnail,
# which would stay grey, nor a TIFF's own structure.
_KEPT_EXIF: Final = (
    ExifTags.Base.ImageDescription,
    ExifTags.Base.Make,
    ExifTags.Base.Model,
    ExifTags.Base.DateTime,
    ExifTags.Base.Artist,
    ExifTags.Base.Copyright,
)
_KEPT_EXIF_FOLDERS: Final = (ExifTags.IFD.Exif, ExifTags.IFD.GPSInfo)
# What Pillow's decoders are known to raise on damaged files.
_DECODING_ERRORS: Final = (
    OSError,
    SyntaxError,
    ValueError,
    TypeError,
    IndexError,
    KeyError,
    EOFError,
    OverflowError,
    ZeroDivisionError,
    MemoryError,
    struct.error,
    Image.DecompressionBombError,
)


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


def read(source: str | Path | bytes | Image.Image | npt.NDArray[Any], limits: Limits = DEFAULT_LIMITS) -> Photo:
    """Read a photo from a path, an encoded file's bytes, a PIL image or an array.

    Raises:
        PhotoError: It cannot be read, is no photo or is too large; the message says which and why.
    """
    if isinstance(source, np.ndarray):
        return _from_array(source)
    if isinstance(source, Image.Image):
        with _typed_errors("This image"):
            _check_size(source.size, "This image", limits)
            return _from_pil(source)
    if isinstance(source, bytes):
        with _typed_errors("These bytes"):
            return _decode(io.BytesIO(source), length=len(source), name="These bytes", limits=limits)
    if not isinstance(source, str | Path):  # pyright: ignore[reportUnnecessaryIsInstance] - callers may be untyped
        raise PhotoError(f"A photo is a path, bytes, a PIL image or a numpy array, not {type(source).__name__}.")
    path = Path(source)
    if path.is_dir():
        raise PhotoError(f"{path} is a folder; name a photo in it.")
    with _typed_errors(str(path)):
        if not path.is_file() and path.exists():
            raise PhotoError(f"{path} is a device or a pipe, not a file.")
        with path.open("rb") as file:
            return _decode(file, length=path.stat().st_size, name=str(path), limits=limits)


@contextmanager
def _typed_errors(name: str) -> Generator[None]:
    try:
        yield
    except PhotoError:
        raise
    except FileNotFoundError as error:
        raise PhotoError(f"{name} does not exist.") from error
    except UnidentifiedImageError as error:
        raise PhotoError(f"{name} is not a picture in a known format ({', '.join(BY_NAME)}).") from error
    except _DECODING_ERRORS as error:
        raise PhotoError(f"{name} is damaged or cannot be read: {error}.") from error


def _decode(file: BinaryIO, *, length: int, name: str, limits: Limits) -> Photo:
    if length == 0:
        raise PhotoError(f"{name} is empty (0 bytes).")
    if length > limits.bytes:
        raise PhotoError(f"{name} has {length:,} bytes; at most {limits.bytes:,} are read. Raise Limits.bytes.")
    with _open(file, name) as opened:
        _check_size(opened.size, name, limits)
        frames = int(getattr(opened, "n_frames", 1))
        if frames > 1 and BY_NAME[str(opened.format)].further != "views":
            raise PhotoError(f"{name} has {frames} frames or pages; colour them one by one with Colorizer.stream.")
        deep = read_deep(opened, file) if opened.format in ("PNG", "TIFF") else None
        if deep is None:
            return _from_pil(opened)
        rgb, alpha = deep
        turn = int(opened.getexif().get(ExifTags.Base.Orientation, 1))
        return Photo(upright(rgb, turn), None if alpha is None else upright(alpha, turn), exif=_kept_exif(opened))


def _check_size(size: tuple[int, int], name: str, limits: Limits) -> None:
    width, height = size
    if width * height > limits.pixels:
        raise PhotoError(
            f"{name} has {width}×{height} pixels; at most {limits.pixels:,} are decoded. Raise Limits.pixels."
        )
    if max(size) > limits.side:
        raise PhotoError(f"{name} has {width}×{height} pixels; a side has at most {limits.side:,}. Raise Limits.side.")


def _open(file: BinaryIO, name: str) -> ImageFile.ImageFile:
    """`Image.open` without Pillow's process-wide pixel limit, which cannot be raised for one caller alone."""
    Image.init()
    start = file.read(32)
    for known in BY_NAME:
        factory, accept = Image.OPEN.get(known, (None, None))
        if factory is None or (accept is not None and accept(start) is not True):
            continue
        file.seek(0)
        try:
            return factory(file, name)
        except SyntaxError:  # "not mine after all", by Pillow's convention
            continue
    raise UnidentifiedImageError(name)


def _from_pil(opened: Image.Image) -> Photo:
    if 0 in opened.size:
        raise PhotoError(f"This image has no pixels ({opened.width}×{opened.height}).")
    opened.load()
    # Pillow copies a picture even where there is nothing to turn or to convert, which costs as much as decoding it.
    turned = ImageOps.exif_transpose(opened) if opened.getexif().get(ExifTags.Base.Orientation, 1) != 1 else opened
    exif = _kept_exif(opened)
    if turned.mode == "F":
        raise PhotoError("This image holds floats of an unknown range; scale them to 8 bits or pass an array.")
    if turned.mode in _SIXTEEN_BIT_MODES:
        return Photo(grey_to_rgb(np.clip(np.asarray(turned), 0, 65535).astype(np.uint16)), exif=exif)
    if turned.mode == "L" and not turned.info.keys() & {"icc_profile", "transparency"}:
        return Photo(grey_to_rgb(np.asarray(turned)), exif=exif)
    alpha = np.asarray(turned.convert("RGBA").getchannel("A")) if turned.has_transparency_data else None
    return Photo(_rgb_array(_in_srgb(turned)), alpha, exif=exif)


def _rgb_array(picture: Image.Image) -> Uint8Array:
    rgb = np.empty((picture.height, picture.width, 3), np.uint8)
    for rows in parts(picture.height, BAND_PIXELS // picture.width):
        rgb[rows] = np.asarray(picture.crop((0, rows.start, picture.width, rows.stop)))
    return rgb


def _kept_exif(opened: Image.Image) -> Image.Exif:
    kept = Image.Exif()
    try:
        found = opened.getexif()
        for tag in _KEPT_EXIF:
            if tag in found:
                kept[tag] = found[tag]
        for folder in _KEPT_EXIF_FOLDERS:
            if entries := found.get_ifd(folder):
                kept[folder] = dict(entries)
        kept.tobytes()
    except (*_DECODING_ERRORS, AttributeError, AssertionError):
        return Image.Exif()  # a damaged note is no reason to refuse the photo
    return kept


def _in_srgb(picture: Image.Image) -> Image.Image:
    profile = picture.info.get("icc_profile")
    if not profile:
        return picture if picture.mode == "RGB" else picture.convert("RGB")
    plain = picture if picture.mode in ("RGB", "L", "CMYK") else picture.convert("L" if picture.mode == "LA" else "RGB")
    try:
        source = ImageCms.ImageCmsProfile(io.BytesIO(profile))
        return ImageCms.profileToProfile(plain, source, srgb_profile(), outputMode="RGB") or plain.convert("RGB")
    except (ImageCms.PyCMSError, OSError, TypeError, ValueError):
        # Scanners embed broken profiles; the pixels are still the best guess at what was meant.
        return plain.convert("RGB")


def _from_array(array: npt.NDArray[Any]) -> Photo:
    if array.size == 0:
        raise PhotoError(f"This array is empty: its shape is {array.shape}.")
    if array.ndim != 2 and not (array.ndim == 3 and array.shape[2] == 3):
        raise PhotoError(f"An array must be (height, width) or (height, width, 3), not {array.shape}.")
    if np.issubdtype(array.dtype, np.floating):
        lowest, highest = float(array.min()), float(array.max())
        if not (lowest >= 0 and highest <= 1):  # NaN fails every comparison
            raise PhotoError(f"A float array must lie in [0, 1]; this one runs from {lowest:g} to {highest:g}.")
        rgb = array.astype(np.float32)
    elif array.dtype in _INTEGER_DTYPES:
        rgb = array
    else:
        raise PhotoError(f"An array must be uint8, uint16 or float in [0, 1], not {array.dtype}.")
    return Photo(rgb if rgb.ndim == 3 else grey_to_rgb(rgb), array_dtype=array.dtype)
