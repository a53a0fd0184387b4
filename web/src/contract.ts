/** The tensor contract as data: `sdk/contract.py` for the browser. S is the side of the network's square input. */

import type { Chroma } from "./bilinear.js";
import { CHROMA_SCALE, LIGHTNESS_SCALE } from "./color.js";

/** Arrays by the names of the contract, each channels × S / stride × S / stride. */
export type Tensors = Readonly<Record<string, Float32Array>>;

/** One input or output of a network: a value is its quantity / scale + offset, channel by channel. */
export interface TensorSpec {
  readonly name: string;
  readonly stride: number;
  readonly scale: readonly number[];
  readonly offset: number;
}

/** CIE Lab's L. */
export const LIGHTNESS: TensorSpec = { name: "lightness", stride: 1, scale: [LIGHTNESS_SCALE], offset: -1 };
/** a and b where somebody has said the colour, and 1 there; zeros elsewhere. */
export const HINTS: TensorSpec = { name: "hints", stride: 2, scale: [CHROMA_SCALE, CHROMA_SCALE, 1], offset: 0 };
/** Faithful chroma: CIE Lab's a and b. */
export const AB: TensorSpec = { name: "ab", stride: 2, scale: [CHROMA_SCALE, CHROMA_SCALE], offset: 0 };
/** Vivid chroma. */
export const VIVID_AB: TensorSpec = { ...AB, name: "vivid_ab" };

/** The tensors of one network; float32, batch 1. */
export interface Contract {
  readonly side: number;
  readonly inputs: readonly TensorSpec[];
  readonly outputs: readonly TensorSpec[];
}

export function shape({ side }: Contract, { scale, stride }: TensorSpec): [number, number, number, number] {
  return [1, scale.length, side / stride, side / stride];
}

/**
 * What the network is given for a photo.
 *
 * @param lightness S × S values of L/50 − 1.
 * @param hints as `placeHints` makes them.
 */
export function encode(contract: Contract, lightness: Float32Array, hints?: Float32Array): Tensors {
  const given: Record<string, Float32Array | undefined> = { [LIGHTNESS.name]: lightness, [HINTS.name]: hints };
  const zeros = (spec: TensorSpec) => new Float32Array(shape(contract, spec).reduce((one, other) => one * other));
  return Object.fromEntries(contract.inputs.map((spec) => [spec.name, given[spec.name] ?? zeros(spec)]));
}

/** From here on the faithful answer has no share: the mean of two different colours is duller than either. */
const VIVID_ALONE = 0.8;
/** As the command's. */
export const DEFAULT_VIVIDNESS = VIVID_ALONE;

/**
 * What a network says of a photo, in Lab units.
 *
 * @param vividness 0 for the faithful answer, 1 for the vivid one. Up to `VIVID_ALONE` one gives way to the other, which
 *   then grows to its full chroma. A network without a vivid head is faithful always.
 */
export function blend(answers: Tensors, vividness = DEFAULT_VIVIDNESS): Chroma {
  const faithful = answers[AB.name];
  const vivid = answers[VIVID_AB.name];
  const share = Math.max(0, 1 - vividness / VIVID_ALONE);
  const ab = faithful.map((value, at) => (vivid ? share * value + vividness * vivid[at] : value) * CHROMA_SCALE);
  const side = Math.sqrt(ab.length / 2);
  return { ab, height: side, width: side };
}
