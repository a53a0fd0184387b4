/** Chroma resized bilinearly, as `sdk/resizing.py` does it: columns once, rows as they are merged. */

/** Chroma as a network answers it, in Lab units: the plane of a, then the plane of b. */
export interface Chroma {
  readonly ab: Float32Array;
  readonly height: number;
  readonly width: number;
}

/** For each target pixel: its two source pixels and the weight of the second (half-pixel centres). */
export interface Taps {
  readonly first: Uint32Array;
  readonly second: Uint32Array;
  readonly weight: Float32Array;
}

export function bilinearTaps(source: number, target: number): Taps {
  const taps = {
    first: new Uint32Array(target),
    second: new Uint32Array(target),
    weight: new Float32Array(target),
  };
  for (let at = 0; at < target; at++) {
    const position = Math.min(Math.max(((at + 0.5) * source) / target - 0.5, 0), source - 1);
    taps.first[at] = Math.floor(position);
    taps.second[at] = Math.min(taps.first[at] + 1, source - 1);
    taps.weight[at] = position - taps.first[at];
  }
  return taps;
}

/** Chroma times `strength`, as wide as a photo. */
export function resizeColumns(chroma: Chroma, width: number, strength: number): Chroma {
  const { first, second, weight } = bilinearTaps(chroma.width, width);
  const ab = new Float32Array(2 * chroma.height * width);
  for (let row = 0, at = 0; row < 2 * chroma.height; row++) {
    const start = row * chroma.width;
    for (let x = 0; x < width; x++, at++) {
      ab[at] = strength * (chroma.ab[start + first[x]] * (1 - weight[x]) + chroma.ab[start + second[x]] * weight[x]);
    }
  }
  return { ab, height: chroma.height, width };
}
