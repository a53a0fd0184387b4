"""Coloured photos into files: whole or not at all, and as deep as they came."""

import io
import os
import struct
from collections.abc import Callable, Iterator
from contextlib import suppress
from dataclasses import replace
from functools import partial
from itertools import chain
from pathlib import Path
from typing import IO, Any, Final

import numpy as np
import numpy.typing as npt
from PIL import Image

from sdk import animations, raster, xmp
from sdk.errors import ColorizerError, OutputError
from sdk.formats import PhotoFormat, output_format, suffix_of
from sdk.notes import Notes, shortened_exif
from sdk.photo import Photo
from sdk.profiles import srgb_profile
from sdk.samples import to_uint8
from sdk.saving import Saving

_OF_SEVERAL: Final = ("TIFF", "GIF", "PNG", "WEBP")
_LONGEST_SEGMENT: Final = 65000  # of a JPEG's notes
_LONGEST_NAME: Final = 100  # of a file that is not whole yet: what systems allow, less than what is added


def check(path: Path, saving: Saving) -> PhotoFormat:
    """The format of an output path, once it is clear that it may be written.

    Raises:
        OutputError: The suffix is unknown, or the file exists and may not be replaced.
    """
    file_format = output_format(path, saving.format)
    try:
        exists = path.exists()
    except OSError as error:  # a name too long, or a folder one may not enter
        raise OutputError(f"{path} cannot be written: {error.strerror}.") from error
    if exists and not saving.overwrite:
        raise OutputError(f"{path} exists already; choose another name or allow overwriting.")
    return file_format


def write(photos: Iterator[Photo], count: int, path: Path, saving: Saving, *, dated: Path | None = None) -> None:
    """Save a photo, or the pages or frames of one, as deep as the format can hold them.

    Args:
        photos: As many as `count`; each is asked for when its turn has come, the first before anything is written.
        count: How many there are.
        path: The file.
        saving: How it is written.
        dated: The file whose times it takes over.

    Raises:
        OutputError: The format cannot hold them, the file exists and may not be replaced, or the disk refuses.
    """
    file_format = check(path, saving)
    _check_count(count, file_format, path)
    # `map` forgets a photo once it is handed on; a generator would keep it beside the one that is made of it.
    fitting = map(partial(_fitting, file_format=file_format, path=path, mark=saving.mark), photos)
    started = chain([next(fitting)], fitting)
    _whole(path, lambda file: _save(started, count, file, file_format, saving.quality), saving, dated)


def write_to(photos: Iterator[Photo], count: int, file: IO[bytes], saving: Saving) -> None:
    """The same, into a binary file that a caller has opened: all of it, or nothing.

    Raises:
        OutputError: No format is named, it cannot hold them, or the file refuses.
    """
    if saving.format is None:
        raise OutputError('A file without a name has no suffix; name a format, such as format="png".')
    path, content = Path(f"photo{suffix_of(saving.format)}"), io.BytesIO()
    file_format = output_format(path)
    _check_count(count, file_format, path)
    fitting = map(partial(_fitting, file_format=file_format, path=path, mark=saving.mark), photos)
    _save(fitting, count, content, file_format, saving.quality)
    try:
        file.write(content.getvalue())
    except (OSError, ValueError, TypeError) as error:  # full, closed, or opened for text
        raise OutputError(f"The file cannot be written: {error}.") from error


def write_image(picture: Image.Image, path: Path, *, overwrite: bool = False) -> None:
    """Save a PIL image, whole or not at all."""
    saving = Saving(overwrite=overwrite)
    file_format = check(path, saving)
    shown = picture.convert("RGB") if file_format.name == "JPEG" else picture
    _whole(path, lambda file: shown.save(file, file_format.name, quality=saving.quality), saving)


def png_bytes(photo: Photo, *, mark: bool = True) -> bytes:
    """A photo as a PNG file's bytes, 16 bits deep if the photo is."""
    file = io.BytesIO()
    write_to(iter([photo]), 1, file, Saving(format="png", mark=mark))
    return file.getvalue()


