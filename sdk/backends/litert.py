"""LiteRT: Android's own runtime, here through its Python package."""

# LiteRT ships no types, so there is nothing to be strict about.
# pyright: basic

import threading
from pathlib import Path

from sdk.backends import require
from sdk.contract import Contract, Tensors
from sdk.errors import BackendUnavailable, ModelIntegrityError

try:
    from ai_edge_litert.interpreter import Interpreter
except ImportError as error:
    raise BackendUnavailable(
        'The litert backend needs LiteRT: install edge-colorizer with its extra "litert".'
    ) from error


class LiteRTBackend:
    """Runs a `.tflite` program on the processor. Many threads may share it; they take turns.

    Args:
        artifact: A verified `.tflite` file.
        contract: What its inputs and outputs must be.
        threads: Processor threads; by default LiteRT's choice.

    Raises:
        ModelIntegrityError: LiteRT refuses the file, or its tensors are others.
    """

    name = "litert"
    package = "ai-edge-litert"

    def __init__(self, artifact: Path, contract: Contract, *, threads: int | None = None) -> None:
        try:
            self._program = Interpreter(model_path=str(artifact), num_threads=threads)
            self._run = self._program.get_signature_runner()
        except (ValueError, RuntimeError) as error:
            raise ModelIntegrityError(f"LiteRT cannot open {artifact}: {error}") from error
        tensors = self._run.get_input_details() | self._run.get_output_details()
        found = [(name, tuple(tensor["shape"].tolist())) for name, tensor in tensors.items()]
        require(artifact, found=sorted(found), expected=sorted(contract.shapes()))
        self._turn = threading.Lock()

    def run(self, inputs: Tensors) -> Tensors:
        """See `sdk.backends.Backend`."""
        with self._turn:
            return self._run(**inputs)

    def close(self) -> None:
        """Free the program."""
        del self._run, self._program
