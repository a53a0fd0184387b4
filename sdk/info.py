"""What a `Colorizer` says about itself."""

from dataclasses import dataclass
from functools import cached_property
from typing import Final

from sdk.manifest import Artifact, Manifest

_ALWAYS: Final = ("edge-colorizer", "numpy", "pillow")


@dataclass(frozen=True, kw_only=True)
class Info:
    """Backend, model and versions. The model's fields are empty for a backend of your own.

    Attributes:
        backend: Name of the backend that runs.
        model: Name of the model.
        model_version: Its version.
        licence: Its licence, an SPDX identifier.
        precision: Of the artifact: "int8", "fp16" or "fp32".
        artifact: The artifact's path.
        sha256: Of the artifact.
        bytes: The artifact's size.
        packages: This SDK, its runtime and what decodes photos.
    """

    backend: str
    model: str = ""
    model_version: str = ""
    licence: str = ""
    precision: str = ""
    artifact: str = ""
    sha256: str = ""
    bytes: int = 0
    packages: tuple[str, ...] = _ALWAYS

    @cached_property
    def versions(self) -> dict[str, str]:
        """Package name to version. Found when it is asked for: that takes a sixth of the time of `import sdk`."""
        return {package: find_version(package) for package in self.packages}


def describe(manifest: Manifest, artifact: Artifact, package: str) -> Info:
    """The `Info` of one artifact of a model, run by a package."""
    return Info(
        backend=artifact.backend,
        model=manifest.model.name,
        model_version=manifest.model.version,
        licence=manifest.model.licence,
        precision=artifact.precision,
        artifact=str(manifest.folder / artifact.path),
        sha256=artifact.sha256,
        bytes=artifact.bytes,
        packages=(*_ALWAYS, package),
    )


def find_version(package: str) -> str:
    """The version of an installed package, or that it is none."""
    from importlib.metadata import PackageNotFoundError, version

    try:
        return version(package)
    except PackageNotFoundError:
        return "not installed as a package"
