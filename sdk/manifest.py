"""What a model folder says about itself, and the proof that it tells the truth.

`manifest.json` is written last by `converters.export_all` and read first here. Nothing is opened by a
runtime before its hash has been checked, and there is no switch to turn that off.
"""

import hashlib
import json
from dataclasses import asdict, dataclass
from pathlib import Path
from types import UnionType
from typing import Any, Final, cast, get_origin, get_type_hints

from sdk import color
from sdk.contract import AB, INPUTS, LIGHTNESS, OUTPUTS, Contract, TensorSpec
from sdk.errors import ModelIntegrityError

SCHEMA: Final = 2
FILE_NAME: Final = "manifest.json"


@dataclass(frozen=True, kw_only=True)
class Model:
    """Who a model is and what it was made from."""

    name: str
    version: str
    commit: str
    licence: str
    training_data: list[str]


@dataclass(frozen=True, kw_only=True)
class Artifact:
    """One deployable file, or folder in the case of an `.mlpackage`.

    Attributes:
        backend: Name of the backend that opens it.
        path: Relative to the manifest's folder.
        sha256: See `sha256`.
        bytes: Its size.
        variant: "lab" for the tensor contract, which is all this SDK opens; "rgb" for a graph that takes a
            square sRGB photo and gives it back in colour, for apps without a colour path of their own.
        precision: "fp32", "fp16", "int8" or "palette6" (weights of 64 shared values).
        quantization: "qat" where training knew of the rounding, "ptq" where it did not, None without rounding.
        calibration: Hash of the photos that set its quantization ranges; None where nothing was quantized.
        tools: Name and version of the tools that wrote it.
        minimum_runtime: Oldest runtime known to open it.
        parity: Measured agreement with the trained network: figure name to value.
    """

    backend: str
    path: str
    sha256: str
    bytes: int
    variant: str
    precision: str
    quantization: str | None
    calibration: str | None
    tools: dict[str, str]
    minimum_runtime: str
    parity: dict[str, float]


@dataclass(frozen=True, kw_only=True)
class Manifest:
    """A model folder's manifest, read and checked."""

    folder: Path
    created: str
    model: Model
    tensors: Contract
    artifacts: list[Artifact]

    def find_artifact(self, backend: str, precision: str | None) -> Artifact:
        """The first artifact for a backend, of one precision if it matters.

        Raises:
            ModelIntegrityError: There is none.
        """
        ours = [artifact for artifact in self.artifacts if artifact.variant == "lab"]
        for artifact in ours:
            if artifact.backend == backend and precision in (None, artifact.precision):
                return artifact
        offered = ", ".join(f"{artifact.backend} {artifact.precision}" for artifact in ours)
        wanted = f"{backend} {precision}" if precision else backend
        raise ModelIntegrityError(
            f"{self.folder} has no artifact for {wanted}; it offers: {offered or 'nothing'}. "
            "Choose one of these, or name a model folder that has it."
        )

    def verify(self, artifact: Artifact) -> Path:
        """Where an artifact lies, once its path and hash have been checked.

        Raises:
            ModelIntegrityError: It lies outside the folder, is missing, or is not the file the manifest describes.
        """
        path = (self.folder / artifact.path).resolve()
        if not path.is_relative_to(self.folder.resolve()):
            raise ModelIntegrityError(f"{artifact.path} points outside {self.folder}; do not use this model.")
        if not path.exists():
            raise ModelIntegrityError(f"{path} is missing; install or export the model again.")
        if sha256(path) != artifact.sha256:
            raise ModelIntegrityError(f"{path} is not the file its manifest describes; install or export it again.")
        return path

    def save(self) -> None:
        """Write the manifest in one move, after everything it describes."""
        content = {"schema": SCHEMA, **asdict(self), "colour": color.constants()}
        del content["folder"]
        partial = self.folder / f".{FILE_NAME}.partial"
        partial.write_text(json.dumps(content, indent=2, sort_keys=True, allow_nan=False) + "\n", encoding="utf-8")
        partial.replace(self.folder / FILE_NAME)


