"""The XMP packet of a coloured photo: the photo's own, and that a model has coloured it."""

import io
from typing import Final
from xml.etree import ElementTree

from sdk.info import find_version

_RDF: Final = "{http://www.w3.org/1999/02/22-rdf-syntax-ns#}"
_CREATOR_TOOL: Final = "{http://ns.adobe.com/xap/1.0/}CreatorTool"
_SOURCE_TYPE: Final = "{http://iptc.org/std/Iptc4xmpExt/2008-02-29/}DigitalSourceType"
_ORIENTATION: Final = "{http://ns.adobe.com/tiff/1.0/}Orientation"
# IPTC's word for "a photo that an algorithm has enhanced" (NewsCodes, scheme digitalsourcetype).
ENHANCED: Final = "http://cv.iptc.org/newscodes/digitalsourcetype/algorithmicallyEnhanced"
_EMPTY: Final = b'<x:xmpmeta xmlns:x="adobe:ns:meta/"><rdf:RDF xmlns:rdf="http://www.w3.org/1999/02/22-rdf-syntax-ns#"/></x:xmpmeta>'
_PREFIXES: Final = {
    "x": "adobe:ns:meta/",
    "rdf": _RDF[1:-1],
    "xmp": "http://ns.adobe.com/xap/1.0/",
    "tiff": "http://ns.adobe.com/tiff/1.0/",
    "Iptc4xmpExt": "http://iptc.org/std/Iptc4xmpExt/2008-02-29/",
}
_LONGEST: Final = 1 << 22


def of_coloured(packet: bytes, *, mark: bool) -> bytes:
    """A photo's packet without its orientation, which is applied; and with what made the colours, if that is wanted."""
    if not packet and not mark:
        return b""
    try:
        root = _parsed(packet)
    except (ElementTree.ParseError, ValueError, LookupError):
        root = _parsed(_EMPTY)  # a damaged packet is no reason to write another one
    description = root.find(f".//{_RDF}RDF")
    if description is None:
        root = _parsed(_EMPTY)
        description = next(root.iter(f"{_RDF}RDF"))
    replaced = {_ORIENTATION, _CREATOR_TOOL, _SOURCE_TYPE} if mark else {_ORIENTATION}
    for element in root.iter():
        for name in replaced & element.attrib.keys():
            del element.attrib[name]
        for child in [child for child in element if child.tag in replaced]:
            element.remove(child)
    if mark:
        told = {_CREATOR_TOOL: f"edge-colorizer {find_version('edge-colorizer')}", _SOURCE_TYPE: ENHANCED}
        ElementTree.SubElement(description, f"{_RDF}Description", {f"{_RDF}about": "", **told})
    return ElementTree.tostring(root, encoding="utf-8")


def _parsed(packet: bytes) -> ElementTree.Element:
    if len(packet) > _LONGEST:
        raise ValueError("longer than any photo's")
    content = packet.strip(b"\0 \t\r\n") or _EMPTY
    prefixes = dict(value for _, value in ElementTree.iterparse(io.BytesIO(content), events=["start-ns"]))
    for prefix, uri in {**prefixes, **_PREFIXES}.items():
        if prefix and not prefix.startswith("ns"):
            ElementTree.register_namespace(prefix, uri)
    return ElementTree.fromstring(content)
