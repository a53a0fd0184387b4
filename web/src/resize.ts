/**
 * The network's small copy of a photo: `sdk.resizing.resize`, which is Pillow's bicubic in two passes.
 *
 * A network answers differently to differently resized photos, so this follows it to the bit: whole-step
 * averaging first where the photo is much larger, then two passes of an antialiased kernel in fixed point.
 */

import { type RowReader, rowsPerStrip } from "./pixels.js";

const REDUCING_GAP = 3;
const CUBIC = -0.5; // Keys' a
const CUBIC_SUPPORT = 2;
const PRECISION_BITS = 22; // of the kernel's weights: 32 less a level's 8 less 2 for overshoot

/** A picture of 3 levels a pixel: height × width × 3. */
interface Rgb {
  readonly levels: Uint8Array;
  readonly height: number;
  readonly width: number;
}

/**
 * Stretches a photo to side × side × 3 levels.
 *
 * @param readRows is called for each row once, in order, so that a large photo need not be held whole.
 * @param rest is awaited now and then; it may reject to end the work.
 */
export async function resize(
  readRows: RowReader,
  height: number,
  width: number,
  side: number,
  rest: () => Promise<void> = async () => {},
): Promise<Uint8Array> {
  const factorX = Math.max(1, Math.floor(width / side / REDUCING_GAP));
  const factorY = Math.max(1, Math.floor(height / side / REDUCING_GAP));
  const reduced = await reduce(readRows, height, width, factorX, factorY, rest);
  // Pillow hands extents on in single precision.
  const narrow = resample(reduced, side, Math.fround(width / factorX), "width");
  return resample(narrow, side, Math.fround(height / factorY), "height").levels;
}

/** Averages blocks of factorX × factorY pixels, as Pillow's `reduce`; blocks at the far edges may be smaller. */
async function reduce(
  readRows: RowReader,
  height: number,
  width: number,
  factorX: number,
  factorY: number,
  rest: () => Promise<void>,
): Promise<Rgb> {
  const small = { height: Math.ceil(height / factorY), width: Math.ceil(width / factorX) };
  const levels = new Uint8Array(small.height * small.width * 3);
  const blocksPerStrip = Math.max(1, Math.floor(rowsPerStrip(width) / factorY));
  for (let y = 0; y < small.height; y += blocksPerStrip) {
    const top = y * factorY;
    const strip = readRows(top, Math.min(blocksPerStrip * factorY, height - top));
    const target = levels.subarray(y * small.width * 3);
    if (factorX * factorY === 1) dropAlpha(strip, target);
    else averageBlocks(strip, width, factorX, factorY, target);
    await rest();
  }
  return { levels, ...small };
}

function dropAlpha(rgba: Uint8ClampedArray, target: Uint8Array): void {
  for (let from = 0, to = 0; from < rgba.length; from += 4) {
    target[to++] = rgba[from];
    target[to++] = rgba[from + 1];
    target[to++] = rgba[from + 2];
  }
}

function averageBlocks(rgba: Uint8ClampedArray, width: number, factorX: number, factorY: number, target: Uint8Array): void {
  const sums = new Uint32Array(Math.ceil(width / factorX) * 3);
  for (let start = 0, to = 0; start < rgba.length; start += factorY * width * 4) {
    const block = rgba.subarray(start, start + factorY * width * 4);
    sumBlocks(block, width, factorX, sums);
    const rows = block.length / (width * 4);
    for (let x = 0, entry = 0; x < width; x += factorX) {
      const mean = roundedMean(rows * Math.min(factorX, width - x));
      for (const end = entry + 3; entry < end; entry++, to++) target[to] = mean(sums[entry]);
    }
  }
}

function sumBlocks(rgba: Uint8ClampedArray, width: number, factorX: number, sums: Uint32Array): void {
  sums.fill(0);
  for (let at = 0; at < rgba.length; ) {
    for (let x = 0, block = 0; x < width; block += 3) {
      for (const end = Math.min(x + factorX, width); x < end; x++, at += 4) {
        sums[block] += rgba[at];
        sums[block + 1] += rgba[at + 1];
        sums[block + 2] += rgba[at + 2];
      }
    }
  }
}

/** Pillow divides by multiplying with a rounded reciprocal. */
function roundedMean(count: number): (sum: number) => number {
  const reciprocal = Math.floor(Math.fround(2 ** 24 / count));
  const half = Math.floor(count / 2);
  return (sum) => Math.floor(((sum + half) * reciprocal) / 2 ** 24);
}

/** One pass of Pillow's `resample`: along one axis, `extent` source pixels (not always a whole number) to `target`. */
function resample(source: Rgb, target: number, extent: number, axis: "width" | "height"): Rgb {
  if (extent === target) return source;
  const { levels, height, width } = source;
  const result = { ...source, [axis]: target, levels: new Uint8Array(((height * width) / source[axis]) * target * 3) };
  // Seen as lines of `length` steps along the axis, each step of `size` levels: a pixel's channels, or a row's.
  const [lines, length, size] = axis === "width" ? [height, width, 3] : [1, height, width * 3];
  const kernels = Array.from({ length: target }, (_, index) => kernel(index, extent, target, length));
  for (let line = 0, to = 0; line < lines; line++) {
    for (const { start, weights } of kernels) {
      for (let from = (line * length + start) * size, end = from + size; from < end; from++, to++) {
        let sum = 1 << (PRECISION_BITS - 1);
        for (let tap = 0, at = from; tap < weights.length; tap++, at += size) sum += levels[at] * weights[tap];
        const level = sum >> PRECISION_BITS;
        result.levels[to] = level < 0 ? 0 : level > 255 ? 255 : level;
      }
    }
  }
  return result;
}

/** The source pixels that one target pixel is made of, with their weights in fixed point. */
function kernel(index: number, extent: number, target: number, length: number): { start: number; weights: Int32Array } {
  const scale = extent / target;
  const stretch = Math.max(scale, 1); // antialiasing: when shrinking, the kernel covers all that is shrunk
  const support = CUBIC_SUPPORT * stretch;
  const centre = (index + 0.5) * scale;
  const start = Math.max(0, Math.trunc(centre - support + 0.5));
  const end = Math.min(length, Math.trunc(centre + support + 0.5));
  const weights = Array.from({ length: end - start }, (_, tap) => cubic((tap + start - centre + 0.5) / stretch));
  const total = weights.reduce((sum, weight) => sum + weight, 0);
  return { start, weights: Int32Array.from(weights, (weight) => roundAwayFromZero((weight / total) * 2 ** PRECISION_BITS)) };
}

/** Keys' cubic convolution. */
function cubic(signed: number): number {
  const x = Math.abs(signed);
  if (x < 1) return ((CUBIC + 2) * x - (CUBIC + 3)) * x * x + 1;
  if (x < 2) return (((x - 5) * x + 8) * x - 4) * CUBIC;
  return 0;
}

function roundAwayFromZero(value: number): number {
  return Math.trunc(value + Math.sign(value) * 0.5);
}
