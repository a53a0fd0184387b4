"""Pillow's pictures as samples, and the containers that Pillow reads rightly by itself."""

import io
from collections.abc import Callable, Iterator
from dataclasses import replace
from importlib import import_module
from typing import Any, Final, cast

import numpy as np
from PIL import Image, ImageFile

from sdk import icc
from sdk.containers.boxes import code_points, colour_profile, sample_bits
from sdk.containers.picture import Container, Page, Picture, Samples, Space
from sdk.errors import PhotoError
from sdk.formats import PhotoFormat
from sdk.notes import Notes, dpi_of, kept_exif, load_exif, orientation_of
from sdk.samples import BAND_PIXELS, Part, parts, signed_chroma

_SPACES: Final[dict[str, Space]] = {"1": "grey", "L": "grey", "RGB": "rgb", "CMYK": "cmyk", "LAB": "lab"}
# What shows the same picture in a mode that has a space of its own.
_PLAIN_MODES: Final = {"La": "LA", "RGBX": "RGB", "RGBa": "RGBA", "YCbCr": "RGB", "HSV": "RGB"}
_WITHOUT_ALPHA: Final = {"LA": "L", "RGBA": "RGB"}
_SIXTEEN_BITS: Final = ("I", "I;16", "I;16B", "I;16L", "I;16N")
# Formats whose writers often leave a fourth channel empty that they call transparency.
_EMPTY_ALPHA: Final = ("BMP", "TGA", "ICO")


def open_with_pillow(content: bytes, known: PhotoFormat) -> Container:
    """Open a file of a format that Pillow, or a plugin of its, reads.

    Raises:
        PhotoError: The plugin is not installed.
    """
    opened = _open(content, known)
    frames = int(getattr(opened, "n_frames", 1)) if known.further == "frames" else 1

    def decode_of(frame: int) -> Callable[[], Picture]:
        def decode() -> Picture:
            # Frames build on one another; a single picture's pixels go when they have been handed on.
            decoded = opened if frames > 1 else _open(content, known)
            if frames > 1:
                decoded.seek(frame)
            decoded.load()
            return _described(decoded, content)

        return decode

    loops = opened.info.get("loop", 0)
    pages = [Page(opened.size, decode_of(frame)) for frame in range(frames)]
    return Container(known.name, pages, loops=loops if isinstance(loops, int) else 0)


def picture_of(opened: Image.Image, **described: Any) -> Picture:
    """A Pillow image's samples, with what else is known of the picture.

    Raises:
        PhotoError: Its samples are floats, whose range nobody knows.
    """
    if opened.mode == "F":
        raise PhotoError("it holds floats of an unknown range; scale them to 8 bits or pass an array.")
    if opened.mode in _SIXTEEN_BITS:
        return Picture(_clipped(array_of(opened)), "grey", **described)
    if opened.mode in ("P", "PA"):
        return _from_palette(opened, described)
    if "transparency" in opened.info and opened.mode in ("1", "L", "RGB"):
        opened = opened.convert("RGBA")
    opened = opened.convert(_PLAIN_MODES[opened.mode]) if opened.mode in _PLAIN_MODES else opened
    samples = array_of(opened) if opened.mode != "LAB" else signed_chroma(array_of(opened))
    if opened.mode not in _WITHOUT_ALPHA:
        return Picture(samples, _SPACES[opened.mode], **described)
    colour = samples[..., 0] if opened.mode == "LA" else samples[..., :3]
    return Picture(colour, _SPACES[_WITHOUT_ALPHA[opened.mode]], samples[..., -1], **described)


def _open(content: bytes, known: PhotoFormat) -> ImageFile.ImageFile:
    """`Image.open` for one format, and without the limit that Pillow sets for a whole process."""
    if known.plugin:
        try:
            import_module(known.plugin)
        except ImportError as error:
            raise PhotoError(
                f"it is a {known.name} photo, which needs another package: pip install edge-colorizer[{known.extra}]."
            ) from error
    Image.init()
    factory = cast("Callable[[io.BytesIO, str], ImageFile.ImageFile]", Image.OPEN[known.name][0])
    return factory(io.BytesIO(content), "")


