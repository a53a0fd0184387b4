"""Photos as they arrive, and as they are given back.

`read` turns any photo into plain sRGB pixels and remembers what it came as; hostile files are normal
input, and every way they can fail ends in a `PhotoError`.
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
from PIL import Image, ImageCms, ImageOps, UnidentifiedImageError

from sdk.color import RgbArray, Uint8Array
from sdk.errors import OutputError, PhotoError

# Pillow reads dozens of formats, many of them for scientists or the 1990s. Fewer decoders, fewer holes.
FORMATS: Final = ("JPEG", "MPO", "PNG", "WEBP", "TIFF", "BMP", "GIF", "PPM", "AVIF")

_SIXTEEN_BIT_MODES: Final = ("I", "I;16", "I;16B", "I;16L", "I;16N")
_INTEGER_DTYPES: Final = (np.dtype(np.uint8), np.dtype(np.uint16))
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
class Photo:
    """A photo's pixels, and what is needed to give it back as it came.

    Attributes:
        rgb: (height, width, 3) sRGB: uint8, uint16, or float32 in [0, 1].
        alpha: (height, width) transparency of a PIL image or file that had one.
        array_dtype: Of the array the photo came as; None for files and PIL images.
    """

    rgb: RgbArray
    alpha: Uint8Array | None = None
    array_dtype: np.dtype[Any] | None = None

    def with_colours(self, rgb: RgbArray) -> Image.Image | npt.NDArray[Any]:
        """The photo with other pixels, of the kind it came as. Pillow holds no 16-bit RGB: files get 8."""
        if self.array_dtype is not None:
            return rgb.astype(self.array_dtype, copy=False)
        coloured = Image.fromarray(_to_uint8(rgb))
        if self.alpha is not None:
            coloured.putalpha(Image.fromarray(self.alpha))
        return coloured


def read(source: str | Path | bytes | Image.Image | npt.NDArray[Any]) -> Photo:
    """Read a photo from a path, an encoded file's bytes, a PIL image or an array.

    Raises:
        PhotoError: It cannot be read, or is no photo; the message says which and why.
    """
    if isinstance(source, np.ndarray):
        return _from_array(source)
    if isinstance(source, Image.Image):
        with _typed_errors("This image"):
            return _from_pil(source)
    if isinstance(source, bytes):
        with _typed_errors("These bytes"):
            return _decode(io.BytesIO(source), empty=not source, name="These bytes")
    if not isinstance(source, str | Path):  # pyright: ignore[reportUnnecessaryIsInstance] - callers may be untyped
        raise PhotoError(f"A photo is a path, bytes, a PIL image or a numpy array, not {type(source).__name__}.")
    path = Path(source)
    if path.is_dir():
        raise PhotoError(f"{path} is a folder; name a photo in it.")
    with _typed_errors(str(path)), path.open("rb") as file:
        return _decode(file, empty=path.stat().st_size == 0, name=str(path))


def resize(rgb: RgbArray, side: int) -> Uint8Array:
    """Stretch (height, width, 3) to an 8-bit (side, side, 3), bicubic, as networks are trained and measured."""
    # A photo much larger than the target is first averaged down by whole steps: no visible change, less time.
    small = Image.fromarray(_to_uint8(rgb)).resize((side, side), Image.Resampling.BICUBIC, reducing_gap=3.0)
    return np.asarray(small)


def write(coloured: Image.Image, path: Path, *, overwrite: bool = False) -> None:
    """Save an image whole or not at all; its suffix names the format.

    Raises:
        OutputError: The suffix is unknown, the file exists and may not be replaced, or the disk refuses.
    """
    file_format = Image.registered_extensions().get(path.suffix.lower())
    if file_format not in Image.SAVE:
        raise OutputError(f"{path} has no suffix of a known picture format; try {path.stem}.png or {path.stem}.jpg.")
    if path.exists() and not overwrite:
        raise OutputError(f"{path} exists already; choose another name or allow overwriting.")
    if file_format == "JPEG":
        coloured = coloured.convert("RGB")
    partial = path.with_name(f".{path.name}.partial")
    try:
        coloured.save(partial, format=file_format, quality=95)
        partial.replace(path)
    except (OSError, ValueError) as error:
        raise OutputError(f"{path} could not be written: {error}.") from error
    finally:
        partial.unlink(missing_ok=True)


@contextmanager
def _typed_errors(name: str) -> Generator[None]:
    try:
        yield
    except PhotoError:
        raise
    except FileNotFoundError as error:
        raise PhotoError(f"{name} does not exist.") from error
    except UnidentifiedImageError as error:
        raise PhotoError(f"{name} is not a picture in a known format ({', '.join(FORMATS)}).") from error
    except _DECODING_ERRORS as error:
        raise PhotoError(f"{name} is damaged or cannot be read: {error}.") from error


def _decode(file: BinaryIO, *, empty: bool, name: str) -> Photo:
    if empty:
        raise PhotoError(f"{name} is empty (0 bytes).")
    Image.init()
    with Image.open(file, formats=[known for known in FORMATS if known in Image.OPEN]) as opened:
        return _from_pil(opened)


def _from_pil(opened: Image.Image) -> Photo:
    if 0 in opened.size:
        raise PhotoError(f"This image has no pixels ({opened.width}×{opened.height}).")
    opened.load()
    upright = ImageOps.exif_transpose(opened)
    if upright.mode == "F":
        raise PhotoError("This image holds floats of an unknown range; scale them to 8 bits or pass an array.")
    if upright.mode in _SIXTEEN_BIT_MODES:
        return Photo(_grey_to_rgb(np.clip(np.asarray(upright), 0, 65535).astype(np.uint16)))
    alpha = np.asarray(upright.convert("RGBA"))[..., 3] if upright.has_transparency_data else None
    return Photo(np.asarray(_in_srgb(upright)), alpha)


def _srgb_profile() -> ImageCms.ImageCmsProfile:
    return ImageCms.ImageCmsProfile(ImageCms.createProfile("sRGB"))  # pyright: ignore


def _in_srgb(upright: Image.Image) -> Image.Image:
    profile = upright.info.get("icc_profile")
    if profile and upright.mode in ("RGB", "L", "CMYK"):
        try:
            source = ImageCms.ImageCmsProfile(io.BytesIO(profile))
            converted = ImageCms.profileToProfile(upright, source, _srgb_profile(), outputMode="RGB")
            return converted or upright
        except (ImageCms.PyCMSError, OSError):
            # Scanners embed broken profiles; the pixels are still the best guess at what was meant.
            pass
    return upright.convert("RGB")


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
    return Photo(rgb if rgb.ndim == 3 else _grey_to_rgb(rgb), array_dtype=array.dtype)


def _grey_to_rgb(grey: RgbArray) -> RgbArray:
    return np.broadcast_to(grey[..., None], (*grey.shape, 3))


def _to_uint8(rgb: RgbArray) -> Uint8Array:
    if rgb.dtype == np.uint8:
        return np.ascontiguousarray(rgb, np.uint8)
    full_scale = 65535 if rgb.dtype == np.uint16 else 1
    return np.rint(rgb * np.float32(255 / full_scale)).astype(np.uint8)
