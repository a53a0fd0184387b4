"""What a student can become: one format a module, and the table of them."""

from collections.abc import Mapping
from types import MappingProxyType
from typing import Final

from converters.errors import UnknownTargetError
from converters.formats.base import Format, Target, Variant
from converters.formats.mlpackage import CoreMLFormat
from converters.formats.onnx_file import OnnxFormat
from converters.formats.pte import ExecuTorchFormat
from converters.formats.tflite import LiteRTFormat

FORMATS: Final[Mapping[str, Format]] = MappingProxyType(
    {known.name: known for known in (OnnxFormat(), ExecuTorchFormat(), CoreMLFormat(), LiteRTFormat())}
)
ALL_TARGETS: Final = tuple(target for known in FORMATS.values() for target in known.targets())


def find_format(name: str) -> Format:
    """The format that the SDK's backend of that name opens.

    Raises:
        UnknownTargetError: There is none.
    """
    if name not in FORMATS:
        raise UnknownTargetError(f"There is no format {name!r}; choose one of: {', '.join(FORMATS)}.")
    return FORMATS[name]


def find_target(name: str, precision: str, variant: Variant = "lab") -> Target:
    """One artifact to make, by its format's name.

    Raises:
        UnknownTargetError: There is no such format, precision or variant.
    """
    return find_format(name).target(precision, variant)
