/** A photo's pixels, read and written in strips of rows so that a large one is never held as one array. */

import { PhotoError } from "./errors.js";

/** What travels to the worker; anything else a caller has is turned into one of these first. */
export type PixelSource = Blob | ImageBitmap | ImageData;

/** Of the largest photo that is coloured: two bitmaps of it, 4 bytes a pixel, must fit in a phone's browser. */
export const MOST_PIXELS = 100_000_000;

/** Gives `count` rows of a photo from `top` on: count × width × 4 levels, RGBA. */
export type RowReader = (top: number, count: number) => Uint8ClampedArray;

const STRIP_PIXELS = 1 << 18;

/** How many rows of a photo are worked on at a time. */
export function rowsPerStrip(width: number): number {
  return Math.max(1, Math.floor(STRIP_PIXELS / width));
}

/** @throws PhotoError where the browser cannot decode it, or it is too large. */
export async function decode(source: PixelSource): Promise<ImageBitmap> {
  const name = source instanceof File ? source.name : "This photo";
  if (source instanceof Blob && source.size === 0) throw new PhotoError(`${name} is empty (0 bytes).`);
  const bitmap = await createImageBitmap(source).catch(() => {
    throw new PhotoError(`${name} is not a picture this browser can read; try a JPEG, PNG or WebP.`);
  });
  const { width, height } = bitmap;
  if (width * height <= MOST_PIXELS) return bitmap;
  bitmap.close();
  throw new PhotoError(`${name} has ${width} × ${height} pixels, more than a browser can hold; make it smaller.`);
}

/** Takes a bitmap and gives it back no larger than `maxSide` pixels. */
export async function shrink(bitmap: ImageBitmap, maxSide: number): Promise<ImageBitmap> {
  const share = maxSide / Math.max(bitmap.width, bitmap.height);
  if (share >= 1) return bitmap;
  const small = await createImageBitmap(bitmap, {
    resizeWidth: Math.max(1, Math.round(bitmap.width * share)),
    resizeHeight: Math.max(1, Math.round(bitmap.height * share)),
    resizeQuality: "high",
  });
  bitmap.close();
  return small;
}

/** Reads up to `rowsPerStrip` rows of a bitmap at a time, through a canvas of just those. */
export function rowReader(bitmap: ImageBitmap): RowReader {
  const { width, height } = bitmap;
  const strip = context(width, Math.min(rowsPerStrip(width), height));
  strip.globalCompositeOperation = "copy"; // transparent pixels replace what the last strip left
  return (top, count) => {
    strip.drawImage(bitmap, 0, -top);
    return strip.getImageData(0, 0, width, count).data;
  };
}

/** A canvas that is written and read by the processor. */
export function context(width: number, height: number): OffscreenCanvasRenderingContext2D {
  const found = new OffscreenCanvas(width, height).getContext("2d", { willReadFrequently: true });
  if (!found) throw new PhotoError(`This browser has no room for ${width} × ${height} pixels; make the photo smaller.`);
  return found;
}
