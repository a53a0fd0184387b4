/**
 * CIE Lab and sRGB: `sdk/color.py` in TypeScript, function by function, for photos of 8 and 16 bits.
 *
 * Held to golden vectors made by the Python module (`goldens`). Lightness `L` runs over [0, 100];
 * chroma `a` and `b` over about [-110, 110] for colours inside sRGB.
 */

import { type Chroma, type Taps, bilinearTaps, resizeColumns } from "./bilinear.js";

type Triple = readonly [number, number, number];
type Matrix = readonly [Triple, Triple, Triple];

export const CHROMA_SCALE = 110; // a and b are divided by this on their way into a network
export const LIGHTNESS_SCALE = 50; // L is divided by this, then one is taken off

export const XYZ_FROM_RGB: Matrix = [
  [0.412453, 0.35758, 0.180423],
  [0.212671, 0.71516, 0.072169],
  [0.019334, 0.119193, 0.950227],
];

/** The colour constants a model is trained with, as its manifest records them. */
export const CONSTANTS = {
  space: "CIE 1976 Lab of sRGB, D65, 2 degrees",
  xyz_from_rgb: XYZ_FROM_RGB,
  lightness_scale: LIGHTNESS_SCALE,
  chroma_scale: CHROMA_SCALE,
} as const;

// XYZ over the white point's, which is what Lab is defined on; the white point is the row sums.
const RELATIVE_XYZ_FROM_RGB = XYZ_FROM_RGB.map((row) =>
  row.map((entry) => Math.fround(entry / (row[0] + row[1] + row[2]))),
) as unknown as Matrix;
const RGB_FROM_RELATIVE_XYZ = inverse(RELATIVE_XYZ_FROM_RGB);

// CIE Lab's f(t): a cube root that turns into a straight line near black.
const DELTA = 6 / 29;
const SLOPE = 1 / (3 * DELTA ** 2);
const OFFSET = 4 / 29;

const LAST_STEP = (1 << 16) - 1; // of linear light in the tables; see sdk/color.py
const UINT8_TABLE = Uint8Array.from({ length: LAST_STEP + 1 }, (_, step) =>
  Math.round(encodedFromLinear(step / LAST_STEP) * 255),
);
const ROOT_TABLE = Float32Array.from({ length: LAST_STEP + 1 }, (_, step) => root(step / LAST_STEP));

/** RGBA, of 8 or of 16 bits. */
export type Levels = Uint8ClampedArray | Uint16Array;

/** What levels of one depth mean. */
interface Depth {
  /** Linear light, by level. */
  readonly linear: Float32Array;
  /** CIE Lab's f of a luminance. */
  root(luminance: number): number;
  level(linear: number): number;
}

const EIGHT_BITS: Depth = {
  linear: linearTable(255),
  root: (luminance) => ROOT_TABLE[tableIndex(luminance)],
  level: (linear) => UINT8_TABLE[tableIndex(linear)],
};
let sixteenBits: Depth | undefined; // few photos need it

function depthOf(levels: Levels): Depth {
  if (!(levels instanceof Uint16Array)) return EIGHT_BITS;
  sixteenBits ??= { linear: linearTable(65535), root, level: (linear) => Math.round(encodedFromLinear(linear) * 65535) };
  return sixteenBits;
}

/**
 * The tensor contract's lightness.
 *
 * @param rgb height × width × 3 levels of sRGB.
 * @returns height × width values of L/50 − 1, in [−1, 1].
 */
export function normalizedLightness(rgb: Uint8Array): Float32Array {
  const lightness = new Float32Array(rgb.length / 3);
  for (let pixel = 0, at = 0; pixel < lightness.length; pixel++, at += 3) {
    lightness[pixel] = (116 * root(luminance(EIGHT_BITS.linear, rgb, at)) - 16) / LIGHTNESS_SCALE - 1;
  }
  return lightness;
}

/** L, a and b of an sRGB colour. */
export function labFromRgb(rgb: Triple): Triple {
  const linear = rgb.map((level) => EIGHT_BITS.linear[level]);
  const [x, y, z] = RELATIVE_XYZ_FROM_RGB.map((row) => root(row[0] * linear[0] + row[1] * linear[1] + row[2] * linear[2]));
  return [116 * y - 16, 500 * (x - y), 200 * (y - z)];
}

/** The sRGB colour of L, a and b, as "#rrggbb"; one outside the gamut moves towards the grey of its lightness. */
export function hexFromLab(lightness: number, a: number, b: number): string {
  const rgba = new Uint8ClampedArray(4);
  writeGamutMapped(EIGHT_BITS, rgba, 0, (lightness + 16) / 116, a, b);
  return `#${Array.from(rgba.subarray(0, 3), (level) => level.toString(16).padStart(2, "0")).join("")}`;
}

/**
 * Colours a photo strip by strip: keeps its own lightness, takes its chroma from a network.
 *
 * @param chroma of any size; resized bilinearly to the photo's.
 * @param strength chroma is multiplied by this: 0 is grey, 1 as the network says.
 */
export class Merger {
  private readonly columns: Chroma;
  private readonly rowTaps: Taps;
  private readonly a: Float32Array;
  private readonly b: Float32Array;

