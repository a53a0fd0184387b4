"""Netpbm's formats (P1 to P6); Pillow keeps 8 bits of a 16-bit P6."""

import re
from typing import Final

import numpy as np

from sdk.containers.picture import Container, Page, Picture
from sdk.containers.pillow import open_with_pillow
from sdk.errors import PhotoError
from sdk.formats import BY_NAME

_SPACE: Final = rb"(?:\s|#[^\n\r]*[\n\r])+"
_HEADER: Final = re.compile(rb"P([56])%b(\d+)%b(\d+)%b(\d+)\s" % (_SPACE, _SPACE, _SPACE))


def open_ppm(content: bytes) -> Container:
    """Open a Netpbm file."""
    header = _HEADER.match(content)
    if header is None or int(header[4]) <= 255:
        return open_with_pillow(content, BY_NAME["PPM"])
    width, height, most = (int(number) for number in header.groups()[1:])

    def decode() -> Picture:
        channels = 1 if header[1] == b"5" else 3
        if most > 65535 or len(content) < header.end() + 2 * width * height * channels:
            raise PhotoError("it is damaged: it has fewer samples than it says, or too large ones.")
        samples = np.frombuffer(content, ">u2", width * height * channels, header.end())
        wide = np.minimum(samples.astype(np.uint32) * 65535 // most, 65535).astype(np.uint16)
        shaped = wide.reshape((height, width) if channels == 1 else (height, width, 3))
        return Picture(shaped, "grey" if channels == 1 else "rgb")

    return Container("PPM", [Page((width, height), decode)])
