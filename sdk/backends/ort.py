"""ONNX Runtime: the backend of laptops and servers, and the one that is always installed."""

# ONNX Runtime ships no types, so there is nothing to be strict about.
# pyright: basic

import os
from pathlib import Path

import numpy as np

from sdk.backends import require
from sdk.contract import Contract, Tensors
from sdk.errors import BackendUnavailable, ModelIntegrityError

# ONNX Runtime sends usage telemetry unless this is set before it is imported. We never send any.
os.environ["ORT_DISABLE_TELEMETRY"] = "1"

try:
    import onnxruntime
except ImportError as error:
    raise BackendUnavailable("The onnx backend needs ONNX Runtime: pip install onnxruntime.") from error

_ERRORS_ONLY = 3
# ONNX names the file of a tensor kept elsewhere under the key "location" (onnx.proto, `external_data`). Here is that
# entry as protobuf writes it: field 1, eight bytes, the key, field 2.
_EXTERNAL_DATA = b"\x0a\x08location\x12"


def session_options(threads: int | None) -> onnxruntime.SessionOptions:
    """How a network is run here; by default on as many threads as ONNX Runtime chooses."""
    options = onnxruntime.SessionOptions()
    options.log_severity_level = _ERRORS_ONLY
    # Between answers its threads would spin on, on the processors that merging needs: a third of a photo's time.
    options.add_session_config_entry("session.force_spinning_stop", "1")
    if threads is None:
        # Nor do they spin while one of them waits for a processor that decoding, merging or another program has.
        options.add_session_config_entry("session.intra_op.allow_spinning", "0")
    else:
        options.intra_op_num_threads = threads
    return options


class OnnxRuntimeBackend:
    """Runs an ONNX artifact on the processor. One session serves many threads.

    Args:
        artifact: A verified `.onnx` file.
        contract: What its inputs and outputs must be.
        threads: Processor threads; by default ONNX Runtime's choice.

    Raises:
        ModelIntegrityError: ONNX Runtime refuses the file, its tensors are others, or some of them lie in another
            file, whose hash nobody has checked.
    """

    name = "onnx"
    package = "onnxruntime"

    def __init__(self, artifact: Path, contract: Contract, *, threads: int | None = None) -> None:
        if _EXTERNAL_DATA in artifact.read_bytes():
            raise ModelIntegrityError(f"{artifact} keeps tensors in other files; export the model to a single file.")
        options = session_options(threads)
        try:
            self._session = onnxruntime.InferenceSession(artifact, options, providers=["CPUExecutionProvider"])
        except Exception as error:  # ONNX Runtime's exceptions share no base of their own
            raise ModelIntegrityError(f"ONNX Runtime cannot open {artifact}: {error}") from error
        found = [(node.name, tuple(node.shape)) for node in (*self._session.get_inputs(), *self._session.get_outputs())]
        require(artifact, found=found, expected=contract.shapes())
        self._outputs = [spec.name for spec in contract.outputs]

    def run(self, inputs: Tensors) -> Tensors:
        """See `sdk.backends.Backend`."""
        answers = self._session.run(self._outputs, inputs)
        return {name: np.asarray(answer) for name, answer in zip(self._outputs, answers, strict=True)}

    def close(self) -> None:
        """End the session and free its memory."""
        del self._session