  constructor(
    chroma: Chroma,
    private readonly height: number,
    private readonly width: number,
    strength = 1,
  ) {
    this.columns = resizeColumns(chroma, width, strength);
    this.rowTaps = bilinearTaps(chroma.height, height);
    this.a = new Float32Array(width);
    this.b = new Float32Array(width);
  }

  /** Colours `rgba`, which holds the photo's rows from `top` on, in place. Alpha stays. */
  merge(rgba: Levels, top: number): void {
    const depth = depthOf(rgba);
    const bottom = Math.min(top + rgba.length / 4 / this.width, this.height);
    for (let y = top, at = 0; y < bottom; y++) {
      this.resizeRow(y);
      for (let x = 0; x < this.width; x++, at += 4) {
        writeGamutMapped(depth, rgba, at, depth.root(luminance(depth.linear, rgba, at)), this.a[x], this.b[x]);
      }
    }
  }

  private resizeRow(y: number): void {
    const { ab, height } = this.columns;
    const weight = this.rowTaps.weight[y];
    for (const [plane, target] of [this.a, this.b].entries()) {
      const first = (plane * height + this.rowTaps.first[y]) * this.width;
      const second = (plane * height + this.rowTaps.second[y]) * this.width;
      for (let x = 0; x < this.width; x++) {
        target[x] = ab[first + x] * (1 - weight) + ab[second + x] * weight;
      }
    }
  }
}

// --- sRGB's transfer curve -------------------------------------------------------------------------

function linearTable(lastLevel: number): Float32Array {
  return Float32Array.from({ length: lastLevel + 1 }, (_, level) => linearFromEncoded(level / lastLevel));
}

function linearFromEncoded(encoded: number): number {
  return encoded <= 0.04045 ? encoded / 12.92 : ((encoded + 0.055) / 1.055) ** 2.4;
}

function encodedFromLinear(linear: number): number {
  return linear <= 0.0031308 ? linear * 12.92 : 1.055 * linear ** (1 / 2.4) - 0.055;
}

function tableIndex(linear: number): number {
  return (linear * LAST_STEP + 0.5) | 0;
}

// --- Lab -------------------------------------------------------------------------------------------

function luminance(linear: Float32Array, rgb: ArrayLike<number>, at: number): number {
  const weights = RELATIVE_XYZ_FROM_RGB[1];
  return weights[0] * linear[rgb[at]] + weights[1] * linear[rgb[at + 1]] + weights[2] * linear[rgb[at + 2]];
}

/** CIE Lab's f(t). */
function root(relative: number): number {
  return relative > DELTA ** 3 ? Math.cbrt(relative) : relative * SLOPE + OFFSET;
}

/** CIE Lab's inverse of f(t). */
function cube(value: number): number {
  return value > DELTA ? value * value * value : (value - OFFSET) / SLOPE;
}

/**
 * Writes the sRGB levels of Lab, given as f(Y), a and b.
 *
 * A colour outside the gamut moves towards the grey of its own luminance until it fits. Luminance is linear in
 * linear RGB, so lightness does not change; clipping the channels would change it.
 */
function writeGamutMapped(depth: Depth, rgba: Levels, at: number, luminanceRoot: number, a: number, b: number): void {
  const y = cube(luminanceRoot);
  const x = cube(luminanceRoot + a / 500);
  const z = cube(luminanceRoot - b / 200);
  const [toRed, toGreen, toBlue] = RGB_FROM_RELATIVE_XYZ;
  let red = toRed[0] * x + toRed[1] * y + toRed[2] * z;
  let green = toGreen[0] * x + toGreen[1] * y + toGreen[2] * z;
  let blue = toBlue[0] * x + toBlue[1] * y + toBlue[2] * z;

  const lowest = Math.min(red, green, blue);
  const highest = Math.max(red, green, blue);
  if (lowest < 0 || highest > 1) {
    const grey = clip(y);
    // How much of its chroma the darkest and the brightest channel have room for, at most all of it.
    const below = grey / Math.max(grey - lowest, Number.MIN_VALUE);
    const above = (1 - grey) / Math.max(highest - grey, Number.MIN_VALUE);
    const share = Math.min(below, above, 1);
    red = clip(grey + (red - grey) * share);
    green = clip(grey + (green - grey) * share);
    blue = clip(grey + (blue - grey) * share);
  }
  rgba[at] = depth.level(red);
  rgba[at + 1] = depth.level(green);
  rgba[at + 2] = depth.level(blue);
}

function clip(value: number): number {
  return Math.min(Math.max(value, 0), 1);
}

function inverse([[a, b, c], [d, e, f], [g, h, i]]: Matrix): Matrix {
  const determinant = a * (e * i - f * h) - b * (d * i - f * g) + c * (d * h - e * g);
  const over = (value: number) => value / determinant;
  return [
    [over(e * i - f * h), over(c * h - b * i), over(b * f - c * e)],
    [over(f * g - d * i), over(a * i - c * g), over(c * d - a * f)],
    [over(d * h - e * g), over(b * g - a * h), over(a * e - b * d)],
  ];
}
