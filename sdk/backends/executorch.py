"""ExecuTorch: the runtime of Android and iOS apps, here through its Python package."""

# ExecuTorch's Python package is typed in part, so there is nothing to be strict about.
# pyright: basic

import threading
from pathlib import Path
from typing import cast

from sdk.backends import require
from sdk.contract import Contract, Tensors
from sdk.errors import BackendUnavailable, ModelIntegrityError

try:
    import torch
    from executorch.extension.pybindings.portable_lib import _unsafe_reset_threadpool
    from executorch.runtime import Method, Runtime
except ImportError as error:
    raise BackendUnavailable(
        'The executorch backend needs ExecuTorch: install edge-colorizer with its extra "executorch".'
    ) from error

# XNNPACK's thread pool and workspace belong to the process, so all programs in it take turns.
_TURN = threading.Lock()


class ExecuTorchBackend:
    """Runs a `.pte` program on the processor, through XNNPACK. Many threads may share it; they take turns.

    Args:
        artifact: A verified `.pte` file.
        contract: What its inputs and outputs must be.
        threads: Processor threads, for every ExecuTorch program of this process; by default ExecuTorch's choice.

    Raises:
        ModelIntegrityError: ExecuTorch refuses the file, or its tensors are others.
    """

    name = "executorch"
    package = "executorch"

    def __init__(self, artifact: Path, contract: Contract, *, threads: int | None = None) -> None:
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
        require(artifact, found=found, expected=[shape for _, shape in contract.shapes()])
        self._method, self._contract = method, contract

    def run(self, inputs: Tensors) -> Tensors:
        """See `sdk.backends.Backend`. A program knows its tensors by their order alone."""
        with _TURN:
            answers = self._method.execute([torch.from_numpy(inputs[spec.name]) for spec in self._contract.inputs])
        return {spec.name: answer.numpy() for spec, answer in zip(self._contract.outputs, answers, strict=True)}

    def close(self) -> None:
        """Free the program."""
        del self._method
