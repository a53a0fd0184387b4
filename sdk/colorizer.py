"""The product: a grey photograph in, a colour photograph out.

The way of a photo, and the room each step lives in:

    path, bytes, PIL image or array
      └─ sdk.image      decode safely; upright, in sRGB, transparency kept aside
          └─ sdk.contract   a small copy's lightness L, as the network is given it
              └─ backend.run                                    the only part that differs
          └─ sdk.contract   the network's answers as chroma ab
              └─ sdk.merging    upsampled, and merged with the photo's own full-size L
      └─ sdk.image      back to the type that came in, or
         sdk.output     into a file as deep as the one that came in

The network sees a small L and answers a small ab; all detail comes from the original.
"""

# Long: the product's whole face on one page; a third of it is what its callers read.

import os
from collections.abc import Iterable, Iterator
from dataclasses import replace
from functools import partial
from pathlib import Path
from types import TracebackType
from typing import Any, Final, Self, Unpack, overload

import numpy as np
import numpy.typing as npt
from PIL import Image

from sdk import color, image, merging, output, resizing
from sdk.backends import BACKENDS, Backend, open_backend
from sdk.contract import HINTS, STANDARD, Contract
from sdk.errors import BackendUnavailable, ColorizerError, OptionError, PhotoError
from sdk.hints import place_hints
from sdk.image import DEFAULT_LIMITS, Limits
from sdk.info import Info, describe
from sdk.look import Look, LookOptions
from sdk.manifest import load_manifest
from sdk.photo import Photo

BUNDLED_MODEL: Final = Path(__file__).parent / "models"

PixelSource = str | Path | bytes | Image.Image
PhotoSource = PixelSource | npt.NDArray[Any]


