"""The formats of photos: which are read, by which names files carry them, and which are written.

A new format is one line here and its test.
"""

from dataclasses import dataclass
from pathlib import PurePath
from typing import Final, Literal

from sdk.errors import OptionError, OutputError


@dataclass(frozen=True, kw_only=True)
class PhotoFormat:
    """One format of files.

    Attributes:
        name: Pillow's name for it.
        suffixes: What files of this format are called, the usual suffix first.
        signature: What they begin with, a regular expression; without one, the suffix alone tells.
        written: Whether a coloured photo can be written in it.
        kept: Whether a folder's photos stay in it; those of the others become PNG.
        bits: Of each sample it is written with, at most.
        alpha: Whether it can be written with transparency.
        side: The longest side it can be written with, in pixels.
        further: What the pictures after the first are: "pages" or "frames" of their own, or "views" of the first.
        plugin: The module that teaches Pillow to read it, and the extra that brings the module.
        extra: See `plugin`.
    """

    name: str
    suffixes: tuple[str, ...]
    signature: bytes | None
    written: bool = True
    kept: bool = True
    bits: Literal[8, 16] = 8
    alpha: bool = True
    side: int | None = None
    further: Literal["pages", "frames", "views"] | None = None
    plugin: str | None = None
    extra: str | None = None


# Pillow reads dozens of formats, many of them for scientists or the 1990s. Fewer decoders, fewer holes.
FORMATS: Final = (
    PhotoFormat(
        name="JPEG", suffixes=(".jpg", ".jpeg", ".jpe", ".jfif"), signature=rb"\xff\xd8", alpha=False, side=65500
    ),
    PhotoFormat(name="MPO", suffixes=(".mpo",), signature=None, written=False, kept=False, further="views"),
    PhotoFormat(name="PNG", suffixes=(".png",), signature=rb"\x89PNG\r\n\x1a\n", bits=16, further="frames"),
    PhotoFormat(name="WEBP", suffixes=(".webp",), signature=rb"RIFF....WEBP", side=16383, further="frames"),
    PhotoFormat(name="TIFF", suffixes=(".tif", ".tiff"), signature=rb"II[*+]\0|MM\0[*+]", bits=16, further="pages"),
    PhotoFormat(name="BMP", suffixes=(".bmp",), signature=rb"BM", alpha=False),  # few programs know a BMP's
    PhotoFormat(name="GIF", suffixes=(".gif",), signature=rb"GIF8[79]a", side=65535, further="frames"),  # few colours
    PhotoFormat(
        name="PPM", suffixes=(".ppm", ".pgm", ".pbm"), signature=rb"P[1-6]\s", alpha=False, kept=False
    ),  # no notes
    PhotoFormat(
        name="AVIF", suffixes=(".avif",), signature=rb"....ftyp(?=.{0,60}avi[fs])", side=65535, further="frames"
    ),
    PhotoFormat(
        name="HEIF",
        suffixes=(".heic", ".heif", ".hif"),
        signature=rb"....ftyp(hei[cxms]|hev[cxms]|mif1|msf1)",
        written=False,
        kept=False,
        further="views",
        plugin="pillow_heif.HeifImagePlugin",
        extra="heif",
    ),
    PhotoFormat(
        name="JXL",
        suffixes=(".jxl",),
        signature=rb"\xff\x0a|\0\0\0\x0cJXL \r\n\x87\n",
        written=False,
        kept=False,
        plugin="pillow_jxl",
        extra="jxl",
    ),
    PhotoFormat(
        name="JPEG2000",
        suffixes=(".jp2", ".j2k", ".jpf", ".jpx"),
        signature=rb"\xff\x4f\xff\x51|\0\0\0\x0cjP  \r\n\x87\n",
        kept=False,
    ),
    PhotoFormat(
        name="PSD",
        suffixes=(".psd", ".psb"),
        signature=rb"8BPS\x00[\x01\x02]",
        written=False,
        kept=False,
        further="views",
    ),
    PhotoFormat(name="PCX", suffixes=(".pcx",), signature=rb"\x0a[\x00\x02-\x05]\x01", alpha=False, kept=False),
    PhotoFormat(name="ICO", suffixes=(".ico",), signature=rb"\x00\x00\x01\x00", written=False, kept=False),
    PhotoFormat(name="TGA", suffixes=(".tga",), signature=None, kept=False),
)
BY_NAME: Final = {known.name: known for known in FORMATS}
_BY_SUFFIX: Final = {suffix: known for known in FORMATS for suffix in known.suffixes}
# What films are called, and whether such a file holds the H.264 that a coloured one is written in.
_FILMS: Final = {
    **dict.fromkeys((".mp4", ".m4v", ".mov", ".mkv"), True),
    **dict.fromkeys((".avi", ".webm", ".mpg", ".mpeg", ".ts", ".m2ts", ".mts", ".wmv", ".3gp", ".ogv"), False),
}


def suffixes() -> list[str]:
    """The suffixes of all formats, in alphabetical order."""
    return sorted(_BY_SUFFIX)


def is_photo(path: str | PurePath) -> bool:
    """Whether a file's name ends as a photo's does."""
    return PurePath(path).suffix.lower() in _BY_SUFFIX


def is_kept(path: PurePath) -> bool:
    """Whether a coloured photo in a folder keeps this file's suffix."""
    known = _BY_SUFFIX.get(path.suffix.lower())
    return known is not None and known.kept


def is_named(path: PurePath, name: str) -> bool:
    """Whether a file's suffix is one of the format that is named: "photo.jpeg" is, by "jpg"."""
    return _BY_SUFFIX.get(path.suffix.lower()) is _BY_SUFFIX[suffix_of(name)]


def is_film(path: str | PurePath) -> bool:
    """Whether a file's name ends as a film's does."""
    return PurePath(path).suffix.lower() in _FILMS


def film_suffix(path: PurePath) -> str:
    """What a coloured film's name ends with: its own suffix, or ".mkv", which holds what other containers do not."""
    return path.suffix if _FILMS[path.suffix.lower()] else ".mkv"


def suffix_of(name: str) -> str:
    """The suffix of files in a format that is named like it: "jpg" is ".jpg".

    Raises:
        OptionError: None that can be written.
    """
    known = _BY_SUFFIX.get(f".{name.lower().removeprefix('.')}")
    if known is None or not known.written:
        written = " ".join(known.suffixes[0].removeprefix(".") for known in FORMATS if known.written)
        raise OptionError(f"{name!r} is no format that can be written; choose one of: {written}.")
    return f".{name.lower().removeprefix('.')}"


def output_format(path: PurePath, name: str | None = None) -> PhotoFormat:
    """The format of an output: the one that is named, or the one that its suffix says.

    Raises:
        OutputError: None that can be written, or the two are not the same.
    """
    known = _BY_SUFFIX.get(path.suffix.lower())
    if name is not None:
        named = _BY_SUFFIX[suffix_of(name)]
        if known not in (None, named):
            raise OutputError(f"{path} is named otherwise than the format {name}; try {path.stem}{suffix_of(name)}.")
        return named
    if known is None or not known.written:
        raise OutputError(f"{path} has no suffix of a known picture format; try {path.stem}.png or {path.stem}.jpg.")
    return known
