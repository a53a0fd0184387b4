"""BMP; Pillow aligns run-length coded rows by where they lie in the file, and not by where they begin."""

import struct

from sdk.containers.picture import Container
from sdk.containers.pillow import open_with_pillow
from sdk.formats import BY_NAME


def open_bmp(content: bytes) -> Container:
    """Open a BMP file, its pixels moved to an even place."""
    (start,) = struct.unpack_from("<I", content, 10)
    if start % 2 and start < len(content):
        content = content[:10] + struct.pack("<I", start + 1) + content[14:start] + b"\0" + content[start:]
    return open_with_pillow(content, BY_NAME["BMP"])
