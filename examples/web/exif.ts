/** What the camera wrote into a photo (when, with what, where): a block laid out like a TIFF, carried over to the coloured one. */

import { exifItem } from "./isobmff";
import { chunks } from "./png";

const APP1 = 0xffe1;
const START_OF_SCAN = 0xffda;
const LONGEST_SEGMENT = 0xffff;
const NAME = "Exif\0\0";
/** Of a PNG: its signature and its first chunk. */
const PNG_START = 33;
const ORIENTATION = 0x0112;

/** @param coloured a JPEG or PNG without such notes. Given back as it is where the original has none that can be read. */
export async function withExif(coloured: Blob, original: File): Promise<Blob> {
  const photo = new Uint8Array(await original.arrayBuffer());
  const container = CONTAINERS.find(({ start }) => start.test(text(photo, 0, 12)));
  try {
    const exif = container?.find(photo)?.slice();
    if (!container || !exif) return coloured;
    if (await container.isTurned()) setUpright(exif);
    return coloured.type === "image/png" ? intoPng(coloured, exif) : intoJpeg(coloured, exif);
  } catch (error) {
    if (error instanceof RangeError) return coloured; // notes that are cut off
    throw error;
  }
}

interface Container {
  /** What its first 12 bytes look like. */
  readonly start: RegExp;
  find(photo: Uint8Array): Uint8Array | undefined;
  /** Whether this browser has turned the photo upright, as its notes ask or as the container itself does. */
  isTurned(): Promise<boolean>;
}

const CONTAINERS: readonly Container[] = [
  { start: /^\xff\xd8/, find: inJpeg, isTurned: async () => true },
  { start: /^\x89PNG/, find: inPng, isTurned: () => turns(PROBES.png) },
  { start: /^RIFF[^]{4}WEBP/, find: inWebp, isTurned: () => turns(PROBES.webp) },
  { start: /^[^]{4}ftyp/, find: exifItem, isTurned: async () => true },
];

// --- Where it lies ---------------------------------------------------------------------------------

/** Exif 2.32, 4.5.4. */
function inJpeg(photo: Uint8Array): Uint8Array | undefined {
  const jpeg = view(photo);
  for (let at = 2; at + 10 < photo.length; at += 2 + jpeg.getUint16(at + 2)) {
    const marker = jpeg.getUint16(at);
    if (marker < 0xff00 || marker === START_OF_SCAN) return undefined;
    if (marker === APP1 && text(photo, at + 4, NAME.length) === NAME) return photo.subarray(at + 4 + NAME.length, at + 2 + jpeg.getUint16(at + 2));
  }
  return undefined;
}

/** PNG, third edition, 11.3.4.5. */
function inPng(photo: Uint8Array): Uint8Array | undefined {
  for (const { type, content } of chunks(photo)) if (type === "eXIf") return content;
  return undefined;
}

/** RFC 9649, 2.7.1.5. Some programs put a JPEG's name before it. */
function inWebp(photo: Uint8Array): Uint8Array | undefined {
  const webp = view(photo);
  for (let at = 12; at + 8 <= photo.length; at += 8 + webp.getUint32(at + 4, true) + (webp.getUint32(at + 4, true) % 2)) {
    if (text(photo, at, 4) !== "EXIF") continue;
    const exif = photo.subarray(at + 8, at + 8 + webp.getUint32(at + 4, true));
    return text(exif, 0, NAME.length) === NAME ? exif.subarray(NAME.length) : exif;
  }
  return undefined;
}

// --- Which way is up -------------------------------------------------------------------------------

/** Pictures of 2 × 1 pixels, whose notes ask for a quarter turn. Browsers differ in whether they do it. */
const PROBES = {
  png: "iVBORw0KGgoAAAANSUhEUgAAAAIAAAABCAIAAAB7QOjdAAAAGmVYSWZNTQAqAAAACAABARIAAwAAAAEABgAAAAAAANZnS2kAAAAPSURBVHicY2xoaGBgYAAAB44BguWmdUQAAAAASUVORK5CYII=",
  webp: "UklGRlIAAABXRUJQVlA4WAoAAAAIAAAAAQAAAAAAVlA4TBEAAAAvAQAAAAdQwAIWsP+BiOh/AABFWElGGgAAAE1NACoAAAAIAAEBEgADAAAAAQAGAAAAAAAA",
};

async function turns(probe: string): Promise<boolean> {
  const bitmap = await createImageBitmap(new Blob([Uint8Array.from(atob(probe), (letter) => letter.charCodeAt(0))]));
  return bitmap.width === 1;
}

/** The photo is upright now, so the notes must not ask to turn it again (TIFF 6.0, section 2; Exif 2.32, 4.6.4). */
function setUpright(exif: Uint8Array): void {
  const tiff = view(exif);
  const little = tiff.getUint16(0) === 0x4949;
  const directory = tiff.getUint32(4, little);
  for (let entry = 0; entry < tiff.getUint16(directory, little); entry++) {
    const at = directory + 2 + 12 * entry;
    if (tiff.getUint16(at, little) === ORIENTATION) tiff.setUint16(at + 8, 1, little);
  }
}

// --- Where it goes ---------------------------------------------------------------------------------

function intoJpeg(coloured: Blob, exif: Uint8Array<ArrayBuffer>): Blob {
  const length = 2 + NAME.length + exif.length;
  if (length > LONGEST_SEGMENT) return coloured;
  const head = new DataView(new ArrayBuffer(4));
  head.setUint16(0, APP1);
  head.setUint16(2, length);
  return new Blob([coloured.slice(0, 2), head, NAME, exif, coloured.slice(2)], { type: coloured.type });
}

function intoPng(coloured: Blob, exif: Uint8Array): Blob {
  const chunk = new Uint8Array(12 + exif.length);
  chunk.set(Array.from("eXIf", (letter) => letter.charCodeAt(0)), 4);
  chunk.set(exif, 8);
  view(chunk).setUint32(0, exif.length);
  view(chunk).setUint32(8 + exif.length, crc32(chunk.subarray(4, -4)));
  return new Blob([coloured.slice(0, PNG_START), chunk, coloured.slice(PNG_START)], { type: coloured.type });
}

const CRC_TABLE = Uint32Array.from({ length: 256 }, (_, value) => {
  for (let bit = 0; bit < 8; bit++) value = value & 1 ? 0xedb88320 ^ (value >>> 1) : value >>> 1;
  return value;
});

/** A chunk's checksum (PNG, annex D). */
function crc32(bytes: Uint8Array): number {
  return ~bytes.reduce((crc, byte) => CRC_TABLE[(crc ^ byte) & 0xff] ^ (crc >>> 8), -1) >>> 0;
}

function view({ buffer, byteOffset, byteLength }: Uint8Array): DataView {
  return new DataView(buffer, byteOffset, byteLength);
}

function text(bytes: Uint8Array, at: number, length: number): string {
  return String.fromCharCode(...bytes.subarray(at, at + length));
}