def _check_count(count: int, file_format: PhotoFormat, path: Path) -> None:
    if count > 1 and file_format.name not in _OF_SEVERAL:
        raise OutputError(
            f"{path} can hold one picture, not {count} pages or frames; write a .tif, .gif, .png or .webp."
        )


def _whole(path: Path, save: Callable[[IO[bytes]], object], saving: Saving, dated: Path | None = None) -> None:
    """A file that appears when it is whole, or not at all; as old as another one, if that is named."""
    partial = path.with_name(f".{path.name[:_LONGEST_NAME]}.partial")
    try:
        if saving.make_folders:
            path.parent.mkdir(parents=True, exist_ok=True)
        with partial.open("wb") as file:
            save(file)
        if dated is not None:
            times = dated.stat()
            os.utime(partial, ns=(times.st_atime_ns, times.st_mtime_ns))
        if saving.inspect is not None:
            saving.inspect(partial)
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
    if photo.alpha is not None and not file_format.alpha:
        if _is_seen_through(photo.alpha):
            raise OutputError(f"{path} cannot hold the photo's transparency; write a .png, .tif or .webp.")
        photo = replace(photo, alpha=None)
    notes = replace(photo.notes, xmp=xmp.of_coloured(photo.notes.xmp, mark=mark and photo.is_coloured))
    if photo.rgb.dtype == np.uint16 and file_format.bits == 16:
        alpha = photo.alpha
        wide = None if alpha is None else alpha.astype(np.uint16) * np.uint16(257 if alpha.dtype == np.uint8 else 1)
        return replace(photo, alpha=wide, notes=notes)
    alpha = None if photo.alpha is None else to_uint8(photo.alpha)
    return replace(photo, rgb=to_uint8(photo.rgb), alpha=alpha, notes=notes)


def _is_seen_through(alpha: npt.NDArray[Any]) -> bool:
    return bool(alpha.min() < (1 if alpha.dtype == np.float32 else np.iinfo(alpha.dtype).max))


def _tiff(photos: Iterator[Photo], count: int) -> Iterator[bytes]:
    start = raster.tiff_start()
    yield start
    at, profile = len(start), srgb_profile().tobytes()
    for number, photo in enumerate(photos, 1):
        page = raster.tiff_page(photo.rgb, photo.alpha, profile, photo.notes, start=at, last=number == count)
        yield from page
        at += sum(map(len, page))


def _save(photos: Iterator[Photo], count: int, file: IO[bytes], file_format: PhotoFormat, quality: int) -> None:
    if file_format.name == "TIFF":
        file.writelines(_tiff(photos, count))
    elif file_format.name == "GIF":
        file.writelines(animations.gif(_frames(photos)))
    elif count > 1 and file_format.name == "PNG":
        file.writelines(animations.png(_frames(photos, with_stand_in=True), count))
    elif count > 1:
        file.writelines(animations.webp(_frames(photos), quality))
    else:
        _save_photo(next(photos), file, file_format, quality)


def _frames(photos: Iterator[Photo], *, with_stand_in: bool = False) -> Iterator[Photo]:
    """An animation's frames, unless they are pages of several sizes."""
    size = None
    for photo in photos:
        if size not in (None, photo.rgb.shape):
            raise OutputError("its pages have several sizes, and an animation's frames have one; write a .tif.")
        size = photo.rgb.shape
        if with_stand_in or not photo.stands_in:
            yield photo


def _save_photo(photo: Photo, file: IO[bytes], file_format: PhotoFormat, quality: int) -> None:
    if file_format.name == "PNG":
        file.writelines(raster.png(photo.rgb, photo.alpha, srgb_profile().tobytes(), photo.notes))
        return
    picture = photo.as_image()
    picture.save(file, format=file_format.name, quality=quality, **_told(photo.notes, picture, file_format.name))


def _told(notes: Notes, picture: Image.Image, name: str) -> dict[str, Any]:
    """What Pillow is told to write beside the pixels, as far as a format has a place for it."""
    told = {"icc_profile": picture.info["icc_profile"], "exif": notes.exif, "dpi": notes.dpi, "xmp": notes.xmp}
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
