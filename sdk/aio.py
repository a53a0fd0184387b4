"""For servers and user interfaces: the same calls, awaited, each on a thread of its own."""

import asyncio
import os
from collections.abc import AsyncIterator, Iterable
from types import TracebackType
from typing import IO, Any, Final, Self, Unpack, overload

import numpy.typing as npt
from PIL import Image

from sdk.colorizer import Array, Colorizer
from sdk.image import FileSource, PhotoSource, PixelSource
from sdk.info import Info
from sdk.look import LookOptions
from sdk.saving import FileOptions

__all__ = ["AsyncColorizer"]

_END: Final = object()


class AsyncColorizer:
    """Awaits a `Colorizer` without blocking the event loop. Each call is documented there.

    >>> from sdk import Colorizer
    >>> from sdk.aio import AsyncColorizer
    >>> async def handle(photo: bytes) -> Image.Image:
    ...     return await AsyncColorizer(Colorizer.load()).colorize(photo)

    Args:
        colorizer: It is closed by `close`, or by the end of an `async with`.
    """

    def __init__(self, colorizer: Colorizer) -> None:
        self._colorizer = colorizer

    @overload
    async def colorize(self, photo: PixelSource, **look: Unpack[LookOptions]) -> Image.Image: ...
    @overload
    async def colorize(self, photo: Array, **look: Unpack[LookOptions]) -> Array: ...
    @overload
    async def colorize(self, photo: PhotoSource, **look: Unpack[LookOptions]) -> Image.Image | npt.NDArray[Any]: ...
    async def colorize(self, photo: PhotoSource, **look: Unpack[LookOptions]) -> Image.Image | npt.NDArray[Any]:
        """See `Colorizer.colorize`."""
        return await asyncio.to_thread(self._colorizer.colorize, photo, **look)

    async def colorize_file(
        self, photo: FileSource, path: str | os.PathLike[str] | IO[bytes], **options: Unpack[FileOptions]
    ) -> bool:
        """See `Colorizer.colorize_file`."""
        return await asyncio.to_thread(self._colorizer.colorize_file, photo, path, **options)

    async def colorize_to_png(self, photo: PhotoSource, *, mark: bool = True, **look: Unpack[LookOptions]) -> bytes:
        """See `Colorizer.colorize_to_png`."""
        return await asyncio.to_thread(self._colorizer.colorize_to_png, photo, mark=mark, **look)

    @overload
    async def colorize_batch(self, photos: Iterable[PixelSource], **look: Unpack[LookOptions]) -> list[Image.Image]: ...
    @overload
    async def colorize_batch(self, photos: Iterable[Array], **look: Unpack[LookOptions]) -> list[Array]: ...
    @overload
    async def colorize_batch(self, photos: Iterable[PhotoSource], **look: Unpack[LookOptions]) -> list[Any]: ...
    async def colorize_batch(self, photos: Iterable[PhotoSource], **look: Unpack[LookOptions]) -> list[Any]:
        """See `Colorizer.colorize_batch`."""
        return await asyncio.to_thread(self._colorizer.colorize_batch, photos, **look)

    @overload
    def stream(
        self, frames: Iterable[PixelSource], *, smoothing: float = 0.0, **look: Unpack[LookOptions]
    ) -> AsyncIterator[Image.Image]: ...
    @overload
    def stream(
        self, frames: Iterable[Array], *, smoothing: float = 0.0, **look: Unpack[LookOptions]
    ) -> AsyncIterator[Array]: ...
    @overload
    def stream(
        self, frames: Iterable[PhotoSource], *, smoothing: float = 0.0, **look: Unpack[LookOptions]
    ) -> AsyncIterator[Image.Image | npt.NDArray[Any]]: ...
    def stream(
        self, frames: Iterable[PhotoSource], *, smoothing: float = 0.0, **look: Unpack[LookOptions]
    ) -> AsyncIterator[Any]:
        """See `Colorizer.stream`. Frames are asked for on other threads than the event loop's, one at a time."""
        coloured = self._colorizer.stream(frames, smoothing=smoothing, **look)  # wrong options raise here and now

        async def awaited() -> AsyncIterator[Any]:
            while (frame := await asyncio.to_thread(next, coloured, _END)) is not _END:
                yield frame

        return awaited()

    async def warmup(self) -> None:
        """See `Colorizer.warmup`."""
        await asyncio.to_thread(self._colorizer.warmup)

    def info(self) -> Info:
        """See `Colorizer.info`."""
        return self._colorizer.info()

    async def close(self) -> None:
        """See `Colorizer.close`."""
        await asyncio.to_thread(self._colorizer.close)

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        await self.close()
