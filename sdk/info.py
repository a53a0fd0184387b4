"""What a `Colorizer` says about itself."""

from dataclasses import dataclass, field

from sdk.manifest import Artifact, Manifest


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
        versions: Package name to version: this SDK, its runtime and what decodes photos.
    """

    backend: str
    model: str = ""
    model_version: str = ""
    licence: str = ""
    precision: str = ""
    artifact: str = ""
    sha256: str = ""
    bytes: int = 0
    versions: dict[str, str] = field(default_factory=lambda: _versions("edge-colorizer", "numpy", "pillow"))


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
        versions=_versions("edge-colorizer", "numpy", "pillow", package),
    )


def _versions(*packages: str) -> dict[str, str]:
    # A sixth of the time `import sdk` would take, for what few ask.
    from importlib.metadata import PackageNotFoundError, version

    found: dict[str, str] = {}
    for package in packages:
        try:
            found[package] = version(package)
        except PackageNotFoundError:
            found[package] = "not installed as a package"
    return found
