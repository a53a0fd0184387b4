"""The product: a grey photograph in, a colour photograph out.

The way of a photo, and the room each step lives in:

    a file, its bytes, a PIL image or an array
      └─ sdk.image      decode safely; upright, in sRGB, transparency kept aside
          └─ sdk.pipeline
              └─ sdk.contract   a small copy's lightness L, as the network is given it
                  └─ backend.run                                the only part that differs
              └─ sdk.contract   the network's answers as chroma ab
                  └─ sdk.merging    upsampled, and merged with the photo's own full-size L
      └─ sdk.image      back to the type that came in, or
         sdk.output     into a file as deep as the one that came in

The network sees a small L and answers a small ab; all detail comes from the original.
"""

import os
from collections.abc import Iterable, Iterator
from pathlib import Path
from types import TracebackType
from typing import IO, Any, Final, Self, TypeVar, Unpack, overload

import numpy.typing as npt
from PIL import Image

from sdk import image, output
from sdk.backends import BACKENDS, Backend, find_backend, require_known
from sdk.contract import STANDARD, Contract
from sdk.errors import BackendUnavailable, OptionError
from sdk.image import DEFAULT_LIMITS, FileSource, Limits, PhotoSource, PixelSource
from sdk.info import Info, describe
from sdk.look import Look, LookOptions
from sdk.manifest import load_manifest
from sdk.options import split_options
from sdk.photo import Photo
from sdk.pipeline import Pipeline, check_threads
from sdk.saving import FileOptions, Saving
from sdk.smoothing import Smoothing

BUNDLED_MODEL: Final = Path(__file__).parent / "models"

Array = TypeVar("Array", bound=npt.NDArray[Any])


