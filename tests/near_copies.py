"""Whether one photo shows what another does: the whole of it, a crop or a squeezed one, mirrored or not.

Corners are described by ORB (Rublee et al., ICCV 2011) and found again by their descriptions; a copy is where many of
them lie as one affine map says (RANSAC).
"""

import io
from collections import defaultdict
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from typing import Any

import cv2
import numpy as np
import numpy.typing as npt
from PIL import Image, ImageOps

LEAST_CORNERS = 8
"""That lie as one map says."""
_SIDE = 192  # the shorter one, in pixels
_KNOWN_CORNERS, _CORNERS = 250, 150  # of a photo; those that are looked up are many
_MOST_SQUEEZED, _SMALLEST_SCALE = 2.5, 0.3  # of maps between copies
_LARGEST_ERROR = 4.0  # of a corner's place, in pixels
_FLANN_LSH: dict[str, Any] = {"algorithm": 6, "table_number": 3, "key_size": 18, "multi_probe_level": 0}
_BLOCK = 8

Uint8Array = npt.NDArray[np.uint8]


@dataclass(frozen=True)
class Copy:
    """Two photos that show the same.

    Attributes:
        photo: Name of the one that was looked up.
        known: Name of the one that was known.
        corners: How many lie as one map says.
    """

    photo: str
    known: str
    corners: int


class KnownPhotos:
    """Photos whose copies are looked for.

    Args:
        photos: Name and file of each.
    """

    def __init__(self, photos: Iterable[tuple[str, bytes]]) -> None:
        self._names: list[str] = []
        self._places: list[npt.NDArray[np.float32]] = []
        self._matcher: Any = cv2.FlannBasedMatcher(_FLANN_LSH, {})
        for name, content in photos:
            grey = _grey(content)
            for seen in (grey, ImageOps.mirror(grey)):
                places, descriptions = _corners(seen, _KNOWN_CORNERS)
                self._names.append(name)
                self._places.append(places)
                self._matcher.add([descriptions])

    def copies(self, photos: Iterable[tuple[str, bytes]], *, least: int = LEAST_CORNERS) -> Iterator[Copy]:
        """Those of `photos` that are copies, by name and file."""
        for name, content in photos:
            places, descriptions = _corners(_grey(content), _CORNERS)
            matched: defaultdict[int, list[tuple[int, int]]] = defaultdict(list)
            for best, *others in filter(None, self._matcher.knnMatch(descriptions, k=2)):
                if not others or best.distance < 0.8 * others[0].distance:
                    matched[best.imgIdx].append((best.queryIdx, best.trainIdx))
            for known, pairs in matched.items():
                ours, theirs = np.array(pairs).T
                corners = _on_one_map(places[ours], self._places[known][theirs])
                if corners >= least:
                    yield Copy(name, self._names[known], corners)


def flat_share(rgb: Uint8Array) -> float:
    """How much of a picture is flat: the share of its 8×8 blocks without two levels between any of their pixels.

    Label maps are flat but for their outlines; of photos, a burnt-out sky is.
    """
    grey = rgb.astype(np.int16).mean(axis=2)
    height, width = (length // _BLOCK * _BLOCK for length in grey.shape)
    blocks = grey[:height, :width].reshape(height // _BLOCK, _BLOCK, width // _BLOCK, _BLOCK)
    return float((np.ptp(blocks, axis=(1, 3)) <= 2).mean())


def _grey(content: bytes) -> Image.Image:
    photo = Image.open(io.BytesIO(content)).convert("L")
    scale = _SIDE / min(photo.size)
    return photo.resize((round(photo.width * scale), round(photo.height * scale)), Image.Resampling.LANCZOS)


def _corners(grey: Image.Image, count: int) -> tuple[npt.NDArray[np.float32], Uint8Array]:
    """Places (N, 2) and descriptions (N, 32)."""
    orb: Any = cv2.ORB.create(nfeatures=count, fastThreshold=5, edgeThreshold=12, patchSize=25)
    found, descriptions = orb.detectAndCompute(np.asarray(grey), None)
    places = np.array([corner.pt for corner in found], np.float32).reshape(-1, 2)
    return places, np.zeros((0, 32), np.uint8) if descriptions is None else descriptions


def _on_one_map(ours: npt.NDArray[np.float32], theirs: npt.NDArray[np.float32]) -> int:
    if len(ours) < LEAST_CORNERS:
        return 0
    found: Any = cv2.estimateAffine2D(ours, theirs, ransacReprojThreshold=_LARGEST_ERROR)
    affine, agreeing = found
    if affine is None:
        return 0
    longest, shortest = np.linalg.svd(affine[:, :2], compute_uv=False)
    # A map that flattens a photo, or shrinks it to a point, fits corners by chance.
    return int(agreeing.sum()) if longest < _MOST_SQUEEZED * shortest and shortest > _SMALLEST_SCALE else 0
