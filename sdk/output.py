"""Coloured photos into files: whole or not at all, and as deep as they came."""

import io
import os
import struct
from collections.abc import Callable, Iterable, Iterator
from contextlib import suppress
from dataclasses import replace
from functools import partial
from pathlib import Path
from typing import Any, BinaryIO, Final

import numpy as np
from PIL import Image, PngImagePlugin

from sdk import raster, xmp
from sdk.errors import ColorizerError, OutputError
from sdk.formats import BY_NAME, PhotoFormat, output_format
from sdk.notes import Notes, shortened_exif
from sdk.photo import Photo
from sdk.profiles import srgb_profile
from sdk.samples import to_uint8

_JPEG_QUALITY: Final = 95
_LONGEST_SEGMENT: Final = 65000  # of a JPEG's notes
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


def write(
    photos: Iterable[Photo],
    count: int,
    path: Path,
    *,
    overwrite: bool = False,
    mark: bool = True,
    dated: Path | None = None,
) -> None:
    """Save a photo, or the pages or frames of one, as deep as the format that the path's suffix names can hold them.

    Args:
        photos: As many as `count`; each is asked for when its turn has come.
        count: How many there are.
        path: The file.
        overwrite: Whether a file that exists is replaced.
        mark: Whether the file tells that a model has coloured it.
        dated: The file whose times it takes over.

    Raises:
        OutputError: The format cannot hold them, the file exists and may not be replaced, or the disk refuses.
    """
    file_format = check(path, overwrite=overwrite)
    if count > 1 and file_format.further not in ("pages", "frames"):
        raise OutputError(
            f"{path} can hold one picture, not {count} pages or frames; write a .tif, .gif, .png or .webp."
        )
    # `map` forgets a photo once it is handed on; a generator would keep it beside the one that is made of it.
    fitting = map(partial(_fitting, file_format=file_format, path=path, mark=mark), photos)
    if file_format.name == "TIFF":
        _whole(path, lambda file: file.writelines(_tiff(fitting, count)), dated)
    elif count > 1:
        _whole(path, lambda file: _save_frames(list(fitting), file, file_format), dated)
    else:
        _whole(path, lambda file: _save_photo(next(fitting), file, file_format), dated)


def write_image(picture: Image.Image, path: Path, *, overwrite: bool = False) -> None:
    """Save a PIL image, whole or not at all."""
    file_format = check(path, overwrite=overwrite)
    shown = picture.convert("RGB") if file_format.name == "JPEG" else picture
    _whole(path, lambda file: shown.save(file, file_format.name, quality=_JPEG_QUALITY))


def png_bytes(photo: Photo, *, mark: bool = True) -> bytes:
    """A photo as a PNG file's bytes, 16 bits deep if the photo is."""
    file = io.BytesIO()
    _save_photo(_fitting(photo, BY_NAME["PNG"], Path("photo.png"), mark=mark), file, BY_NAME["PNG"])
    return file.getvalue()


def _whole(path: Path, save: Callable[[BinaryIO], object], dated: Path | None = None) -> None:
    """A file that appears when it is whole, or not at all; as old as another one, if that is named."""
    partial = path.with_name(f".{path.name[:_LONGEST_NAME]}.partial")
    try:
        with partial.open("wb") as file:
            save(file)
        if dated is not None:
            times = dated.stat()
            os.utime(partial, ns=(times.st_atime_ns, times.st_mtime_ns))
        partial.replace(path)
    except ColorizerError:
        raise
    except Exception as error:  # encoders raise whatever they stumble upon
        raise OutputError(f"{path} could not be written: {error}.") from error
    finally:
        with suppress(OSError):
            partial.unlink(missing_ok=True)


def _fitting(photo: Photo, file_format: PhotoFormat, path: Path, *, mark: bool) -> Photo:
    """A photo as the format can hold it, with the notes that a coloured one has."""
    if file_format.side is not None and max(photo.rgb.shape[:2]) > file_format.side:
        raise OutputError(f"{path} cannot hold a side of over {file_format.side:,} pixels; write a PNG or TIFF.")
    notes = replace(photo.notes, xmp=xmp.of_coloured(photo.notes.xmp, mark=mark))
    if photo.rgb.dtype == np.uint16 and file_format.bits == 16:
        alpha = photo.alpha
        wide = None if alpha is None else alpha.astype(np.uint16) * np.uint16(257 if alpha.dtype == np.uint8 else 1)
        return replace(photo, alpha=wide, notes=notes)
    alpha = None if photo.alpha is None else to_uint8(photo.alpha)
    return replace(photo, rgb=to_uint8(photo.rgb), alpha=alpha, notes=notes)


def _tiff(photos: Iterator[Photo], count: int) -> Iterator[bytes]:
    start = raster.tiff_start()
    yield start
    at, profile = len(start), srgb_profile().tobytes()
    for number, photo in enumerate(photos, 1):
        page = raster.tiff_page(photo.rgb, photo.alpha, profile, photo.notes, start=at, last=number == count)
        yield from page
        at += sum(map(len, page))


def _save_photo(photo: Photo, file: BinaryIO, file_format: PhotoFormat) -> None:
    if file_format.name == "PNG":
        file.writelines(raster.png(photo.rgb, photo.alpha, srgb_profile().tobytes(), photo.notes))
        return
    picture = photo.as_image()
    if file_format.name == "JPEG" and picture.mode != "RGB":
        picture = picture.convert("RGB")
    picture.save(file, format=file_format.name, quality=_JPEG_QUALITY, **_told(photo.notes, picture, file_format.name))


def _save_frames(photos: list[Photo], file: BinaryIO, file_format: PhotoFormat) -> None:
    pictures = [photo.as_image() for photo in photos]
    durations = [round(photo.seconds * 1000) for photo in photos]
    told = _told(photos[0].notes, pictures[0], file_format.name)
    told |= {"save_all": True, "append_images": pictures[1:], "duration": durations, "loop": photos[0].loops}
    pictures[0].save(file, file_format.name, **told)


def _told(notes: Notes, picture: Image.Image, name: str) -> dict[str, Any]:
    """What Pillow is told to write beside the pixels, as far as a format has a place for it."""
    told = {"icc_profile": picture.info["icc_profile"], "exif": notes.exif, "dpi": notes.dpi, "xmp": notes.xmp}
    if name == "PNG":
        told["pnginfo"] = texts = PngImagePlugin.PngInfo()
        for keyword, text in {**notes.text, "XML:com.adobe.xmp": notes.xmp.decode(errors="replace")}.items():
            if text:
                texts.add_itxt(keyword, text)
    if name == "JPEG":
        told |= _in_segments(notes)
    return {key: value for key, value in told.items() if value}


def _in_segments(notes: Notes) -> dict[str, Any]:
    """A JPEG's notes, which hold 64 kB each."""
    told: dict[str, Any] = {"comment": notes.comment}
    if len(notes.exif) > _LONGEST_SEGMENT:
        told["exif"] = shortened_exif(notes.exif, _LONGEST_SEGMENT)
    if len(notes.xmp) > _LONGEST_SEGMENT:
        told["xmp"] = xmp.of_coloured(b"", mark=xmp.ENHANCED.encode() in notes.xmp)
    block = b"Photoshop 3.0\0" + notes.iptc
    if notes.iptc and len(block) < _LONGEST_SEGMENT:
        told["extra"] = b"\xff\xed" + struct.pack(">H", len(block) + 2) + block
    return told