def load_manifest(folder: Path) -> Manifest:
    """Read a model folder's manifest.

    Raises:
        ModelIntegrityError: It is missing or malformed, of an unknown schema, or its model was trained with other
            colour constants than this SDK computes with.
    """
    path = folder / FILE_NAME
    try:
        content = json.loads(path.read_text(encoding="utf-8"))
        schema = content["schema"]
    except (OSError, ValueError, KeyError, TypeError) as error:
        raise ModelIntegrityError(f"{path} is not a readable manifest; install or export the model again.") from error
    if schema not in _READ_TENSORS:
        raise ModelIntegrityError(f"{path} has schema {schema}, this SDK knows up to {SCHEMA}; update edge-colorizer.")
    try:
        manifest = Manifest(
            folder=folder,
            created=_text(content["created"]),
            model=Model(**_typed(content["model"], Model)),
            tensors=_READ_TENSORS[schema](content["tensors"]),
            artifacts=[Artifact(**_typed(entry, Artifact)) for entry in content["artifacts"]],
        )
        colour = content["colour"]
    except (KeyError, TypeError) as error:
        raise ModelIntegrityError(f"{path} is malformed ({error}); install or export the model again.") from error
    if colour != color.constants():
        raise ModelIntegrityError(f"{path} was made with other colour constants; its colours would be wrong here.")
    return manifest


def sha256(path: Path) -> str:
    """A file's SHA-256, in hexadecimal; a folder's is that of its sorted relative paths and their files' hashes."""
    if path.is_dir():
        files = sorted((file.relative_to(path).as_posix(), file) for file in path.rglob("*") if file.is_file())
        listing = "".join(f"{sha256(file)}  {name}\n" for name, file in files)
        return hashlib.sha256(listing.encode()).hexdigest()
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def _one_tensor_each_way(table: dict[str, Any]) -> Contract:
    """Schema 1: lightness in and ab out, by name alone."""
    if (table["input_name"], table["output_name"]) != (LIGHTNESS.name, AB.name):
        raise TypeError("its tensors are not lightness and ab")
    return Contract(side=_whole(table["side"]))


def _tensor_lists(table: dict[str, Any]) -> Contract:
    """Schema 2: each tensor with its scale and meaning, which must be ours."""
    return Contract(
        side=_whole(table["side"]),
        inputs=tuple(_known(entry, INPUTS) for entry in table["inputs"]),
        outputs=tuple(_known(entry, OUTPUTS) for entry in table["outputs"]),
    )


_READ_TENSORS: Final = {1: _one_tensor_each_way, 2: _tensor_lists}


def _known(entry: dict[str, Any], ours: dict[str, TensorSpec]) -> TensorSpec:
    spec = ours.get(entry["name"])
    if spec is None or {**entry, "scale": tuple(entry["scale"])} != asdict(spec):
        raise TypeError(f"the tensor {entry['name']!r} is not one this SDK knows")
    return spec


def _whole(value: object) -> int:
    if not isinstance(value, int):
        raise TypeError(f"{value!r} is not a whole number")
    return value


def _text(value: object) -> str:
    if not isinstance(value, str):
        raise TypeError(f"{value!r} is not text")
    return value


def _typed(table: object, record: type[Model | Artifact]) -> dict[str, Any]:
    """A JSON object whose values have the types of the record's fields."""
    if not isinstance(table, dict):
        raise TypeError(f"{record.__name__} is not an object")
    values = cast("dict[str, Any]", table)
    for name, hint in get_type_hints(record).items():
        # `list[str]` is checked as a list, `str | None` as it stands.
        expected = hint if isinstance(hint, UnionType) else get_origin(hint) or hint
        if not isinstance(values[name], expected):
            raise TypeError(f"{record.__name__}.{name} is not {hint}")
    return values
