"""Core ML: the runtime of iPhones and Macs. It predicts on macOS alone."""

# coremltools ships no types, so there is nothing to be strict about.
# pyright: basic

import platform
import threading
from pathlib import Path

from sdk.backends import require
from sdk.contract import Contract, Tensors
from sdk.errors import BackendUnavailable, ModelIntegrityError

if platform.system() != "Darwin":
    raise BackendUnavailable(
        f'Core ML predicts on macOS alone, and this is {platform.system()}; use the backend "onnx" here.'
    )
try:
    import coremltools
except ImportError as error:
    raise BackendUnavailable(
        'The coreml backend needs coremltools: install edge-colorizer with its extra "coreml".'
    ) from error


class CoreMLBackend:
    """Runs an `.mlpackage` on whatever Core ML finds best: Neural Engine, graphics or processor.

    Args:
        artifact: A verified `.mlpackage` folder.
        contract: What its inputs and outputs must be.
        threads: Not used: Core ML schedules its own.

    Raises:
        ModelIntegrityError: Core ML refuses the model, or its tensors are others.
    """

    name = "coreml"
    package = "coremltools"

    def __init__(self, artifact: Path, contract: Contract, *, threads: int | None = None) -> None:
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
        require(artifact, found=found, expected=contract.shapes())
        self._turn = threading.Lock()  # Core ML asks that one model serves one thread at a time

    def run(self, inputs: Tensors) -> Tensors:
        """See `sdk.backends.Backend`."""
        with self._turn:
            return self._model.predict(inputs)

    def close(self) -> None:
        """Free the model."""
        del self._model
