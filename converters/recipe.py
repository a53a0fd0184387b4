"""The artifacts a release holds, one recipe each."""

from dataclasses import dataclass

_SUFFIXES = {"onnx": ".onnx", "executorch": ".pte", "coreml": ".mlpackage"}
_MINIMUM_RUNTIMES = {"onnx": "onnxruntime 1.32", "executorch": "executorch 1.5", "coreml": "iOS 16, macOS 13"}


@dataclass(frozen=True, kw_only=True)
class ExportRecipe:
    """One artifact to make.

    Attributes:
        backend: The SDK's name of the backend that opens it.
        precision: "fp32", "fp16", "int8" or "palette6".
        variant: "lab" (the tensor contract) or "rgb" (photo in, photo out).
    """

    backend: str
    precision: str
    variant: str = "lab"

    @property
    def file(self) -> str:
        """Its name in the output folder."""
        variant = "-rgb" if self.variant == "rgb" else ""
        return f"student-{self.precision}{variant}{_SUFFIXES[self.backend]}"

    @property
    def minimum_runtime(self) -> str:
        """Oldest runtime it is made for."""
        return _MINIMUM_RUNTIMES[self.backend]

    @property
    def is_quantized(self) -> bool:
        """Whether its weights are rounded."""
        return self.precision in ("int8", "palette6")


# Backends take the first that fits, so the smaller and faster artifact comes first.
_PRECISIONS = {"onnx": ("int8", "fp32"), "executorch": ("int8", "fp32"), "coreml": ("fp16", "int8", "palette6")}
RECIPES = tuple(
    ExportRecipe(backend=backend, precision=precision, variant=variant)
    for backend, precisions in _PRECISIONS.items()
    for variant in ("lab", "rgb")
    for precision in precisions
)
