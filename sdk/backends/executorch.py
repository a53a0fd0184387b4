"""ExecuTorch: the runtime of Android and iOS apps, here through its Python package."""

# ExecuTorch's Python package is typed in part, so there is nothing to be strict about.
# pyright: basic

import threading
from pathlib import Path
from typing import cast

from sdk.color import FloatArray
from sdk.errors import BackendUnavailable, ModelIntegrityError
from sdk.manifest import Tensors

try:
    import torch
    from executorch.extension.pybindings.portable_lib import _unsafe_reset_threadpool
    from executorch.runtime import Method, Runtime
except ImportError as error:
    raise BackendUnavailable(
        "The executorch backend needs ExecuTorch: pip install 'edge-colorizer[executorch]'."
    ) from error

# XNNPACK's thread pool and workspace belong to the process, so all programs in it take turns.
_TURN = threading.Lock()


class ExecuTorchBackend:
    """Runs a `.pte` program on the processor, through XNNPACK. Many threads may share it; they take turns.

    Args:
        artifact: A verified `.pte` file.
        tensors: The contract its input and output must meet.
        threads: Processor threads, for every ExecuTorch program of this process; by default ExecuTorch's choice.

    Raises:
        ModelIntegrityError: ExecuTorch refuses the file, or its tensors are others.
    """

    name = "executorch"
    package = "executorch"

    def __init__(self, artifact: Path, tensors: Tensors, *, threads: int | None = None) -> None:
        with _TURN:
            if threads is not None:
                _unsafe_reset_threadpool(threads)
            try:
                # From its path: a program loaded from bytes that are freed too early takes the process with it.
                method = cast("Method", Runtime.get().load_program(artifact).load_method("forward"))
            except (RuntimeError, KeyError) as error:
                raise ModelIntegrityError(f"ExecuTorch cannot open {artifact}: {error}") from error
        metadata = method.metadata
        found = [metadata.input_tensor_meta(i).sizes() for i in range(metadata.num_inputs())]
        found += [metadata.output_tensor_meta(i).sizes() for i in range(metadata.num_outputs())]
        expected = [tensors.input_shape, tensors.output_shape]
        if found != expected:
            raise ModelIntegrityError(f"{artifact} has tensors of shape {found} where the contract says {expected}.")
        self._method = method

    def predict_ab(self, lightness: FloatArray) -> FloatArray:
        """See `sdk.backends.Backend`."""
        with _TURN:
            (ab,) = self._method.execute((torch.from_numpy(lightness),))
        return ab.numpy()

    def close(self) -> None:
        """Free the program."""
        del self._method
