"""Colour management: a picture's samples into sRGB, once, at the depth the file has.

8-bit samples go through LittleCMS, which Pillow brings. Pillow's LittleCMS knows no more bits, so 16-bit samples go
through the profile's own curves and matrix, as LittleCMS would take them. A profile of tables is asked at the 8-bit
colours around each 16-bit one, and the answers are interpolated.
"""

import io
from functools import cache
from typing import Final, cast

import numpy as np
import numpy.typing as npt
from PIL import Image, ImageCms

from sdk import icc
from sdk.color import FloatArray
from sdk.containers.picture import Picture, Samples, Space
from sdk.samples import BAND_PIXELS, grey_to_rgb, parts, signed_chroma

_ICC_SPACES: Final[dict[Space, bytes]] = {"grey": b"GRAY", "rgb": b"RGB ", "cmyk": b"CMYK", "lab": b"Lab "}
_MODES: Final[dict[Space, str]] = {"grey": "L", "rgb": "RGB", "cmyk": "CMYK", "lab": "LAB"}
_STEPS: Final = 257  # of 16 bits in one of 8
_BAND: Final = BAND_PIXELS // 4


@cache
def srgb_profile() -> ImageCms.ImageCmsProfile:
    """The profile every output is tagged with."""
    return ImageCms.ImageCmsProfile(ImageCms.createProfile("sRGB"))  # pyright: ignore


def to_srgb(picture: Picture) -> Samples:
    """(height, width, 3) sRGB of the samples' depth; one channel seen three times where the photo is grey."""
    profile = picture.profile if icc.space_of(picture.profile) == _ICC_SPACES[picture.space] else b""
    if picture.space == "lab":
        profile = _lab_profile()
    if profile:
        managed = _managed(picture.samples, picture.space, profile)
        if managed is not None:
            return managed
    # Scanners embed broken profiles, and of other spaces; the samples are still the best guess at what was meant.
    if picture.space == "grey":
        return grey_to_rgb(picture.samples)
    return _from_cmyk(picture.samples) if picture.space == "cmyk" else picture.samples


def _managed(samples: Samples, space: Space, profile: bytes) -> Samples | None:
    """Samples through a profile; None where it is broken."""
    shaper = icc.shaper(profile) if samples.dtype == np.uint16 else None
    if shaper is not None:
        return _shaped(samples, shaper)
    try:
        source = ImageCms.ImageCmsProfile(io.BytesIO(profile))
        transform = ImageCms.buildTransform(source, srgb_profile(), _MODES[space], "RGB")
    except (ImageCms.PyCMSError, OSError, TypeError, ValueError):
        return None
    convert = _transformed if samples.dtype == np.uint8 else _interpolated
    managed = np.empty((*samples.shape[:2], 3), samples.dtype)
    for rows in parts(len(samples), _BAND // samples.shape[1]):
        managed[rows] = convert(samples[rows], transform, space)
    return managed


def _transformed(samples: Samples, transform: ImageCms.ImageCmsTransform, space: Space) -> Samples:
    height, width = samples.shape[:2]
    stored = samples if space != "lab" else signed_chroma(samples)
    picture = Image.frombuffer(_MODES[space], (width, height), stored.tobytes(), "raw", _MODES[space], 0, 1)
    return np.asarray(transform.apply(picture))


def _interpolated(samples: Samples, transform: ImageCms.ImageCmsTransform, space: Space) -> Samples:
    """Between the 8-bit colours around each 16-bit one: the corners of the simplex it lies in."""
    colours = samples.reshape(-1, samples.shape[2] if samples.ndim == 3 else 1)
    corner, offset = np.divmod(colours, np.uint16(_STEPS))
    order = np.argsort(-offset.astype(np.int32), axis=1)
    falling = np.take_along_axis(offset, order, axis=1).astype(np.float32) / _STEPS
    shares = -np.diff(falling, axis=1, prepend=1, append=0)
    answer = np.zeros((len(colours), 3), np.float32)
    for step in range(colours.shape[1] + 1):
        eight = corner.astype(np.uint8)[None]
        answer += shares[:, step, None] * _transformed(eight[..., 0] if space == "grey" else eight, transform, space)[0]
        if step < colours.shape[1]:
            chosen = order[:, step, None]
            raised = np.minimum(np.take_along_axis(corner, chosen, axis=1) + 1, 255)
            np.put_along_axis(corner, chosen, raised, axis=1)
    return np.rint(answer * _STEPS).astype(np.uint16).reshape(*samples.shape[:2], 3)


def _shaped(samples: Samples, shaper: icc.Shaper) -> Samples:
    """16-bit samples through curves and a matrix, as LittleCMS computes them, then through sRGB's the other way."""
    if shaper.matrix is None:
        return grey_to_rgb(_encoded(shaper.curves[0])[samples])
    matrix = (_srgb_from_xyz() @ shaper.matrix).astype(np.float32)
    curves = [curve.astype(np.float32) for curve in shaper.curves]
    managed = np.empty_like(samples)
    for rows in parts(len(samples), _BAND // samples.shape[1]):
        linear = [curve[samples[rows, :, channel]] for channel, curve in enumerate(curves)]
        for channel, (red, green, blue) in enumerate(matrix):
            managed[rows, :, channel] = _encoded(red * linear[0] + green * linear[1] + blue * linear[2])
    return managed


def _encoded(linear: FloatArray) -> npt.NDArray[np.uint16]:
    """Linear light to 16-bit sRGB; what lies outside [0, 1] is cut off there."""
    levels = np.arange(icc.LEVELS)
    return np.rint(np.interp(linear, _srgb_shaper().curves[0], levels)).astype(np.uint16)


@cache
def _srgb_shaper() -> icc.Shaper:
    return cast("icc.Shaper", icc.shaper(srgb_profile().tobytes()))


@cache
def _srgb_from_xyz() -> FloatArray:
    return np.linalg.inv(cast("FloatArray", _srgb_shaper().matrix))


@cache
def _lab_profile() -> bytes:
    return ImageCms.ImageCmsProfile(ImageCms.createProfile("LAB")).tobytes()  # pyright: ignore


def _from_cmyk(samples: Samples) -> Samples:
    """As inks on white paper, where no profile says better."""
    rgb = np.empty((*samples.shape[:2], 3), samples.dtype)
    top = int(np.iinfo(samples.dtype).max)
    for rows in parts(len(samples), _BAND // samples.shape[1]):
        light = top - samples[rows].astype(np.uint32)
        rgb[rows] = (light[..., :3] * light[..., 3:] + top // 2) // top
    return rgb