class Colorizer:
    """Colours photos with one network, held open between calls. Many threads may share one.

    Most users call `Colorizer.load`; the constructor is for a backend of your own.

    Args:
        backend: Anything with `run`; see `sdk.backends.Backend`.
        contract: The network's tensors.
        limits: The largest photo that is decoded.
        threads: Processor threads for merging; by default one a processor, at most four.
        info: What `info` answers; by default just the backend's name.

    Raises:
        OptionError: `threads` is not at least one.
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
        self._pipeline = Pipeline(backend, contract, threads=threads)
        self._limits = limits
        self._info = info or Info(backend=backend.name)

    @classmethod
    def load(
        cls,
        backend: str = "auto",
        *,
        model_dir: str | os.PathLike[str] | None = None,
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
            OptionError: `threads` is not at least one.
        """
        check_threads(threads)
        if backend != "auto":
            require_known(backend)
        manifest = load_manifest(Path(model_dir) if model_dir else BUNDLED_MODEL)
        offered = {entry.backend for entry in manifest.artifacts if precision in (None, entry.precision)}
        candidates = [name for name in BACKENDS if name in offered] if backend == "auto" else [backend]
        refusals: list[str] = []
        for name in candidates or ["onnx"]:  # whose absence find_artifact explains
            artifact = manifest.find_artifact(name, precision)
            try:
                open_artifact = find_backend(name)  # first: nothing is read for a runtime that is not there
            except BackendUnavailable as error:
                refusals.append(str(error))
            else:
                opened = open_artifact(manifest.verify(artifact), manifest.tensors, threads=threads)
                info = describe(manifest, artifact, opened.package)
                return cls(opened, contract=manifest.tensors, limits=limits, threads=threads, info=info)
        raise BackendUnavailable(" ".join(refusals))

    @overload
    def colorize(self, photo: PixelSource, **look: Unpack[LookOptions]) -> Image.Image: ...
    @overload
    def colorize(self, photo: Array, **look: Unpack[LookOptions]) -> Array: ...
    @overload
    def colorize(self, photo: PhotoSource, **look: Unpack[LookOptions]) -> Image.Image | npt.NDArray[Any]: ...
    def colorize(self, photo: PhotoSource, **look: Unpack[LookOptions]) -> Image.Image | npt.NDArray[Any]:
        """Colour one photo of any size.

        Args:
            photo: A path, an encoded file's bytes, a file opened for reading them, a PIL image, or an array:
                (height, width) or (height, width, 1, 3 or 4), uint8, uint16, or float in [0, 1], sRGB.
            look: How it is to be coloured; see `Look`.

        Returns:
            A PIL image (RGB, or RGBA where the photo had transparency), 8 bits deep because Pillow knows no other
            colour image; for an array, a (height, width, 3 or 4) array of its dtype. Lightness is the photo's own.

        Raises:
            PhotoError: The photo cannot be read, is none, is too large, or has colours and `on_color` is "error".
            OptionError: An option has a value it cannot have.
        """
        return self._coloured(photo, look).as_given()

    def colorize_file(
        self, photo: FileSource, path: str | os.PathLike[str] | IO[bytes], **options: Unpack[FileOptions]
    ) -> bool:
        """Colour a photo into a file, whole or not at all; a 16-bit photo stays so in PNG and TIFF.

        Every page of a TIFF and every frame of a GIF, WebP or PNG is coloured, into a file of such a kind.

        Args:
            photo: A path, an encoded file's bytes, or a file opened for reading them.
            path: The file, whose suffix names the format; or one opened for writing bytes.
            options: How it is coloured and written; see `Look` and `Saving`.

        Returns:
            Whether it was coloured: False where `on_color` is "keep" and it has colours already.

        Raises:
            PhotoError, OptionError: As `colorize`; also `keep_times` without two names.
            OutputError: The format is unknown, the file exists and may not be replaced, or the disk refuses.
        """
        given, saving = split_options(options, Look, Saving)
        target = Path(path) if isinstance(path, str | os.PathLike) else path
        dated = Path(photo) if isinstance(photo, str | os.PathLike) and isinstance(target, Path) else None
        if saving.keep_times and dated is None:
            raise OptionError("Bytes and open files have no times to keep; name both files, or leave keep_times out.")
        if isinstance(target, Path):
            output.check(target, saving)
        count, pages = image.read_pages(photo, self._limits)
        were_coloured: list[bool] = []

        def coloured(page: Photo) -> Photo:
            done = self._pipeline.coloured(page, given)
            were_coloured.append(done.is_coloured)
            return done

        if isinstance(target, Path):
            output.write(map(coloured, pages), count, target, saving, dated=dated if saving.keep_times else None)
        else:
            output.write_to(map(coloured, pages), count, target, saving)
        return any(were_coloured)

    def colorize_to_png(self, photo: PhotoSource, *, mark: bool = True, **look: Unpack[LookOptions]) -> bytes:
        """Colour a photo into a PNG file's bytes, 16 bits deep if the photo is. Raises as `colorize`."""
        return output.png_bytes(self._coloured(photo, look), mark=mark)

    @overload
    def colorize_batch(self, photos: Iterable[PixelSource], **look: Unpack[LookOptions]) -> list[Image.Image]: ...
    @overload
    def colorize_batch(self, photos: Iterable[Array], **look: Unpack[LookOptions]) -> list[Array]: ...
    @overload
    def colorize_batch(self, photos: Iterable[PhotoSource], **look: Unpack[LookOptions]) -> list[Any]: ...
    def colorize_batch(self, photos: Iterable[PhotoSource], **look: Unpack[LookOptions]) -> list[Any]:
        """Colour several photos, each as `colorize` would; the first bad one raises."""
        return [self.colorize(photo, **look) for photo in photos]

    @overload
    def stream(
        self, frames: Iterable[PixelSource], *, smoothing: float = 0.0, **look: Unpack[LookOptions]
    ) -> Iterator[Image.Image]: ...
    @overload
    def stream(
        self, frames: Iterable[Array], *, smoothing: float = 0.0, **look: Unpack[LookOptions]
    ) -> Iterator[Array]: ...
    @overload
    def stream(
        self, frames: Iterable[PhotoSource], *, smoothing: float = 0.0, **look: Unpack[LookOptions]
    ) -> Iterator[Image.Image | npt.NDArray[Any]]: ...
    def stream(
        self, frames: Iterable[PhotoSource], *, smoothing: float = 0.0, **look: Unpack[LookOptions]
    ) -> Iterator[Any]:
        """Colour a video's frames in order, one at a time.

        Args:
            frames: Each as `colorize` takes it.
            smoothing: Share of the previous frame's chroma in this frame's, in [0, 1):
                ab = smoothing * previous + (1 - smoothing) * predicted. It calms flicker. At a cut, and after a frame
                that keeps its colours, it begins anew.
            look: As `colorize` takes it.

        Raises:
            OptionError: At once. What `colorize` raises for a frame comes when it is that frame's turn.
        """
        photos = (image.read(frame, self._limits) for frame in frames)
        coloured = self._pipeline.coloured_frames(photos, Smoothing(smoothing), Look(**look))
        return (photo.as_given() for photo in coloured)

    def warmup(self) -> None:
        """Run the network once on grey, so that the first photo is not the slow one."""
        self._pipeline.warmup()

    def info(self) -> Info:
        """Which backend and which model these are."""
        return self._info

    def close(self) -> None:
        """Give back what the backend holds. Colouring after this raises."""
        self._pipeline.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    def _coloured(self, source: PhotoSource, look: LookOptions) -> Photo:
        asked = Look(**look)
        return self._pipeline.coloured(image.read(source, self._limits), asked)
