/** Decodes TIFF with UTIF.js, HEIC with libheif and deep PNGs with fast-png, away from the page; encodes the last. */

import type { DeepPixels } from "edge-colorizer-web";

import type { Job } from "./decoders";

type Decoded = ImageData | DeepPixels | Blob | undefined;
export type Answer = { readonly answer: Decoded } | { readonly error: string };

/** As in the package: what a phone's browser can hold. */
const MOST_PIXELS = 100_000_000;

self.onmessage = async ({ data: { file, kind, pixels } }: MessageEvent<Job>) => {
  try {
    const answer = pixels ? (await import("./deep")).encodeDeep(pixels) : await DECODERS[kind](await file.arrayBuffer());
    self.postMessage({ answer } satisfies Answer, { transfer: answer && "data" in answer ? [answer.data.buffer] : [] });
  } catch (error) {
    const why = error instanceof RangeError ? error.message : "it may be damaged, or of a rare kind";
    self.postMessage({ error: `${file.name} cannot be decoded (${why}); save it as a JPEG or PNG first.` } satisfies Answer);
  }
};

const DECODERS: Record<Job["kind"], (bytes: ArrayBuffer) => Promise<Decoded>> = {
  deep: async (bytes) => (await import("./deep")).decodeDeep(bytes),
  async tiff(bytes) {
    const { default: UTIF } = await import("utif2");
    const page = UTIF.decode(bytes)[0];
    checkSize(Number((page.t256 as number[])[0]), Number((page.t257 as number[])[0]));
    UTIF.decodeImage(bytes, page);
    const levels = new Uint8ClampedArray(UTIF.toRGBA8(page));
    return new ImageData(levels, page.width, page.height);
  },
  async heic(bytes) {
    const { default: start } = await import("libheif-js/libheif-wasm/libheif-bundle.mjs");
    const [photo] = new (start().HeifDecoder)().decode(bytes);
    const [width, height] = [photo.get_width(), photo.get_height()];
    checkSize(width, height);
    const image = new ImageData(width, height);
    await new Promise<void>((resolve, reject) => {
      photo.display(image, (shown: ImageData | null) => (shown ? resolve() : reject(new Error("libheif gave nothing"))));
    });
    return image;
  },
};

function checkSize(width: number, height: number): void {
  if (!(width > 0 && height > 0)) throw new Error("no size");
  if (width * height > MOST_PIXELS) throw new RangeError(`${width} × ${height} pixels are more than a browser can hold`);
}
