/** The golden vectors that `python -m goldens` makes from the Python SDK. */

import { readFileSync } from "node:fs";

export interface LightnessGolden {
  rgb: string;
  lightness: number[];
}

export interface ResizeGolden {
  height: number;
  width: number;
  side: number;
  rgb: string;
  small: string;
}

export interface MergeGolden {
  height: number;
  width: number;
  rgb: string;
  chroma: { height: number; width: number; ab: number[] };
  merged: string;
  half: string;
}

export const goldens: { lightness: LightnessGolden[]; resize: ResizeGolden[]; merge: MergeGolden[] } = JSON.parse(
  readFileSync(new URL("../../goldens/color.json", import.meta.url), "utf-8"),
);

export function levels(base64: string): Uint8Array {
  return new Uint8Array(Buffer.from(base64, "base64"));
}

/** RGB levels as a canvas gives them. */
export function rgbaFromRgb(rgb: Uint8Array): Uint8ClampedArray {
  const rgba = new Uint8ClampedArray((rgb.length / 3) * 4).fill(255);
  for (let pixel = 0; pixel < rgb.length / 3; pixel++) rgba.set(rgb.subarray(pixel * 3, pixel * 3 + 3), pixel * 4);
  return rgba;
}

export function rgbFromRgba(rgba: Uint8ClampedArray): Uint8Array {
  return Uint8Array.from(rgba.filter((_, index) => index % 4 !== 3));
}

export function largestDifference(one: ArrayLike<number>, other: ArrayLike<number>): number {
  if (one.length !== other.length) throw new Error(`lengths differ: ${one.length} and ${other.length}`);
  return Array.from(one).reduce((largest, value, at) => Math.max(largest, Math.abs(value - other[at])), 0);
}
