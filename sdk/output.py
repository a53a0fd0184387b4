"""Coloured photos into files: whole or not at all, and as deep as they came."""

import io
from collections.abc import Iterable
from contextlib import suppress
from pathlib import Path
from typing import BinaryIO, Final

import numpy as np
from PIL import Image

from sdk import deep
from sdk.errors import OutputError
from sdk.formats import PhotoFormat, output_format
from sdk.photo import Photo
from sdk.profiles import srgb_profile

_JPEG_QUALITY: Final = 95
_LONGEST_NAME: Final = 100  # of a file that is not whole yet: what systems allow, less than what is added


def check(path: Path, *, overwrite: bool) -> PhotoFormat:
    """The format of an output path, once it is clear that it may be written.

    Raises:
        OutputError: The suffix is unknown, or the file exists and may not be replaced.
    """
    file_format = output_format(path)
    try:
        exists = path.exists()
    except OSError as error:  # a name too long, or a folder one may not enter
        raise OutputError(f"{path} cannot be written: {error.strerror}.") from error
    if exists and not overwrite:
        raise OutputError(f"{path} exists already; choose another name or allow overwriting.")
    return file_format


def write(photo: Photo, path: Path, *, overwrite: bool = False) -> None:
    """Save a photo, as deep as the format that the path's suffix names can hold it.

    Raises:
        OutputError: The suffix is unknown, the file exists and may not be replaced, or the disk refuses.
    """
    file_format = check(path, overwrite=overwrite)
    if file_format.side is not None and max(photo.rgb.shape[:2]) > file_format.side:
        raise OutputError(f"{path} cannot hold a side of over {file_format.side:,} pixels; write a PNG or TIFF.")
    deep_file = photo.rgb.dtype == np.uint16 and file_format.bits == 16
    _write(_deep_pieces(photo, file_format.name) if deep_file else photo.as_image(), path, file_format.name)


def write_image(picture: Image.Image, path: Path, *, overwrite: bool = False) -> None:
    """Save a PIL image, by the rules of `write`."""
    _write(picture, path, check(path, overwrite=overwrite).name)


def png_bytes(photo: Photo) -> bytes:
    """A photo as a PNG file's bytes, 16 bits deep if the photo is."""
    if photo.rgb.dtype == np.uint16:
        return b"".join(_deep_pieces(photo, "PNG"))
    file = io.BytesIO()
    _save(photo.as_image(), file, "PNG")
    return file.getvalue()


def _write(content: Image.Image | Iterable[bytes], path: Path, file_format: str) -> None:
    partial = path.with_name(f".{path.name[:_LONGEST_NAME]}.partial")
    try:
        with partial.open("wb") as file:
            if isinstance(content, Image.Image):
                _save(content, file, file_format)
            else:
                file.writelines(content)
        partial.replace(path)
    except Exception as error:  # encoders raise whatever they stumble upon
        raise OutputError(f"{path} could not be written: {error}.") from error
    finally:
        with suppress(OSError):
            partial.unlink(missing_ok=True)


def _deep_pieces(photo: Photo, file_format: str) -> Iterable[bytes]:
    rgb, alpha, profile = photo.rgb.astype(np.uint16, copy=False), photo.alpha, srgb_profile().tobytes()
    wide = None if alpha is None else alpha.astype(np.uint16) * np.uint16(257 if alpha.dtype == np.uint8 else 1)
    if file_format == "TIFF":
        return deep.tiff(rgb, wide, profile)
    return deep.png(rgb, wide, profile, photo.notes.exif)


def _save(picture: Image.Image, target: BinaryIO, file_format: str) -> None:
    """Save with the profile and the notes the picture carries."""
    notes = {key: picture.info[key] for key in ("icc_profile", "exif") if key in picture.info}
    if file_format == "JPEG" and picture.mode != "RGB":
        picture = picture.convert("RGB")
    picture.save(target, format=file_format, quality=_JPEG_QUALITY, **notes)
