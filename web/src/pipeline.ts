/** A photo's way through the worker: `sdk/colorizer.py` for the browser. */

import { CHROMA_SCALE, type Chroma, Merger, normalizedLightness } from "./color";
import { BackendUnavailable } from "./errors";
import { type Manifest, artifactUrl, parseManifest, verify } from "./manifest";
import { Network } from "./network";
import { context, decode, rowReader, rowsPerStrip, shrink } from "./pixels";
import type { ColorizeJob, Coloured, Info, LoadJob, Progress } from "./protocol";
import { resize } from "./resize";

/** What a job reports to and asks of its caller. */
export interface Watch {
  report(step: Progress["step"], share: number): void;
  /** Lets messages in; rejects when the caller has aborted. */
  rest(): Promise<void>;
  readonly signal: AbortSignal;
}

/** One network, held open between photos. */
export class Pipeline {
  private constructor(
    private readonly network: Network,
    private readonly manifest: Manifest,
  ) {}

  static async load(job: LoadJob, watch: Watch): Promise<Pipeline> {
    const folder = new URL(job.modelUrl);
    const manifest = parseManifest(new TextDecoder().decode(await download(new URL("manifest.json", folder), watch)));
    const model = await download(artifactUrl(folder, manifest.artifact), watch, manifest.artifact.bytes);
    verify(model, manifest.artifact);
    watch.report("open", 0);
    const network = await Network.open(model, manifest.tensors, job.threads);
    // The first run is slower than all others; it should not be the user's.
    await network.predictAb(new Float32Array(manifest.tensors.side ** 2));
    watch.report("open", 1);
    return new Pipeline(network, manifest);
  }

  get info(): Info {
    const { modelName, modelVersion, artifact } = this.manifest;
    return {
      model: modelName,
      version: modelVersion,
      precision: artifact.precision,
      sha256: artifact.sha256,
      threads: this.network.threads,
      crossOriginIsolated: globalThis.crossOriginIsolated,
    };
  }

  async colorize(job: ColorizeJob, watch: Watch): Promise<Coloured | Blob> {
    const start = performance.now();
    watch.report("decode", 0);
    const photo = await decode(job.photo);
    await watch.rest();
    const decoded = performance.now();
    const chroma = job.chroma ?? (await this.predict(photo, watch));
    const before = await shrink(photo, job.maxSide ?? Infinity);
    const predicted = performance.now();
    const canvas = await merge(before, chroma, job.strength, watch);
    const merged = performance.now();
    const timings = {
      decode: decoded - start,
      network: job.chroma ? 0 : predicted - decoded,
      merge: merged - predicted,
      total: merged - start,
    };
    if (!job.encode) return { before, after: canvas.transferToImageBitmap(), chroma, timings };
    before.close();
    watch.report("encode", 0);
    return canvas.convertToBlob(job.encode);
  }

  private async predict(photo: ImageBitmap, watch: Watch): Promise<Chroma> {
    watch.report("network", 0);
    const { side } = this.manifest.tensors;
    const small = await resize(rowReader(photo), photo.height, photo.width, side, watch.rest);
    const answer = await this.network.predictAb(normalizedLightness(small));
    await watch.rest();
    return { ab: answer.map((value) => value * CHROMA_SCALE), height: side / 2, width: side / 2 };
  }
}

async function merge(photo: ImageBitmap, chroma: Chroma, strength: number | undefined, watch: Watch) {
  const { height, width } = photo;
  const readRows = rowReader(photo);
  const merger = new Merger(chroma, height, width, strength);
  const merged = context(width, height);
  const rows = rowsPerStrip(width);
  for (let top = 0; top < height; top += rows) {
    const rgba = readRows(top, Math.min(rows, height - top));
    merger.merge(rgba, top);
    merged.putImageData(new ImageData(rgba as Uint8ClampedArray<ArrayBuffer>, width), 0, top);
    watch.report("merge", Math.min(1, (top + rows) / height));
    await watch.rest();
  }
  return merged.canvas;
}

/** @param bytes that are expected, for the progress alone; the hash decides what is right. */
async function download(url: URL, watch: Watch, bytes?: number): Promise<Uint8Array> {
  const response = await fetch(url, { signal: watch.signal }).catch((error: unknown) => {
    watch.signal.throwIfAborted();
    throw new BackendUnavailable(`${url.pathname} cannot be loaded (${String(error)}); is the page's server still there?`);
  });
  if (!response.ok || !response.body) {
    throw new BackendUnavailable(`${url.pathname} cannot be loaded (HTTP ${response.status}); is the page complete?`);
  }
  if (!bytes) return new Uint8Array(await response.arrayBuffer());
  let received = 0;
  const counted = response.body.pipeThrough(
    new TransformStream<Uint8Array, Uint8Array<ArrayBuffer>>({
      transform(chunk, controller) {
        received += chunk.length;
        watch.report("download", Math.min(1, received / bytes));
        controller.enqueue(chunk as Uint8Array<ArrayBuffer>);
      },
    }),
  );
  return new Uint8Array(await new Response(counted).arrayBuffer());
}
