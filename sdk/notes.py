"""What a photo carries beside its pixels. All of it is a courtesy: what is damaged is left out, never a refusal."""

import struct
from dataclasses import dataclass, field
from typing import IO, Final, cast

from PIL import ExifTags, Image

# In a TIFF these describe the photo; its other tags describe the file.
_KEPT_TAGS: Final = frozenset(
    [
        *(ExifTags.Base.DocumentName, ExifTags.Base.ImageDescription, ExifTags.Base.Make, ExifTags.Base.Model),
        *(ExifTags.Base.PageName, ExifTags.Base.Software, ExifTags.Base.DateTime, ExifTags.Base.Artist),
        *(ExifTags.Base.HostComputer, ExifTags.Base.Copyright, ExifTags.Base.Rating, ExifTags.Base.RatingPercent),
        *(ExifTags.Base.XPTitle, ExifTags.Base.XPComment, ExifTags.Base.XPAuthor, ExifTags.Base.XPKeywords),
        ExifTags.Base.XPSubject,
    ]
)
_KEPT_FOLDERS: Final = (ExifTags.IFD.Exif, ExifTags.IFD.GPSInfo)
# Of the pixels as they lay in the file, before the photo was turned.
_STALE_TAGS: Final = (
    *(ExifTags.Base.ExifImageWidth, ExifTags.Base.ExifImageHeight, ExifTags.Base.ExifInteroperabilityOffset),
)
_INCH_IN_CENTIMETRES: Final = 2.54
# Nothing a photo's notes can raise may keep it from being coloured: Pillow's readers raise whatever they stumble upon.
_DAMAGE: Final = (Exception,)


@dataclass(frozen=True)
class Notes:
    """What was found.

    Attributes:
    exif: A TIFF structure, as EXIF holds it, without thumbnail and orientation.
    xmp: An XMP packet.
    iptc: Photoshop's resource block of IPTC fields, from its marker "8BIM" on.
    dpi: Dots an inch, across and down.
    comment: A JPEG's or GIF's.
    text: A PNG's, keyword to text.
    """

    exif: bytes = b""
    xmp: bytes = b""
    iptc: bytes = b""
    dpi: tuple[float, float] | None = None
    comment: bytes = b""
    text: dict[str, str] = field(default_factory=dict[str, str])


def load_exif(raw: bytes) -> Image.Exif:
    """EXIF as Pillow reads it; empty where it is damaged."""
    exif = Image.Exif()
    try:
        exif.load(raw)
        exif.get_ifd(ExifTags.IFD.Exif)
        exif.get_ifd(ExifTags.IFD.GPSInfo)
        return exif
    except _DAMAGE:
        return Image.Exif()


def page_exif(file: IO[bytes], start: int, *, order: str, big: bool) -> Image.Exif:
    """The EXIF of a TIFF's page, whose directory lies at `start`; empty where it is damaged."""
    exif = Image.Exif()
    exif.endian, exif.bigtiff = order, big
    try:
        exif.load_from_fp(file, start)
        exif.get_ifd(ExifTags.IFD.Exif)
        exif.get_ifd(ExifTags.IFD.GPSInfo)
        return exif
    except _DAMAGE:
        return Image.Exif()


def photoshop_resource(iptc: bytes) -> bytes:
    """Bare IPTC fields as Photoshop wraps them."""
    return b"8BIM" + struct.pack(">HHI", 0x0404, 0, len(iptc)) + iptc + bytes(len(iptc) % 2) if iptc else b""


def orientation_of(exif: Image.Exif) -> int:
    """EXIF's orientation, 1 where there is none that makes sense."""
    turn = exif.get(ExifTags.Base.Orientation, 1)
    return turn if isinstance(turn, int) and 1 <= turn <= 8 else 1


def dpi_of(found: object) -> tuple[float, float] | None:
    """Dots an inch, from what Pillow found or from EXIF."""
    if isinstance(found, Image.Exif):
        unit = {2: 1.0, 3: _INCH_IN_CENTIMETRES}.get(found.get(ExifTags.Base.ResolutionUnit, 2), 0.0)
        found = (found.get(ExifTags.Base.XResolution), found.get(ExifTags.Base.YResolution))
    else:
        unit = 1.0
    try:
        across, down = (float(value) * unit for value in cast("tuple[float, float]", found))
    except (TypeError, ValueError, ZeroDivisionError):
        return None
    return (across, down) if 0 < across < float("inf") and 0 < down < float("inf") else None


def kept_exif(exif: Image.Exif) -> bytes:
    """What the camera wrote, upright and without thumbnail, as bytes; empty where nothing is left."""
    kept = Image.Exif()
    for tag in _KEPT_TAGS & exif.keys():
        _keep(kept, tag, exif[tag])
    for folder in _KEPT_FOLDERS:
        entries = {tag: value for tag, value in exif.get_ifd(folder).items() if tag not in _STALE_TAGS}
        if entries:
            _keep(kept, folder, entries)
    return kept.tobytes() if len(kept) else b""


def shortened_exif(raw: bytes, longest: int) -> bytes:
    """EXIF of at most `longest` bytes: its largest entries, a maker's private notes first, are left out."""
    exif = load_exif(raw)
    folders = [exif.get_ifd(folder) for folder in _KEPT_FOLDERS]
    folders[0].pop(ExifTags.Base.MakerNote, None)
    while len(shorter := kept_exif(exif)) > longest:
        entries = [(len(repr(folder[tag])), tag, folder) for folder in (exif, *folders) for tag in folder]
        _, tag, folder = max(entries, key=lambda entry: entry[0])
        del folder[tag]
    return shorter


def _keep(kept: Image.Exif, tag: int, value: object) -> None:
    """Add an entry, unless EXIF cannot be written with it."""
    kept[tag] = value
    try:
        kept.tobytes()
    except _DAMAGE:
        del kept[tag]
