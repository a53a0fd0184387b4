"""For an app's own tests: a network that needs no model and no runtime."""

from collections.abc import Callable

import numpy as np

from sdk.color import FloatArray
from sdk.contract import AB, LIGHTNESS, Tensors

__all__ = ["FakeBackend"]


class FakeBackend:
    """A backend that answers with the chroma it was given, or computes it from the lightness.

    >>> from sdk import Colorizer
    >>> colorizer = Colorizer(FakeBackend())  # leaves every photo grey

    Args:
        answer: (1, 2, h, w) float32 in [-1, 1], a/110 and b/110, of any size; or a function that makes one
            of the lightness (1, 1, S, S). By default no chroma at all.
    """

    name = "fake"

    def __init__(self, answer: FloatArray | Callable[[FloatArray], FloatArray] | None = None) -> None:
        self._answer = np.zeros((1, 2, 8, 8), np.float32) if answer is None else answer
        self.closed = False

    def run(self, inputs: Tensors) -> Tensors:
        """See `sdk.backends.Backend`."""
        return {AB.name: self._answer(inputs[LIGHTNESS.name]) if callable(self._answer) else self._answer}

    def close(self) -> None:
        """Remember that it was closed, in `closed`."""
        self.closed = True
