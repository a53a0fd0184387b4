/** HEIC and AVIF keep what the camera wrote as one of their items (ISO/IEC 14496-12, 8.11; ISO/IEC 23008-12, annex A). */

/** @throws RangeError where the file ends too early. */
export function exifItem(photo: Uint8Array): Uint8Array | undefined {
  const meta = boxes(reader(photo)).find(({ type }) => type === "meta")?.content;
  meta?.skip(4); // its version
  const found = meta ? boxes(meta) : [];
  const items = found.find(({ type }) => type === "iinf")?.content;
  const places = found.find(({ type }) => type === "iloc")?.content;
  const id = items && exifId(items);
  const place = id !== undefined && places ? placeOf(id, places) : undefined;
  if (!place) return undefined;
  const item = photo.subarray(place.start, place.start + place.length);
  return item.subarray(4 + reader(item).number(4)); // it begins with where its TIFF begins
}

interface Reader {
  readonly left: number;
  /** Big-endian, of 0 to 8 bytes. */
  number(bytes: number): number;
  skip(bytes: number): void;
  text(bytes: number): string;
  /** A reader of the next bytes alone. */
  part(bytes: number): Reader;
}

function reader(bytes: Uint8Array): Reader {
  let at = 0;
  const take = (count: number) => {
    if (count < 0 || at + count > bytes.length) throw new RangeError("The file ends too early.");
    at += count;
    return bytes.subarray(at - count, at);
  };
  return {
    get left() {
      return bytes.length - at;
    },
    number: (count) => take(count).reduce((value, byte) => value * 256 + byte, 0),
    skip: (count) => void take(count),
    text: (count) => String.fromCharCode(...take(count)),
    part: (count) => reader(take(count)),
  };
}

function boxes(within: Reader): { readonly type: string; readonly content: Reader }[] {
  const found = [];
  while (within.left >= 8) {
    const size = within.number(4);
    const type = within.text(4);
    const [length, head] = size === 1 ? [within.number(8), 16] : [size, 8];
    found.push({ type, content: within.part(size === 0 ? within.left : length - head) });
  }
  return found;
}

function exifId(items: Reader): number | undefined {
  const version = items.number(4) >>> 24;
  items.skip(version === 0 ? 2 : 4); // how many
  for (const { content } of boxes(items)) {
    const id = content.number(4) >>> 24 === 3 ? content.number(4) : content.number(2);
    content.skip(2); // protection
    if (content.text(4) === "Exif") return id;
  }
  return undefined;
}

/** An item that lies in one piece in the file, as cameras write it. */
function placeOf(id: number, places: Reader): { readonly start: number; readonly length: number } | undefined {
  const version = places.number(4) >>> 24;
  const sizes = places.number(2);
  const [ofOffset, ofLength, ofBase, ofIndex] = [sizes >> 12, (sizes >> 8) & 15, (sizes >> 4) & 15, version === 0 ? 0 : sizes & 15];
  const count = places.number(version === 2 ? 4 : 2);
  for (let item = 0; item < count; item++) {
    const found = places.number(version === 2 ? 4 : 2);
    const inFile = version === 0 || (places.number(2) & 15) === 0;
    places.skip(2); // which file: this one
    const base = places.number(ofBase);
    const extents = Array.from({ length: places.number(2) }, () => {
      places.skip(ofIndex);
      return { start: base + places.number(ofOffset), length: places.number(ofLength) };
    });
    if (found === id) return inFile && extents.length === 1 ? extents[0] : undefined;
  }
  return undefined;
}
