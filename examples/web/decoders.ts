/** Photos that most browsers cannot decode: TIFF and HEIC. What can is fetched when such a photo comes, and not before. */

import type { Photo } from "edge-colorizer-web";

import type { Decoded } from "./decode-worker";

export type Kind = "tiff" | "heic";

const SUFFIXES: Record<string, Kind> = { tif: "tiff", tiff: "tiff", heic: "heic", heif: "heic" };

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
  return native ?? decode(file, kind);
}

/** One after another: the worker answers in order, and large photos should not lie in memory side by side. */
function decode(file: File, kind: Kind): Promise<ImageData> {
  worker ??= new Worker(new URL("./decode-worker.ts", import.meta.url), { type: "module", name: "decoder" });
  const busy = worker;
  const answer = last.then(
    () =>
      new Promise<ImageData>((resolve, reject) => {
        busy.onmessage = ({ data }: MessageEvent<Decoded>) => ("image" in data ? resolve(data.image) : reject(new Error(data.error)));
        busy.onerror = () => reject(new Error(`${file.name} needs a decoder that cannot be loaded; is the page's server still there?`));
        busy.postMessage({ file, kind });
      }),
  );
  last = answer.catch(() => {});
  return answer;
}
