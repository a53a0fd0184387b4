import { expect, test } from "vitest";

import { resize } from "../src/resize.js";
import { goldens, levels, rgbaFromRgb } from "./goldens.js";

test.each(goldens.resize)("$height × $width to $side is Pillow's, to the bit", async (golden) => {
  const rgba = rgbaFromRgb(levels(golden.rgb));
  const readRows = (top: number, count: number) =>
    rgba.subarray(top * golden.width * 4, (top + count) * golden.width * 4);
  const small = await resize(readRows, golden.height, golden.width, golden.side);
  expect(small).toEqual(levels(golden.small));
});

test("the work ends when its rest rejects", async () => {
  const stop = async () => {
    throw new Error("stopped");
  };
  const readRows = (_top: number, count: number) => new Uint8ClampedArray(count * 4 * 4);
  await expect(resize(readRows, 4, 4, 2, stop)).rejects.toThrow("stopped");
});
