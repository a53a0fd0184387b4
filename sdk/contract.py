"""The tensor contract as data: what a network is given, what it answers, and what the numbers mean.

Whatever meets a network asks here: the SDK and its backends, training, converters, and by golden vectors the C and
TypeScript sides. Nothing else counts channels, names tensors or scales Lab. S is the side of the square that a photo
is stretched to.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Final, TypeAlias

import numpy as np

from sdk import color
from sdk.color import FloatArray, Uint8Array

Tensors: TypeAlias = dict[str, FloatArray]
"""Arrays by the names of the contract, each (1, channels, S / stride, S / stride) float32."""
Run: TypeAlias = Callable[[Tensors], Tensors]
"""A network, whatever runs it: inputs by name to answers by name."""


@dataclass(frozen=True, kw_only=True)
class TensorSpec:
    """One input or output of a network.

    Attributes:
        name: What artifacts call it.
        stride: Its sides are S / stride.
        scale: One for each channel: a value is its quantity / scale + offset.
        offset: See `scale`.
        meaning: The quantities and their units, channel by channel.
    """

    name: str
    stride: int
    scale: tuple[float, ...]
    offset: float = 0.0
    meaning: str

    @property
    def channels(self) -> int:
        """How many channels it has."""
        return len(self.scale)

    def normalize(self, quantity: FloatArray) -> FloatArray:
        """(channels, h, w) quantities to the (1, channels, h, w) values a network is given."""
        return (quantity / self._scale() + np.float32(self.offset))[None]

    def quantity(self, values: FloatArray) -> FloatArray:
        """(1, channels, h, w) values a network answers to (channels, h, w) quantities."""
        return (values[0] - np.float32(self.offset)) * self._scale()

    def _scale(self) -> FloatArray:
        return np.array(self.scale, np.float32)[:, None, None]


_CHROMA: Final = (color.CHROMA_SCALE, color.CHROMA_SCALE)
LIGHTNESS: Final = TensorSpec(
    name="lightness", stride=1, scale=(color.LIGHTNESS_SCALE,), offset=-1.0, meaning="CIE Lab's L"
)
HINTS: Final = TensorSpec(
    name="hints", stride=2, scale=(*_CHROMA, 1.0), meaning="a and b where somebody has said the colour, and 1 there"
)
AB: Final = TensorSpec(name="ab", stride=2, scale=_CHROMA, meaning="faithful chroma: CIE Lab's a and b")
VIVID_AB: Final = TensorSpec(name="vivid_ab", stride=2, scale=_CHROMA, meaning="vivid chroma: CIE Lab's a and b")

INPUTS: Final = {spec.name: spec for spec in (LIGHTNESS, HINTS)}
OUTPUTS: Final = {spec.name: spec for spec in (AB, VIVID_AB)}


VIVID_ALONE: Final = 0.8
"""From this vividness on, the faithful answer has no share: the mean of two different colours is duller than either."""


@dataclass(frozen=True, kw_only=True)
class Contract:
    """The tensors of one network; float32, batch 1.

    Attributes:
        side: S, in pixels.
        inputs: In the order that runtimes without names take them. Lightness is always one.
        outputs: Likewise. Faithful chroma is always one.
    """

    side: int = 256
    inputs: tuple[TensorSpec, ...] = (LIGHTNESS,)
    outputs: tuple[TensorSpec, ...] = (AB,)

    def shape(self, spec: TensorSpec) -> tuple[int, int, int, int]:
        """An array's shape for one of the tensors."""
        return (1, spec.channels, self.side // spec.stride, self.side // spec.stride)

    def shapes(self) -> list[tuple[str, tuple[int, int, int, int]]]:
        """Name and shape of each input, then of each output, in order."""
        return [(spec.name, self.shape(spec)) for spec in (*self.inputs, *self.outputs)]

    def encode(self, small: Uint8Array, *, hints: FloatArray | None = None) -> Tensors:
        """What the network is given for a photo.

        Args:
            small: (S, S, 3) sRGB.
            hints: (3, S/2, S/2) as `sdk.hints.place_hints` makes them; None for none.
        """
        quantities = {LIGHTNESS.name: color.rgb_to_lightness(small)[None]}
        if HINTS in self.inputs:
            quantities[HINTS.name] = np.zeros(self.shape(HINTS)[1:], np.float32) if hints is None else hints
        return {spec.name: spec.normalize(quantities[spec.name]) for spec in self.inputs}

    def chroma(self, answers: Mapping[str, FloatArray], *, vividness: float = 0.0) -> FloatArray:
        """What a network says of a photo, in Lab units.

        Args:
            answers: Of the network, by name.
            vividness: 0 for the faithful answer, 1 for the vivid one. Up to `VIVID_ALONE` one gives way to the other,
                which then grows to its full chroma. A network without a vivid head is faithful always.

        Returns:
            (2, S/2, S/2) float32: a and b.
        """
        faithful = AB.quantity(answers[AB.name])
        if VIVID_AB not in self.outputs or not vividness:
            return faithful
        share = max(0.0, 1 - vividness / VIVID_ALONE)
        return np.float32(share) * faithful + np.float32(vividness) * VIVID_AB.quantity(answers[VIVID_AB.name])


STANDARD: Final = Contract()
"""Lightness to faithful chroma at S = 256."""
