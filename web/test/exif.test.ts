import { describe, expect, test } from "vitest";

import { withExif } from "../../examples/web/exif.js";

/** A big-endian TIFF: orientation 6, and the maker's name. */
const EXIF = "MM\0\x2a\0\0\0\x08\0\x02\x01\x12\0\x03\0\0\0\x01\0\x06\0\0\x01\x0f\0\x02\0\0\0\x06\0\0\0\x26\0\0\0\0Kodak\0";
const UPRIGHT = EXIF.replace("\0\x06\0\0\x01\x0f", "\0\x01\0\0\x01\x0f");

const number = (value: number, size: number) => String.fromCharCode(...Array.from({ length: size }, (_, at) => (value >> (8 * (size - 1 - at))) & 255));
const box = (type: string, content: string) => number(8 + content.length, 4) + type + content;
const bytes = (text: string) => Uint8Array.from(text, (letter) => letter.charCodeAt(0));
const file = (text: string) => new File([bytes(text)], "photo");
const text = async (blob: Blob) => String.fromCharCode(...new Uint8Array(await blob.arrayBuffer()));

const jpeg = (exif: string) => `\xff\xd8\xff\xe0\0\x06JFIF\xff\xe1${number(8 + exif.length, 2)}Exif\0\0${exif}\xff\xda\0\x02\xff\xd9`;

/** A HEIC of one picture and its notes, whose place comes out the same however long a number its own place takes. */
function heic(exif: string): string {
  const type = box("ftyp", "heic\0\0\0\0heic");
  const items = box("iinf", number(0, 4) + number(2, 2) + box("infe", `${number(2 << 24, 4)}\0\x01\0\0hvc1\0`) + box("infe", `${number(2 << 24, 4)}\0\x02\0\0Exif\0`));
  const content = number(6, 4) + "Exif\0\0" + exif;
  const places = (start: number) => box("iloc", `${number(0, 4)}\x44\0${number(1, 2)}\0\x02\0\0\0\x01${number(start, 4)}${number(content.length, 4)}`);
  const meta = (start: number) => box("meta", number(0, 4) + items + places(start));
  return type + meta(type.length + meta(0).length + 8) + box("mdat", content);
}

const coloured = new Blob([bytes("\xff\xd8coloured")], { type: "image/jpeg" });

describe.each(Object.entries({ JPEG: jpeg, HEIC: heic }))("a %s", (_, photo) => {
  test("gives the coloured JPEG its notes, upright", async () => {
    expect(await text(await withExif(coloured, file(photo(EXIF))))).toBe(`\xff\xd8\xff\xe1${number(8 + EXIF.length, 2)}Exif\0\0${UPRIGHT}coloured`);
  });

  test("cut off anywhere is no error", async () => {
    const whole = photo(EXIF);
    for (let length = 0; length < whole.length; length++) {
      const found = await text(await withExif(coloured, file(whole.slice(0, length))));
      expect(found.startsWith("\xff\xd8") && found.endsWith("coloured")).toBe(true);
    }
  });

  test("without notes, or with more than a JPEG holds, changes nothing", async () => {
    for (const exif of ["", EXIF + "x".repeat(65_500)]) expect(await withExif(coloured, file(photo(exif)))).toBe(coloured);
  });
});

test("a PNG's notes stand in a chunk behind the first", async () => {
  const png = `\x89PNG\r\n\x1a\n${"h".repeat(25)}`;
  const found = await text(await withExif(new Blob([bytes(`${png}rest`)], { type: "image/png" }), file(jpeg(EXIF))));
  expect(found.slice(0, png.length + 8 + UPRIGHT.length)).toBe(`${png}${number(UPRIGHT.length, 4)}eXIf${UPRIGHT}`);
  expect(found.endsWith("rest")).toBe(true);
});
