"""TIFF: which of its directories are pages, and what their samples mean."""

import io
from collections.abc import Callable
from dataclasses import replace
from typing import Final

import numpy as np

from sdk import icc
from sdk.containers.picture import Container, Page, Picture, Samples, Space
from sdk.containers.pillow import looked_up, picture_of
from sdk.containers.tiff_layout import Layout
from sdk.containers.tiff_samples import COMPRESSED, NONE, reopened, samples_of, spread
from sdk.containers.tiff_tags import Directory, Tag, directories, inner_directories
from sdk.errors import PhotoError
from sdk.notes import Notes, dpi_of, kept_exif, page_exif, photoshop_resource
from sdk.samples import signed_chroma

_MIN_IS_WHITE, _MIN_IS_BLACK, _RGB, _PALETTE, _SEPARATED, _YCBCR, _CIE_LAB, _ICC_LAB = 0, 1, 2, 3, 5, 6, 8, 9
_SPACES: Final[dict[int, tuple[Space, int]]] = {
    **{_MIN_IS_WHITE: ("grey", 1), _MIN_IS_BLACK: ("grey", 1), _RGB: ("rgb", 3), _PALETTE: ("rgb", 1)},
    **{_SEPARATED: ("cmyk", 4), _CIE_LAB: ("lab", 3), _ICC_LAB: ("lab", 3)},
}
# Fax and JPEG, whose pixels libtiff makes: Pillow knows them as they are.
_FAX: Final = (2, 3, 4)
_PICTURES: Final = (*_FAX, 7)
_PICTURE_TAGS: Final = (
    *(Tag.WIDTH, Tag.HEIGHT, Tag.BITS, Tag.COMPRESSION, Tag.PHOTOMETRIC, Tag.FILL_ORDER, Tag.CHANNELS, Tag.PLANAR),
    *(Tag.PREDICTOR, Tag.COLOUR_MAP, Tag.FAX3_OPTIONS, Tag.FAX4_OPTIONS, Tag.TILE_WIDTH, Tag.EXTRA_SAMPLES),
    *(Tag.JPEG_TABLES, Tag.YCBCR_COEFFICIENTS, Tag.YCBCR_SUBSAMPLING, Tag.YCBCR_POSITIONING),
    Tag.REFERENCE_BLACK_WHITE,
)
_REDUCED, _PAGE, _MASK = 1, 2, 4
_OLD_REDUCED: Final = 2
_ASSOCIATED, _UNASSOCIATED = 1, 2
# Colour filter arrays and linear raw, and the compressions of Sony's, Nikon's, Kodak's and Pentax's raw files.
_RAW_PHOTOMETRICS: Final = (32803, 34892)
_RAW_COMPRESSIONS: Final = (32767, 32770, 34713, 65000, 65535)
_CANON_RAW: Final = b"CR"
# A page this small beside a photo many times as large is a thumbnail, marked or not.
_THUMBNAIL_SIDE: Final = 256
_THUMBNAIL_PART: Final = 4
# How far resampling may have taken floats out of [0, 1].
_FLOAT_SLACK: Final = 0.01


def open_tiff(content: bytes) -> Container:
    """Open a TIFF or BigTIFF file.

    Raises:
        PhotoError: It is a camera's raw file.
    """
    chain = directories(content)
    inner = [directory for outer in chain for directory in inner_directories(outer)]
    if content[8:10] == _CANON_RAW or any(map(_is_raw, [*chain, *inner])):
        raise PhotoError("it is a camera's raw file, which is not read; develop it into a TIFF or JPEG first.")
    pages = _pages(chain) or _pages(inner) or chain[:1]
    return Container("TIFF", [Page(_size(page), _decoder(page)) for page in pages])


def _pages(candidates: list[Directory]) -> list[Directory]:
    """The photos among directories: no thumbnails, masks or infrared pages."""
    whole = [page for page in candidates if not _is_reduced(page)]
    largest = max((max(_size(page)) for page in whole), default=0)
    pages = [
        page for page in whole if max(_size(page)) > _THUMBNAIL_SIDE or max(_size(page)) * _THUMBNAIL_PART > largest
    ]
    return pages[:1] if _is_infrared(pages) else pages


