/** Photos that most browsers cannot decode: TIFF, HEIC, 16 bits of a PNG. What can is fetched when such a photo comes, and not before. */

import type { DeepPixels, Photo } from "edge-colorizer-web";

import type { Answer } from "./decode-worker";

/** What the worker is asked to decode, or where there are `pixels`, to encode. */
export interface Job {
  readonly file: File;
  readonly kind: "tiff" | "heic" | "deep";
  readonly pixels?: DeepPixels;
}

const SUFFIXES: Record<string, Job["kind"]> = { tif: "tiff", tiff: "tiff", heic: "heic", heif: "heic" };

let worker: Worker | undefined;
let last: Promise<unknown> = Promise.resolve();

/**
 * The photo as the colorizer takes it.
 *
 * @throws Error in one sentence where it cannot be decoded.
 */
export async function decodable(file: File): Promise<Photo> {
  const kind = SUFFIXES[file.name.split(".").at(-1)?.toLowerCase() ?? ""];
  if (!kind) return file;
  const native = await createImageBitmap(file).catch(() => undefined); // Safari reads both
  return native ?? ask<ImageData>({ file, kind });
}

/** A PNG's 16 bits; nothing where the browser's own 8 are as good, or all there is. */
export function decodeDeep(file: File): Promise<DeepPixels | undefined> {
  return ask<DeepPixels | undefined>({ file, kind: "deep" }).catch(() => undefined);
}

export function encodeDeep(file: File, pixels: DeepPixels): Promise<Blob> {
  return ask<Blob>({ file, kind: "deep", pixels });
}

/** One after another: the worker answers in order, and large photos should not lie in memory side by side. */
function ask<Wanted>(job: Job): Promise<Wanted> {
  worker ??= new Worker(new URL("./decode-worker.ts", import.meta.url), { type: "module", name: "decoder" });
  const busy = worker;
  const answer = last.then(
    () =>
      new Promise<Wanted>((resolve, reject) => {
        busy.onmessage = ({ data }: MessageEvent<Answer>) => ("answer" in data ? resolve(data.answer as Wanted) : reject(new Error(data.error)));
        busy.onerror = () => reject(new Error(`${job.file.name} needs a decoder that cannot be loaded; is the page's server still there?`));
        busy.postMessage(job);
      }),
  );
  last = answer.catch(() => {});
  return answer;
}