def _described(opened: ImageFile.ImageFile, content: bytes) -> Picture:
    """The frame that is loaded, with its profile and its notes."""
    info = opened.info
    exif = load_exif(as_bytes(info.get("exif")))
    notes = Notes(
        exif=kept_exif(exif),
        xmp=as_bytes(info.get("xmp")),
        dpi=dpi_of(info.get("dpi")) or dpi_of(exif),
        comment=as_bytes(info.get("comment")),
    )
    picture = picture_of(
        opened,
        profile=as_bytes(info.get("icc_profile")) or _profile(opened, content),
        orientation=orientation_of(exif),
        notes=notes,
        seconds=float(info.get("duration") or 0) / 1000,
    )
    # Of fewer bits than eight Pillow fills the upper ones alone.
    if opened.format == "JPEG2000" and opened.mode != "P" and (bits := sample_bits(content)) < 8:
        return replace(picture, samples=_spread(picture.samples, bits))
    if picture.alpha is not None and opened.format in _EMPTY_ALPHA and not picture.alpha.any():
        return Picture(picture.samples, picture.space, profile=picture.profile, notes=notes)
    return picture


def _profile(opened: ImageFile.ImageFile, content: bytes) -> bytes:
    """What a file says of its colours without Pillow's telling it."""
    if opened.format in ("AVIF", "HEIF") and (points := code_points(content)):
        return icc.of_decoded(*points)
    return colour_profile(content)


def _spread(samples: Samples, bits: int) -> Samples:
    """Samples whose upper bits alone are told, over the whole range of 8."""
    levels = np.rint(np.linspace(0, 255, 1 << bits)).astype(np.uint8)
    return levels[samples >> (8 - bits)]


def _clipped(samples: Samples) -> Samples:
    return samples if samples.dtype == np.uint16 else np.clip(samples, 0, 65535).astype(np.uint16)


def _from_palette(opened: Image.Image, described: dict[str, Any]) -> Picture:
    """Looked up in parts, because Pillow's own conversion takes four bytes a pixel."""
    swatches = Image.frombytes("P", (256, 1), bytes(range(256)))
    mode = opened.palette.mode if opened.palette else "RGB"
    swatches.putpalette(opened.getpalette(mode) or b"", mode)
    swatches.info = {key: value for key, value in opened.info.items() if key == "transparency"}
    colours = np.asarray(swatches.convert("RGBA"))[0]
    indices = array_of(opened.getchannel("P") if opened.mode == "PA" else opened)
    if opened.mode == "PA":
        return Picture(looked_up(colours[:, :3], indices), "rgb", np.asarray(opened.getchannel("A")), **described)
    alpha = colours[:, 3][indices] if (colours[:, 3] < 255).any() else None
    return Picture(looked_up(colours[:, :3], indices), "rgb", alpha, **described)


def looked_up(colours: Samples, indices: Samples) -> Samples:
    """(height, width) of a palette's indices as (height, width, 3) of its colours."""
    samples = np.empty((*indices.shape, 3), colours.dtype)
    for rows in parts(len(indices), BAND_PIXELS // indices.shape[1]):
        samples[rows] = colours[indices[rows]]
    return samples


def array_of(opened: Image.Image) -> Samples:
    """A Pillow image as an array, part by part: all at once, it would be copied twice. Two levels become 0 and 255."""
    first = np.asarray(opened.crop((0, 0, opened.width, 1)))
    samples = np.empty((opened.height, *first.shape[1:]), np.uint8 if first.dtype == bool else first.dtype)
    for rows, band in bands_of(opened):
        samples[rows] = band
    return samples


def bands_of(opened: Image.Image) -> Iterator[tuple[Part, Samples]]:
    """Rows of a Pillow image, and an array of them."""
    for rows in parts(opened.height, BAND_PIXELS // opened.width):
        band = opened.crop((0, rows.start, opened.width, rows.stop))
        yield rows, np.asarray(band.convert("L") if band.mode == "1" else band)


def as_bytes(value: object) -> bytes:
    """What Pillow remembers of a file, which may be text, or anything where a caller has put it there."""
    if isinstance(value, str):
        return value.encode(errors="replace")
    return value if isinstance(value, bytes) else b""