def _size(page: Directory) -> tuple[int, int]:
    return page.number(Tag.WIDTH), page.number(Tag.HEIGHT)


def _is_raw(page: Directory) -> bool:
    return page.number(Tag.PHOTOMETRIC) in _RAW_PHOTOMETRICS or page.number(Tag.COMPRESSION) in _RAW_COMPRESSIONS


def _is_reduced(page: Directory) -> bool:
    kind = page.number(Tag.SUBFILE_TYPE)
    return bool(kind & (_REDUCED | _MASK)) or page.number(Tag.OLD_SUBFILE_TYPE) == _OLD_REDUCED


def _is_numbered(page: Directory) -> bool:
    return Tag.PAGE_NUMBER in page.entries or bool(page.number(Tag.SUBFILE_TYPE) & _PAGE)


def _is_infrared(pages: list[Directory]) -> bool:
    """Whether the second of two pages is what a scanner saw of the first in infrared: 16-bit grey, of the same size.

    Nothing in such a file says so, but writers of documents number their pages, and scanners do not.
    """
    if len(pages) != 2 or _size(pages[0]) != _size(pages[1]) or any(map(_is_numbered, pages)):
        return False
    kinds = [(page.number(Tag.PHOTOMETRIC), page.number(Tag.BITS)) for page in pages]
    return kinds == [(_RGB, 16), (_MIN_IS_BLACK, 16)]


def _decoder(page: Directory) -> Callable[[], Picture]:
    def decode() -> Picture:
        compression = page.number(Tag.COMPRESSION, NONE)
        photometric = page.number(Tag.PHOTOMETRIC, _unsaid_photometric(page, compression))
        if compression in (NONE, *COMPRESSED) and photometric in _SPACES:
            return _meaning(page, samples_of(page, compression), photometric)
        if compression in _PICTURES or (compression in (NONE, *COMPRESSED) and photometric == _YCBCR):
            layout = Layout.of(page)
            tags = {tag: _raw_entry(page, tag) for tag in _PICTURE_TAGS if tag in page.entries}
            opened = reopened(page, tags, layout, slice(None))
            opened.load()
            picture = picture_of(opened, **_described(page))
            deep = picture.samples.dtype == np.uint16  # a JPEG of 12 bits
            return replace(picture, samples=spread(picture.samples, layout.bits)) if deep else picture
        raise PhotoError(f"it is of a kind that is not read: compression {compression}, colours {photometric}.")

    return decode


def _unsaid_photometric(page: Directory, compression: int) -> int:
    """What a page's samples mean where it does not say so, as libtiff has it."""
    if page.number(Tag.CHANNELS, 1) >= 3:
        return _RGB
    return _MIN_IS_WHITE if compression in _FAX else _MIN_IS_BLACK


def _raw_entry(page: Directory, tag: int) -> tuple[int, int, bytes]:
    return page.entries[tag].kind, page.entries[tag].count, page.raw(tag)


def _described(page: Directory) -> dict[str, object]:
    exif = page_exif(io.BytesIO(page.content), page.start, order=page.order, big=page.big)
    notes = Notes(exif=kept_exif(exif), xmp=page.raw(Tag.XMP), iptc=_iptc(page), dpi=dpi_of(exif))
    # Not from `exif`: its reader gives up where one tag is damaged.
    turn = page.number(Tag.ORIENTATION, 1)
    return {"profile": page.raw(Tag.PROFILE), "orientation": turn if 1 <= turn <= 8 else 1, "notes": notes}


def _iptc(page: Directory) -> bytes:
    """IPTC as Photoshop's resource, whether the file has it so or bare."""
    return page.raw(Tag.PHOTOSHOP) or photoshop_resource(page.raw(Tag.IPTC))


