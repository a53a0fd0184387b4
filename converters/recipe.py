"""The artifacts a release holds, one recipe each."""

from dataclasses import dataclass


@dataclass(frozen=True, kw_only=True)
class ExportRecipe:
    """One artifact to make.

    Attributes:
        backend: The SDK's name of the backend that opens it.
        precision: "fp32" or "int8".
        file: Its name in the output folder.
        minimum_runtime: Oldest runtime it is tested with.
    """

    backend: str
    precision: str
    file: str
    minimum_runtime: str


# Backends take the first that fits, so the smaller and faster artifact comes first.
RECIPES = (
    ExportRecipe(backend="onnx", precision="int8", file="student-int8.onnx", minimum_runtime="onnxruntime 1.32"),
    ExportRecipe(backend="onnx", precision="fp32", file="student-fp32.onnx", minimum_runtime="onnxruntime 1.32"),
    ExportRecipe(backend="executorch", precision="int8", file="student-int8.pte", minimum_runtime="executorch 1.5"),
    ExportRecipe(backend="executorch", precision="fp32", file="student-fp32.pte", minimum_runtime="executorch 1.5"),
)
