import { readFileSync } from "node:fs";

import { describe, expect, test } from "vitest";

import { AB, type Contract, HINTS, LIGHTNESS, VIVID_AB, blend, encode } from "../src/contract.js";
import { PhotoError } from "../src/errors.js";
import { type Hint, placeHints } from "../src/hints.js";
import { suggestColours } from "../src/suggestions.js";
import { largestDifference } from "./goldens.js";

interface Vectors {
  side: number;
  hints: { height: number; width: number; hints: (Omit<Hint, "radius"> & { radius: number | null })[]; placed: number[] }[];
  blend: { vividness: number; answers: Record<string, number[]>; chroma: number[] }[];
}

const vectors: Vectors = JSON.parse(readFileSync(new URL("../../goldens/contract.json", import.meta.url), "utf-8"));
const contract: Contract = { side: vectors.side, inputs: [LIGHTNESS, HINTS], outputs: [AB, VIVID_AB] };
const given = (hints: Vectors["hints"][number]["hints"]): Hint[] => hints.map((hint) => ({ ...hint, radius: hint.radius ?? undefined }));

test.each(vectors.hints)("$hints.length hints on $height × $width are placed as Python places them", (golden) => {
  const placed = placeHints(given(golden.hints), contract, golden.height, golden.width);
  expect(largestDifference(placed, golden.placed)).toBeLessThan(1e-5);
});

test.each(vectors.blend)("vividness $vividness blends as Python blends", ({ vividness, answers, chroma }) => {
  const heads = Object.fromEntries(Object.entries(answers).map(([name, values]) => [name, Float32Array.from(values)]));
  expect(largestDifference(blend(heads, vividness).ab, chroma)).toBeLessThan(1e-3);
});

test("a network with one head is faithful always", () => {
  const heads = { ab: new Float32Array([0.5, 0.25]) };
  expect(blend(heads, 1)).toEqual(blend(heads, 0));
});

test("an input that nobody gave is zeros", () => {
  const lightness = new Float32Array(vectors.side ** 2).fill(0.5);
  expect(encode(contract, lightness)).toEqual({ lightness, hints: new Float32Array((3 * vectors.side ** 2) / 4) });
});

describe("a hint is refused in one sentence", () => {
  test.each<[Hint, RegExp]>([
    [{ x: -1, y: 0, color: "#ffffff" }, /outside this photo of 30 × 20/],
    [{ x: 0, y: 20, color: "#ffffff" }, /outside/],
    [{ x: Number.NaN, y: 0, color: "#ffffff" }, /outside/],
  ])("%o", (hint, message) => {
    expect(() => placeHints([hint], contract, 20, 30)).toThrow(PhotoError);
    expect(() => placeHints([hint], contract, 20, 30)).toThrow(message);
  });
});

test("the network's own ideas are offered first, as light as the photo is there", () => {
  const tensors = { ab: new Float32Array(8).fill(0.2), vivid_ab: new Float32Array(8).fill(0.4) };
  const lightness = new Float32Array([-1, -1, -1, 0.2]);
  const offered = suggestColours({ height: 100, width: 100, lightness, tensors }, 99, 99);
  expect(offered.map(({ name }) => name).slice(0, 2)).toEqual(["As found", "As found, vivid"]);
  expect(offered.every(({ color }) => /^#[0-9a-f]{6}$/.test(color))).toBe(true);
  expect(offered.at(-1)).toEqual({ name: "Grey", color: "#919191" });
  const onBlack = suggestColours({ height: 100, width: 100, lightness, tensors }, 0, 0);
  expect(onBlack.at(-1)).toEqual({ name: "Grey", color: "#525252" });
  expect(new Set(onBlack.map(({ color }) => color)).size).toBe(onBlack.length);
});
