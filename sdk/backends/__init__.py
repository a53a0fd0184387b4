"""Where runtimes plug in. A backend turns named inputs into named answers and does nothing else.

Layout, data types inside the network and quantization are a backend's own business; colour and
resizing never are, which is why every backend gives the same picture.
"""

from collections.abc import Sequence
from importlib import import_module
from pathlib import Path
from typing import Final, Protocol, cast, runtime_checkable

from sdk.contract import Contract, Tensors
from sdk.errors import BackendUnavailable, ModelIntegrityError

__all__ = ["Backend", "open_backend"]


@runtime_checkable
class Backend(Protocol):
    """What every runtime looks like to the SDK."""

    name: str

    def run(self, inputs: Tensors) -> Tensors:
        """The contract's inputs by name to its outputs by name; see `sdk.contract`."""
        ...

    def close(self) -> None:
        """Give back what the runtime holds."""
        ...


class Runtime(Backend, Protocol):
    """A backend of ours.

    Attributes:
        package: The distribution that runs it, whose version `Info` tells.
    """

    package: str


class BackendFactory(Protocol):
    """How a backend is opened."""

    def __call__(self, artifact: Path, contract: Contract, *, threads: int | None) -> Runtime:
        """Open a verified artifact and check its tensors against the contract."""
        ...


# Name → where its class lives. Imported on demand, so that a runtime costs nothing until it is used. "auto" tries them
# in this order: Core ML reaches a Mac's Neural Engine, ONNX Runtime is fastest on processors.
BACKENDS: Final = {
    "coreml": "sdk.backends.coreml:CoreMLBackend",
    "onnx": "sdk.backends.ort:OnnxRuntimeBackend",
    "executorch": "sdk.backends.executorch:ExecuTorchBackend",
    "litert": "sdk.backends.litert:LiteRTBackend",
}


def open_backend(name: str, artifact: Path, contract: Contract, *, threads: int | None = None) -> Runtime:
    """Open a verified artifact with the runtime of that name.

    Raises:
        BackendUnavailable: There is no such backend, or its runtime is not installed.
        ModelIntegrityError: The artifact's tensors are not the contract's, or the runtime refuses it.
    """
    return find_backend(name)(artifact, contract, threads=threads)


def find_backend(name: str) -> BackendFactory:
    """What opens artifacts for the runtime of that name.

    Raises:
        BackendUnavailable: There is no such backend, or its runtime is not installed.
    """
    require_known(name)
    module, _, class_name = BACKENDS[name].partition(":")
    return cast("BackendFactory", getattr(import_module(module), class_name))


def require_known(name: str) -> None:
    """Refuse a name that no backend has.

    Raises:
        BackendUnavailable: There is no such backend.
    """
    if name not in BACKENDS:
        raise BackendUnavailable(f"There is no backend {name!r}; choose one of: {', '.join(BACKENDS)}.")


def require(artifact: Path, *, found: Sequence[object], expected: Sequence[object]) -> None:
    """Hold the tensors a runtime found in an artifact to the contract's.

    Raises:
        ModelIntegrityError: They are others.
    """
    if list(found) != list(expected):
        raise ModelIntegrityError(f"{artifact} has tensors {found} where the contract says {expected}.")
