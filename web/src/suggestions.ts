/** Colours to offer where somebody wants to say one. */

import { LIGHTNESS_SCALE, hexFromLab } from "./color.js";
import { AB, VIVID_AB, blend } from "./contract.js";
import type { Answer } from "./protocol.js";

/** a and b of what photographs are full of. */
const NATURAL: readonly (readonly [string, number, number])[] = [
  ["Skin", 16, 20],
  ["Brown", 16, 32],
  ["Straw", 3, 42],
  ["Leaf green", -28, 34],
  ["Deep green", -30, 10],
  ["Sky blue", -8, -26],
  ["Blue", 12, -46],
  ["Violet", 28, -28],
  ["Rose", 36, 2],
  ["Red", 56, 38],
  ["Grey", 0, 0],
];

/** Of L: darker or lighter, colours look alike, and sRGB has too few of them to say how strong one is meant. */
const [DARKEST, LIGHTEST] = [35, 85];

export interface Suggestion {
  readonly name: string;
  /** "#rrggbb", as light as the photo is there, unless that is nearly black or white. */
  readonly color: string;
}

/** What a place may be coloured with: the network's own ideas first. x and y are in the photo's own pixels. */
export function suggestColours(answer: Answer, x: number, y: number): Suggestion[] {
  const at = (side: number) =>
    Math.min(side - 1, Math.floor((y * side) / answer.height)) * side + Math.min(side - 1, Math.floor((x * side) / answer.width));
  const there = (answer.lightness[at(Math.sqrt(answer.lightness.length))] + 1) * LIGHTNESS_SCALE;
  const lightness = Math.min(LIGHTEST, Math.max(DARKEST, there));
  const own = (name: string, vividness: number): [string, number, number] => {
    const { ab, width } = blend(answer.tensors, vividness);
    return [name, ab[at(width)], ab[width * width + at(width)]];
  };
  const ideas = [AB, VIVID_AB].filter(({ name }) => name in answer.tensors);
  const named = [...ideas.map((_, vividness) => own(vividness ? "As found, vivid" : "As found", vividness)), ...NATURAL];
  return named.map(([name, a, b]) => ({ name, color: hexFromLab(lightness, a, b) }));
}
