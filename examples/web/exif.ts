/** What the camera wrote into a JPEG (when, with what, where), carried over to the coloured one. */

const APP1 = 0xffe1;
const START_OF_SCAN = 0xffda;
const EXIF = "Exif\0\0";
const ORIENTATION = 0x0112;

/** @param coloured a JPEG without such notes; anything else is given back as it is. */
export async function withExif(coloured: Blob, original: File): Promise<Blob> {
  if (coloured.type !== "image/jpeg" || original.type !== "image/jpeg") return coloured;
  const exif = findExif(new DataView(await original.arrayBuffer()));
  if (!exif) return coloured;
  setUpright(exif);
  return new Blob([coloured.slice(0, 2), exif, coloured.slice(2)], { type: coloured.type });
}

/** A copy of the segment, marker and length included. */
function findExif(jpeg: DataView): DataView<ArrayBuffer> | undefined {
  for (let at = 2; at + 10 < jpeg.byteLength; ) {
    const marker = jpeg.getUint16(at);
    const end = at + 2 + jpeg.getUint16(at + 2);
    if (marker < 0xff00 || marker === START_OF_SCAN || end > jpeg.byteLength) return undefined;
    const name = Array.from({ length: EXIF.length }, (_, index) => String.fromCharCode(jpeg.getUint8(at + 4 + index)));
    if (marker === APP1 && name.join("") === EXIF) return new DataView(jpeg.buffer.slice(at, end) as ArrayBuffer);
    at = end;
  }
  return undefined;
}

/** The browser has turned the photo, so the notes must not ask for that again (TIFF 6.0, section 2; Exif 2.32, 4.6.4). */
function setUpright(exif: DataView): void {
  const start = 4 + EXIF.length;
  const little = exif.getUint16(start) === 0x4949;
  const directory = start + exif.getUint32(start + 4, little);
  if (directory + 2 > exif.byteLength) return;
  for (let entry = 0; entry < exif.getUint16(directory, little); entry++) {
    const at = directory + 2 + 12 * entry;
    if (at + 12 > exif.byteLength) return;
    if (exif.getUint16(at, little) === ORIENTATION) exif.setUint16(at + 8, 1, little);
  }
}
