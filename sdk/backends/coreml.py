"""Core ML: the runtime of iPhones and Macs. It predicts on macOS alone."""

# coremltools ships no types, so there is nothing to be strict about.
# pyright: basic

import platform
import threading
from pathlib import Path

from sdk.color import FloatArray
from sdk.errors import BackendUnavailable, ModelIntegrityError
from sdk.manifest import Tensors

if platform.system() != "Darwin":
    raise BackendUnavailable(
        f'Core ML predicts on macOS alone, and this is {platform.system()}; use the backend "onnx" here.'
    )
try:
    import coremltools
except ImportError as error:
    raise BackendUnavailable("The coreml backend needs coremltools: pip install 'edge-colorizer[coreml]'.") from error


class CoreMLBackend:
    """Runs an `.mlpackage` on whatever Core ML finds best: Neural Engine, graphics or processor.

    Args:
        artifact: A verified `.mlpackage` folder.
        tensors: The contract its input and output must meet.
        threads: Not used: Core ML schedules its own.

    Raises:
        ModelIntegrityError: Core ML refuses the model, or its tensors are others.
    """

    name = "coreml"
    package = "coremltools"

    def __init__(self, artifact: Path, tensors: Tensors, *, threads: int | None = None) -> None:
        del threads
        try:
            self._model = coremltools.models.MLModel(str(artifact))
        except Exception as error:  # coremltools raises whatever Core ML's bindings do
            raise ModelIntegrityError(f"Core ML cannot open {artifact}: {error}") from error
        description = self._model.get_spec().description
        found = [
            (feature.name, tuple(feature.type.multiArrayType.shape))
            for feature in (*description.input, *description.output)
        ]
        expected = [(tensors.input_name, tensors.input_shape), (tensors.output_name, tensors.output_shape)]
        if found != expected:
            raise ModelIntegrityError(f"{artifact} has tensors {found} where the contract says {expected}.")
        self._input_name, self._output_name = tensors.input_name, tensors.output_name
        self._turn = threading.Lock()  # Core ML asks that one model serves one thread at a time

    def predict_ab(self, lightness: FloatArray) -> FloatArray:
        """See `sdk.backends.Backend`."""
        with self._turn:
            return self._model.predict({self._input_name: lightness})[self._output_name]

    def close(self) -> None:
        """Free the model."""
        del self._model
