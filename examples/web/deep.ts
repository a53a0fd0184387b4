/** PNGs of 16 bits a channel, by fast-png: browsers leave 8 of them. */

import type { DeepPixels } from "edge-colorizer-web";
import { decode, encode } from "fast-png";

import { chunks } from "./png";

/** 8 bytes a pixel, three times over. */
const MOST_PIXELS = 30_000_000;
const LAST_LEVEL = 0xffff;
/** What browsers understand and this does not: other colours than sRGB's, turns, one transparent colour, animations. */
const BEYOND = ["iCCP", "cICP", "eXIf", "tRNS", "acTL"];

/** @returns nothing for a PNG that is better left to the browser. */
export function decodeDeep(bytes: ArrayBuffer): DeepPixels | undefined {
  const types = new Set(Array.from(chunks(new Uint8Array(bytes)), ({ type }) => type));
  if (BEYOND.some((type) => types.has(type))) return undefined;
  if ((types.has("gAMA") || types.has("cHRM")) && !types.has("sRGB")) return undefined;
  const header = new DataView(bytes, 16, 8);
  if (header.getUint32(0) * header.getUint32(4) > MOST_PIXELS) return undefined;
  const { data, channels, width, height } = decode(bytes);
  const opaque = channels === 1 || channels === 3;
  const colours = opaque ? channels : channels - 1;
  const rgba = new Uint16Array(4 * width * height).fill(LAST_LEVEL);
  for (let at = 0, from = 0; at < rgba.length; at += 4, from += channels) {
    for (let channel = 0; channel < 3; channel++) rgba[at + channel] = data[from + (colours === 3 ? channel : 0)];
    if (!opaque) rgba[at + 3] = data[from + colours];
  }
  return { data: rgba, height, width };
}

export function encodeDeep({ data, height, width }: DeepPixels): Blob {
  const png = encode({ data, height, width, depth: 16, channels: 4 });
  return new Blob([png as Uint8Array<ArrayBuffer>], { type: "image/png" });
}
