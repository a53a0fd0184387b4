import { describe, expect, test } from "vitest";

import { CONSTANTS, Merger, XYZ_FROM_RGB, normalizedLightness } from "../src/color.js";
import { type MergeGolden, goldens, largestDifference, levels, rgbaFromRgb, rgbFromRgba } from "./goldens.js";

test.each(goldens.lightness)("lightness is Python's", (golden) => {
  expect(largestDifference(normalizedLightness(levels(golden.rgb)), golden.lightness)).toBeLessThan(1e-5);
});

function merged(golden: MergeGolden, strength: number, rowsPerStrip = golden.height): Uint8Array {
  const chroma = { ...golden.chroma, ab: Float32Array.from(golden.chroma.ab) };
  const merger = new Merger(chroma, golden.height, golden.width, strength);
  const rgba = rgbaFromRgb(levels(golden.rgb));
  for (let top = 0; top < golden.height; top += rowsPerStrip) {
    merger.merge(rgba.subarray(top * golden.width * 4, (top + rowsPerStrip) * golden.width * 4), top);
  }
  return rgbFromRgba(rgba);
}

describe.each(goldens.merge)("a photo of $height × $width", (golden) => {
  test("is merged as Python merges it, within one level", () => {
    expect(largestDifference(merged(golden, 1), levels(golden.merged))).toBeLessThanOrEqual(1);
  });

  test("and at half strength", () => {
    expect(largestDifference(merged(golden, 0.5), levels(golden.half))).toBeLessThanOrEqual(1);
  });

  test("in strips as in one piece", () => {
    expect(merged(golden, 1, 4)).toEqual(merged(golden, 1));
  });
});

test("without chroma every grey stays exactly itself", () => {
  const greys = Uint8Array.from({ length: 256 * 3 }, (_, at) => Math.floor(at / 3));
  const rgba = rgbaFromRgb(greys);
  new Merger({ ab: new Float32Array(2), height: 1, width: 1 }, 16, 16).merge(rgba, 0);
  expect(rgbFromRgba(rgba)).toEqual(greys);
});

test("transparency stays", () => {
  const rgba = new Uint8ClampedArray([200, 200, 200, 7]);
  new Merger({ ab: new Float32Array([40, 10]), height: 1, width: 1 }, 1, 1).merge(rgba, 0);
  expect(rgba[3]).toBe(7);
  expect(rgba[0]).toBeGreaterThan(rgba[1]);
});

test("the constants are the ones the bundled model was trained with", async () => {
  const manifest = await import("../../sdk/models/manifest.json");
  expect(manifest.colour).toEqual(CONSTANTS);
});

test("16 bits are merged as 8 are", () => {
  const [golden] = goldens.merge;
  const rgba = Uint16Array.from(rgbaFromRgb(levels(golden.rgb)), (level) => 257 * level);
  mergeDeep(golden, rgba);
  expect(largestDifference(rgbFromRgba(Uint8ClampedArray.from(rgba, (level) => level / 257)), levels(golden.merged))).toBeLessThanOrEqual(1);
});

test("16 bits keep a lightness that lies between those of 8", () => {
  const [golden] = goldens.merge;
  const rgba = Uint16Array.from(rgbaFromRgb(levels(golden.rgb)), (level, at) => Math.max(0, 257 * level - (at % 200)));
  const luminances = luminancesOf(rgba);
  mergeDeep(golden, rgba);
  expect(largestDifference(luminancesOf(rgba), luminances)).toBeLessThan(2e-5);
});

function mergeDeep({ chroma, height, width }: MergeGolden, rgba: Uint16Array): void {
  new Merger({ ...chroma, ab: Float32Array.from(chroma.ab) }, height, width).merge(rgba, 0);
}

function luminancesOf(rgba: Uint16Array): number[] {
  const linears = Array.from(rgba, (level) => linear(level / 65535));
  return Array.from({ length: rgba.length / 4 }, (_, pixel) => XYZ_FROM_RGB[1].reduce((sum, weight, channel) => sum + weight * linears[4 * pixel + channel], 0));
}

function linear(encoded: number): number {
  return encoded <= 0.04045 ? encoded / 12.92 : ((encoded + 0.055) / 1.055) ** 2.4;
}
