"""Files of every format, opened into pages: each decoder sees only the parts of a file that its pixels need."""

import re
from collections.abc import Callable
from pathlib import PurePath
from typing import Final

from sdk.containers.bmp import open_bmp
from sdk.containers.gif import open_gif
from sdk.containers.jpeg import open_jpeg
from sdk.containers.picture import Container
from sdk.containers.pillow import open_with_pillow
from sdk.containers.png import open_png
from sdk.containers.ppm import open_ppm
from sdk.containers.psd import open_psd
from sdk.containers.tiff import open_tiff
from sdk.errors import PhotoError
from sdk.formats import BY_NAME, FORMATS, PhotoFormat

# What Pillow reads wrongly, or refuses for a note, is opened here; it decodes the rest by itself.
_OPENERS: Final[dict[str, Callable[[bytes], Container]]] = {
    "JPEG": open_jpeg,
    "MPO": open_jpeg,
    "PNG": open_png,
    "TIFF": open_tiff,
    "PPM": open_ppm,
    "BMP": open_bmp,
    "GIF": open_gif,
    "PSD": open_psd,
}
# Canon's newest, Fuji's, Olympus's, Panasonic's, Sigma's and Minolta's raw files; the others are TIFFs.
_RAW: Final = re.compile(rb"....ftypcrx |FUJIFILMCCD-RAW|IIR[OS]|MMOR|IIU\0|FOVb|\0MRM", re.DOTALL)
_PROBED_BYTES: Final = 96


def open_container(content: bytes, name: str) -> Container:
    """Open a photo's file, whatever its name says; only formats without a signature are told by it.

    Raises:
        PhotoError: It is none that is read.
        Exception: Whatever a decoder says of a damaged file.
    """
    known = _recognised(content[:_PROBED_BYTES], name)
    opener = _OPENERS.get(known.name)
    return opener(content) if opener else open_with_pillow(content, known)


def _recognised(start: bytes, name: str) -> PhotoFormat:
    if _RAW.match(start):
        raise PhotoError("it is a camera's raw file, which is not read; develop it into a TIFF or JPEG first.")
    for known in FORMATS:
        if known.signature and re.match(known.signature, start, re.DOTALL):
            return known
    suffix = PurePath(name).suffix.lower()
    for known in FORMATS:
        if known.signature is None and known.name != "MPO" and suffix in known.suffixes:
            return known
    raise PhotoError(f"it is not a picture in a known format ({', '.join(BY_NAME)}).")
