"""The product: a grey photograph in, a colour photograph out.

The way of a photo, and the room each step lives in:

    path, bytes, PIL image or array
      └─ sdk.image      decode safely; upright, in sRGB, transparency kept aside
          └─ sdk.color  a small picture's lightness L           the tensor contract, in
              └─ backend.predict_ab                             the only part that differs
          └─ sdk.color  chroma ab, upsampled and merged         the tensor contract, out
                        with the photo's own full-size L
      └─ sdk.image      back to the type that came in

The network sees a small L and answers a small ab; all detail comes from the original.
"""

from pathlib import Path
from types import TracebackType
from typing import Any, Final, Self, overload

import numpy as np
import numpy.typing as npt
from PIL import Image

from sdk import color, image
from sdk.backends import Backend, open_backend
from sdk.manifest import Manifest, load_manifest

BUNDLED_MODEL: Final = Path(__file__).parent / "models"


class Colorizer:
    """Colours photos with one network, held open between calls.

    Most users call `Colorizer.load`; the constructor is for a backend of your own.

    Args:
        backend: Anything with `predict_ab`; see `sdk.backends.Backend`.
        side: S of the tensor contract, the side of the network's square input in pixels.
    """

    def __init__(self, backend: Backend, *, side: int) -> None:
        self._backend = backend
        self._side = side

    @classmethod
    def load(
        cls,
        backend: str = "onnx",
        *,
        model_dir: str | Path = BUNDLED_MODEL,
        precision: str | None = None,
        threads: int | None = None,
    ) -> Self:
        """Open a model, after checking that it is the one its manifest describes.

        Args:
            backend: Which runtime to use: "onnx".
            model_dir: Folder of artifacts and their `manifest.json`; by default the bundled model.
            precision: "int8" or "fp32"; by default the first one the manifest lists.
            threads: Processor threads for the network; by default the runtime's choice.

        Raises:
            BackendUnavailable: The backend is unknown, or its runtime is not installed.
            ModelIntegrityError: The model is missing, altered, or made for another version.
        """
        manifest: Manifest = load_manifest(Path(model_dir))
        artifact = manifest.find_artifact(backend, precision)
        opened = open_backend(backend, manifest.verify(artifact), manifest.tensors, threads=threads)
        return cls(opened, side=manifest.tensors.side)

    @overload
    def colorize(self, photo: str | Path | bytes | Image.Image) -> Image.Image: ...
    @overload
    def colorize(self, photo: npt.NDArray[Any]) -> npt.NDArray[Any]: ...
    def colorize(self, photo: str | Path | bytes | Image.Image | npt.NDArray[Any]) -> Image.Image | npt.NDArray[Any]:
        """Colour one photo of any size.

        A photo that has colours already is coloured anew: only its lightness is used.

        Args:
            photo: A path, an encoded file's bytes, a PIL image, or an array: (height, width) or
                (height, width, 3), uint8, uint16, or float in [0, 1], sRGB.

        Returns:
            A PIL image (RGB, or RGBA where the photo had transparency); for an array, a
            (height, width, 3) array of its dtype. Lightness is the photo's own.

        Raises:
            PhotoError: The photo cannot be read, or is none.
        """
        original = image.read(photo)
        small = image.resize(original.rgb, self._side)
        lightness = color.normalize_lightness(color.rgb_to_lightness(small))
        ab = self._backend.predict_ab(lightness)[0] * np.float32(color.CHROMA_SCALE)
        return original.with_colours(color.merge(original.rgb, ab))

    def close(self) -> None:
        """Give back what the backend holds. Colouring after this is an error of the caller's."""
        self._backend.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()