class Colorizer:
    """Colours photos with one network, held open between calls. Many threads may share one.

    Most users call `Colorizer.load`; the constructor is for a backend of your own.

    Args:
        backend: Anything with `run`; see `sdk.backends.Backend`.
        contract: The network's tensors.
        limits: The largest photo that is decoded.
        threads: Processor threads for merging; by default one a processor, at most four.
        info: What `info` answers; by default just the backend's name.
    """

    def __init__(
        self,
        backend: Backend,
        *,
        contract: Contract = STANDARD,
        limits: Limits = DEFAULT_LIMITS,
        threads: int | None = None,
        info: Info | None = None,
    ) -> None:
        self._backend = backend
        self._contract = contract
        self._threads = threads
        self._limits = limits
        self._info = info or Info(backend=backend.name)
        self._process = os.getpid()
        self._closed = False

    @classmethod
    def load(
        cls,
        backend: str = "auto",
        *,
        model_dir: str | Path | None = None,
        precision: str | None = None,
        threads: int | None = None,
        limits: Limits = DEFAULT_LIMITS,
    ) -> Self:
        """Open a model, after checking that it is the one its manifest describes.

        Args:
            backend: "onnx", "executorch", "coreml", "litert", or "auto": the best one that is installed and that the
                model has an artifact for; `info` says which.
            model_dir: Folder of artifacts and their `manifest.json`; by default the bundled model.
            precision: "int8", "fp16" or "fp32"; by default the first one the manifest lists.
            threads: Processor threads for the network, and for merging; by default what each does best with.
            limits: The largest photo that is decoded.

        Raises:
            BackendUnavailable: The backend is unknown, or its runtime is not installed.
            ModelIntegrityError: The model is missing, altered, or made for another version.
        """
        manifest = load_manifest(Path(model_dir) if model_dir else BUNDLED_MODEL)
        offered = {entry.backend for entry in manifest.artifacts if precision in (None, entry.precision)}
        candidates = [name for name in BACKENDS if name in offered] if backend == "auto" else [backend]
        refusals: list[str] = []
        for name in candidates or ["onnx"]:  # whose absence find_artifact explains
            artifact = manifest.find_artifact(name, precision)
            try:
                opened = open_backend(name, manifest.verify(artifact), manifest.tensors, threads=threads)
            except BackendUnavailable as error:
                refusals.append(str(error))
            else:
                info = describe(manifest, artifact, opened.package)
                return cls(opened, contract=manifest.tensors, limits=limits, threads=threads, info=info)
        raise BackendUnavailable(" ".join(refusals))

    @overload
    def colorize(self, photo: PixelSource, **look: Unpack[LookOptions]) -> Image.Image: ...
    @overload
    def colorize(self, photo: npt.NDArray[Any], **look: Unpack[LookOptions]) -> npt.NDArray[Any]: ...
    @overload
    def colorize(self, photo: PhotoSource, **look: Unpack[LookOptions]) -> Image.Image | npt.NDArray[Any]: ...
    def colorize(self, photo: PhotoSource, **look: Unpack[LookOptions]) -> Image.Image | npt.NDArray[Any]:
        """Colour one photo of any size.

        Args:
            photo: A path, an encoded file's bytes, a PIL image, or an array: (height, width) or
                (height, width, 3), uint8, uint16, or float in [0, 1], sRGB.
            look: How it is to be coloured; see `Look`.

        Returns:
            A PIL image (RGB, or RGBA where the photo had transparency), 8 bits deep because Pillow knows no other
            colour image; for an array, a (height, width, 3) array of its dtype. Lightness is the photo's own.

        Raises:
            PhotoError: The photo cannot be read, is none, is too large, or has colours and `on_color` is "error".
            OptionError: An option has a value it cannot have.
        """
        return self._coloured(photo, Look(**look)).as_given()

    def colorize_file(
        self,
        photo: str | Path | bytes,
        path: str | Path,
        *,
        overwrite: bool = False,
        mark: bool = True,
        keep_times: bool = False,
        **look: Unpack[LookOptions],
    ) -> None:
        """Colour a photo into a file, whole or not at all; a 16-bit photo stays so in PNG and TIFF.

        Every page of a TIFF and every frame of a GIF, WebP or PNG is coloured, into a file of such a kind.

        Args:
            photo: A path, or an encoded file's bytes.
            path: The file; its suffix names the format.
            overwrite: Whether a file that exists is replaced.
            mark: Whether the file tells in its XMP that a model has coloured it.
            keep_times: Whether the file is as old as the photo's: its times of access and change are the photo's.
            look: As `colorize` takes it.

        Raises:
            PhotoError, OptionError: As `colorize`; also `keep_times` for bytes, which have none.
            OutputError: The suffix is unknown, the file exists and may not be replaced, or the disk refuses.
        """
        source = None if isinstance(photo, bytes) else Path(photo)
        if keep_times and source is None:
            raise OptionError("Bytes have no times to keep; name a file, or leave keep_times out.")
        output.check(Path(path), overwrite=overwrite)
        asked = Look(**look)
        count, pages = image.read_pages(photo, self._limits)
        coloured = map(partial(self._coloured_photo, look=asked), pages)
        dated = source if keep_times else None
        output.write(coloured, count, Path(path), overwrite=overwrite, mark=mark, dated=dated)

    def colorize_to_png(self, photo: PhotoSource, *, mark: bool = True, **look: Unpack[LookOptions]) -> bytes:
        """Colour a photo into a PNG file's bytes, 16 bits deep if the photo is. Raises as `colorize`."""
        return output.png_bytes(self._coloured(photo, Look(**look)), mark=mark)

    def colorize_batch(
        self, photos: Iterable[PhotoSource], **look: Unpack[LookOptions]
    ) -> list[Image.Image | npt.NDArray[Any]]:
        """Colour several photos, each as `colorize` would; the first bad one raises."""
        return [self.colorize(photo, **look) for photo in photos]

    def stream(
        self, frames: Iterable[PhotoSource], *, smoothing: float = 0.0, **look: Unpack[LookOptions]
    ) -> Iterator[Image.Image | npt.NDArray[Any]]:
        """Colour a video's frames in order, one at a time.

        Args:
            frames: Each as `colorize` takes it.
            smoothing: Share of the previous frame's chroma in this frame's, in [0, 1):
                ab = smoothing * previous + (1 - smoothing) * predicted. It calms flicker; at a cut, old
                colours linger for about 1 / (1 - smoothing) frames.
            look: As `colorize` takes it.

        Raises:
            OptionError: At once. What `colorize` raises for a frame comes when it is that frame's turn.
        """
        if not 0 <= smoothing < 1:
            raise OptionError(f"smoothing must lie in [0, 1), not {smoothing}.")
        return self._coloured_frames(frames, smoothing, Look(**look))

    def warmup(self) -> None:
        """Run the network once on grey, so that the first photo is not the slow one."""
        self._predict(np.full((self._contract.side, self._contract.side, 3), 128, np.uint8))

    def info(self) -> Info:
        """Which backend and which model these are."""
        return self._info

    def close(self) -> None:
        """Give back what the backend holds. Colouring after this raises."""
        if not self._closed:
            self._closed = True
            self._backend.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    def _coloured(self, source: PhotoSource, look: Look) -> Photo:
        return self._coloured_photo(image.read(source, self._limits), look)

    def _coloured_photo(self, photo: Photo, look: Look) -> Photo:
        ab = self._chroma(photo, look)
        return photo if ab is None else self._merged(photo, ab, look)

    def _coloured_frames(
        self, frames: Iterable[PhotoSource], smoothing: float, look: Look
    ) -> Iterator[Image.Image | npt.NDArray[Any]]:
        previous = None
        for frame in frames:
            photo = image.read(frame, self._limits)
            ab = self._chroma(photo, look)
            if ab is None:
                yield photo.as_given()
                continue
            previous = ab if previous is None else smoothing * previous + (1 - smoothing) * ab
            yield self._merged(photo, previous, look).as_given()

    def _chroma(self, photo: Photo, look: Look) -> color.FloatArray | None:
        """What the network answers for a photo; None where the photo has colours that are to be kept."""
        small = resizing.resize(photo.rgb, self._contract.side)
        if look.on_color != "recolor" and color.has_hues(small):
            if look.on_color == "keep":
                return None
            raise PhotoError('This photo has colours already; on_color="recolor" replaces them.')
        return self._predict(small, hints=self._placed(photo, look), vividness=look.vividness)

    def _placed(self, photo: Photo, look: Look) -> color.FloatArray | None:
        """A look's hints on the network's grid, if there are any."""
        if not look.hints:
            return None
        if HINTS not in self._contract.inputs:
            raise OptionError("This model takes no hints; load one that does, or give none.")
        height, width = photo.rgb.shape[:2]
        return place_hints(look.hints, self._contract, height=height, width=width)

    def _merged(self, photo: Photo, ab: color.FloatArray, look: Look) -> Photo:
        # A file's samples are nobody else's, so they may make room for the coloured ones.
        out = photo.rgb if photo.array_dtype is None and photo.rgb.flags.writeable else None
        chroma = ab * np.float32(look.strength)
        return replace(photo, rgb=merging.merge(photo.rgb, chroma, out=out, threads=self._threads))

    def _predict(
        self, small: color.Uint8Array, *, hints: color.FloatArray | None = None, vividness: float = 0.0
    ) -> color.FloatArray:
        """(S, S, 3) sRGB to (2, S/2, S/2) a and b in Lab units."""
        if self._closed:
            raise ColorizerError("This Colorizer is closed; load another.")
        if os.getpid() != self._process:
            raise ColorizerError("This Colorizer was loaded before a fork; load one in each process.")
        answers = self._backend.run(self._contract.encode(small, hints=hints))
        return self._contract.chroma(answers, vividness=vividness)
