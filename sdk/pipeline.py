"""A decoded photo to a coloured one: the small copy, the network, its chroma, the merge."""

import os
from collections.abc import Iterable, Iterator
from dataclasses import replace

import numpy as np

from sdk import color, merging, resizing
from sdk.backends import Backend
from sdk.contract import HINTS, Contract
from sdk.errors import ColorizerError, OptionError, PhotoError
from sdk.hints import place_hints
from sdk.look import Look
from sdk.photo import Photo
from sdk.smoothing import Smoothing


class Pipeline:
    """A network and all that happens to a photo around it. Many threads may share one.

    Args:
        backend: What runs the network.
        contract: The network's tensors.
        threads: Processor threads for merging; None for what does best.

    Raises:
        OptionError: `threads` is not at least one.
    """

    def __init__(self, backend: Backend, contract: Contract, *, threads: int | None) -> None:
        check_threads(threads)
        self._backend = backend
        self._contract = contract
        self._threads = threads
        self._process = os.getpid()
        self._closed = False

    def coloured(self, photo: Photo, look: Look) -> Photo:
        """A photo in colour, or itself where it has colours that are to be kept.

        Raises:
            PhotoError: It has colours and is to have none.
            OptionError: The network takes no hints, or one of them lies outside the photo.
        """
        ab = self._chroma(photo, self._small(photo), look)
        return photo if ab is None else self._merged(photo, ab, look)

    def coloured_frames(self, frames: Iterable[Photo], smoothing: Smoothing, look: Look) -> Iterator[Photo]:
        """A film's frames in order, each as `coloured`, with some of the chroma of the one before."""
        for photo in frames:
            small = self._small(photo)
            ab = smoothing.smooth(self._chroma(photo, small, look), small)
            yield photo if ab is None else self._merged(photo, ab, look)

    def warmup(self) -> None:
        """Run the network once on grey."""
        self._predict(np.full((self._contract.side, self._contract.side, 3), 128, np.uint8))

    def close(self) -> None:
        """Give back what the backend holds."""
        if not self._closed:
            self._closed = True
            self._backend.close()

    def _small(self, photo: Photo) -> color.Uint8Array:
        return resizing.resize(photo.rgb, self._contract.side)

    def _chroma(self, photo: Photo, small: color.Uint8Array, look: Look) -> color.FloatArray | None:
        """What the network answers for a photo; None where the photo has colours that are to be kept."""
        if look.on_color != "recolor" and color.has_hues(small):
            if look.on_color == "keep":
                return None
            raise PhotoError('This photo has colours already; on_color="recolor" replaces them.')
        return self._predict(small, hints=self._placed(photo, look), vividness=look.vividness)

    def _placed(self, photo: Photo, look: Look) -> color.FloatArray | None:
        """A look's hints on the network's grid, if there are any."""
        if not look.hints:
            return None
        if HINTS not in self._contract.inputs:
            raise OptionError("This model takes no hints; load one that does, or give none.")
        height, width = photo.rgb.shape[:2]
        return place_hints(look.hints, self._contract, height=height, width=width)

    def _merged(self, photo: Photo, ab: color.FloatArray, look: Look) -> Photo:
        # A file's samples are nobody else's, so they may make room for the coloured ones.
        out = photo.rgb if photo.array_dtype is None and photo.rgb.flags.writeable else None
        rgb = merging.merge(photo.rgb, ab * np.float32(look.strength), out=out, threads=self._threads)
        return replace(photo, rgb=rgb, is_coloured=True)

    def _predict(
        self, small: color.Uint8Array, *, hints: color.FloatArray | None = None, vividness: float = 0.0
    ) -> color.FloatArray:
        """(S, S, 3) sRGB to (2, S/2, S/2) a and b in Lab units."""
        if self._closed:
            raise ColorizerError("This Colorizer is closed; load another.")
        if os.getpid() != self._process:
            raise ColorizerError("This Colorizer was loaded before a fork; load one in each process.")
        answers = self._backend.run(self._contract.encode(small, hints=hints))
        return self._contract.chroma(answers, vividness=vividness)


def check_threads(threads: int | None) -> None:
    """Refuse a number of threads that is none.

    Raises:
        OptionError: It is not at least one.
    """
    if threads is not None and threads < 1:
        raise OptionError(f"threads must be at least 1, or None for what does best, not {threads}.")