def _meaning(page: Directory, samples: Samples, photometric: int) -> Picture:
    """A page's samples as a picture."""
    space, colours = _SPACES[photometric]
    if samples.shape[2] < colours or (photometric == _SEPARATED and page.number(Tag.INK_SET, 1) != 1):
        raise PhotoError(f"its {samples.shape[2]} channels are not the colours it says they are.")
    described = _described(page)
    if samples.dtype == np.float32:
        described["profile"] = described["profile"] or icc.built(icc.SRGB_POINTS, (1.0,), grey=space == "grey")
        samples = _whole(samples)
    alpha = _alpha(page, samples, colours)
    colour = samples[..., 0] if colours == 1 else samples[..., :colours]
    if alpha is not None and page.number(Tag.EXTRA_SAMPLES) == _ASSOCIATED:
        colour = _unmultiplied(colour, alpha)
    if photometric == _MIN_IS_WHITE:
        colour = np.invert(colour)
    elif photometric == _PALETTE:
        colour = _from_palette(page, colour)
    elif space == "lab":
        colour = _icc_lab(colour, signed=photometric == _CIE_LAB)
    return Picture(colour, space, alpha, **described)  # pyright: ignore[reportArgumentType]


def _whole(samples: Samples) -> Samples:
    """Floats in [0, 1] as 16-bit samples.

    Raises:
        PhotoError: They have another range.
    """
    lowest, highest = float(samples.min()), float(samples.max())
    if not (lowest >= -_FLOAT_SLACK and highest <= 1 + _FLOAT_SLACK):  # NaN fails every comparison
        raise PhotoError(f"it holds floats from {lowest:g} to {highest:g}; only [0, 1] is read, as linear light.")
    return np.rint(np.clip(samples, 0, 1) * np.float32(65535)).astype(np.uint16)


def _alpha(page: Directory, samples: Samples, colours: int) -> Samples | None:
    if samples.shape[2] == colours:
        return None
    kinds = page.numbers(Tag.EXTRA_SAMPLES)
    if kinds:
        found = [at for at, kind in enumerate(kinds) if kind in (_ASSOCIATED, _UNASSOCIATED)]
        return samples[..., colours + found[0]] if found and colours + found[0] < samples.shape[2] else None
    # The file says nothing of a fourth channel beside RGB: transparency, unless it is empty.
    unsaid = samples[..., 3] if colours == 3 and samples.shape[2] == 4 else None
    return unsaid if unsaid is not None and unsaid.any() else None


def _from_palette(page: Directory, indices: Samples) -> Samples:
    bits = page.number(Tag.BITS, 1)
    table = np.array(page.numbers(Tag.COLOUR_MAP), np.uint32)
    if len(table) < 3 << bits or bits > 16:
        raise PhotoError("its palette is damaged.")
    colours = table[: 3 << bits].reshape(3, -1).T
    if table.max() > 255:  # some writers give 8 bits for 16
        colours = (colours + 128) // 257
    places = spread(np.arange(1 << bits, dtype=indices.dtype), bits)  # where the indices are now, as samples
    swatches = np.zeros((np.iinfo(indices.dtype).max + 1, 3), np.uint8)
    swatches[places] = colours
    return looked_up(swatches, indices)


def _icc_lab(samples: Samples, *, signed: bool) -> Samples:
    """TIFF's Lab encodings as ICC's."""
    lab = signed_chroma(samples) if signed else samples.copy()
    if samples.dtype == np.uint16:  # TIFF counts 256 of its steps a unit of a and b, ICC 257
        scaled = lab if not signed else lab[..., 1:]
        scaled[...] = np.minimum(scaled.astype(np.uint32) * 257 // 256, 65535)
    return lab


def _unmultiplied(colour: Samples, alpha: Samples) -> Samples:
    top = int(np.iinfo(alpha.dtype).max)
    divisor = np.maximum(alpha, 1).astype(np.uint32)
    divisor = divisor if colour.ndim == 2 else divisor[..., None]
    return np.minimum((colour.astype(np.uint32) * top + divisor // 2) // divisor, top).astype(alpha.dtype)
