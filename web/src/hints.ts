/** Colours that somebody knows: `sdk/hints.py` for the browser. */

import { CHROMA_SCALE, labFromRgb } from "./color.js";
import { type Contract, HINTS, shape } from "./contract.js";
import { PhotoError } from "./errors.js";

/** A disc of a photo whose colour is known. Only the colour's hue and chroma count: lightness stays the photo's. */
export interface Hint {
  /** Its centre from the photo's left and top edges, in the photo's own pixels, or as text such as "40%". */
  readonly x: number | string;
  readonly y: number | string;
  /** A name or notation of CSS, such as "teal" or "#88aacc". */
  readonly color: string;
  /** In pixels, above zero; by default an 85th of the photo's longer side. */
  readonly radius?: number;
}

const DEFAULT_RADIUS = 1 / 85;

/**
 * Lays hints on the network's grid: each cell whose centre a disc covers, and the cell its centre lies in. Where hints
 * overlap, the later one counts.
 *
 * @param height of the photo, in pixels; `width` too.
 * @returns the plane of a/110, of b/110, and of ones; zeros where there is no hint.
 * @throws PhotoError where a hint lies outside the photo or its colour is none.
 */
export function placeHints(hints: readonly Hint[], contract: Contract, height: number, width: number): Float32Array {
  const [, channels, cells] = shape(contract, HINTS);
  const plane = cells * cells;
  const placed = new Float32Array(channels * plane);
  for (const hint of hints) {
    const { color, radius = Math.max(height, width) * DEFAULT_RADIUS } = hint;
    const [x, y] = [inPixels(hint.x, width), inPixels(hint.y, height)];
    if (!(x >= 0 && x < width && y >= 0 && y < height)) {
      throw new PhotoError(`The point at ${hint.x}, ${hint.y} lies outside this photo of ${width} × ${height} pixels; move it.`);
    }
    const [, a, b] = labFromRgb(rgbFromCss(color));
    const home = Math.floor((y * cells) / height) * cells + Math.floor((x * cells) / width);
    for (let cell = 0; cell < plane; cell++) {
      const down = (Math.floor(cell / cells) + 0.5) * (height / cells) - y;
      const across = ((cell % cells) + 0.5) * (width / cells) - x;
      if (cell !== home && down ** 2 + across ** 2 > radius ** 2) continue;
      placed[cell] = a / CHROMA_SCALE;
      placed[plane + cell] = b / CHROMA_SCALE;
      placed[2 * plane + cell] = 1;
    }
  }
  return placed;
}

/** Pixels from pixels, or from a share such as "40%" of a length; NaN where it is neither. */
export function inPixels(place: number | string, length: number): number {
  const share = /^(.+)%$/.exec(String(place))?.[1];
  return share ? (Number(share) * length) / 100 : Number(place);
}

function rgbFromCss(color: string): [number, number, number] {
  const [, hex] = /^#([0-9a-f]{6})/i.exec(color) ?? /^#([0-9a-f]{6})/i.exec(asHex(color)) ?? [];
  if (!hex) throw new PhotoError(`“${color}” is no colour; give one such as "teal" or "#88aacc".`);
  return [0, 2, 4].map((at) => Number.parseInt(hex.slice(at, at + 2), 16)) as [number, number, number];
}

/** A canvas turns every name of CSS into #rrggbb; what it does not know leaves what was there. */
function asHex(color: string): string {
  const canvas = new OffscreenCanvas(1, 1).getContext("2d");
  if (!canvas) return "";
  canvas.fillStyle = "#000000";
  canvas.fillStyle = color;
  return canvas.fillStyle === "#000000" && !/^(black|#000)/i.test(color) ? "" : String(canvas.fillStyle);
}
