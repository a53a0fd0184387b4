"""For servers and user interfaces: the same calls, awaited, each on a thread of its own."""

import asyncio
from typing import Any, Unpack

import numpy.typing as npt
from PIL import Image

from sdk.colorizer import Colorizer, PhotoSource
from sdk.look import LookOptions

__all__ = ["AsyncColorizer"]


class AsyncColorizer:
    """Awaits a `Colorizer` without blocking the event loop.

    >>> from sdk import Colorizer
    >>> from sdk.aio import AsyncColorizer
    >>> async def handle(photo: bytes) -> Image.Image | npt.NDArray[np.uint8]:
    ...     return await AsyncColorizer(Colorizer.load()).colorize(photo)

    Args:
        colorizer: It is shared, not owned: close it yourself.
    """

    def __init__(self, colorizer: Colorizer) -> None:
        self._colorizer = colorizer

    async def colorize(self, photo: PhotoSource, **look: Unpack[LookOptions]) -> Image.Image | npt.NDArray[Any]:
        """See `Colorizer.colorize`."""
        return await asyncio.to_thread(self._colorizer.colorize, photo, **look)
