/** A photo's way through the worker: `sdk/colorizer.py` for the browser. */

import type { Chroma } from "./bilinear.js";
import { Merger, normalizedLightness } from "./color.js";
import { HINTS, VIVID_AB, blend, encode } from "./contract.js";
import { fetchAll } from "./download.js";
import { type Hint, placeHints } from "./hints.js";
import { ColorizerError } from "./errors.js";
import { type Manifest, verify } from "./manifest.js";
import { GpuMemory, HostMemory } from "./memory.js";
import { Network } from "./network.js";
import { context, decode, rowReader, rowsPerStrip, shrink } from "./pixels.js";
import type { Answer, ColorizeJob, Coloured, DeepJob, DeepPixels, Info, LoadJob, Progress } from "./protocol.js";
import { resize } from "./resize.js";
import { Runner } from "./runner.js";
import { runtimeFiles, startRuntime } from "./runtime.js";
import { hasRelaxedSimd } from "./simd.js";

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
    private readonly network: Runner,
    private readonly manifest: Manifest,
  ) {}

  static async load(job: LoadJob, watch: Watch): Promise<Pipeline> {
    const runtime = runtimeFiles(job.runtimeUrl);
    const { manifest, model, wasm } = await fetchAll(job, runtime, watch);
    verify(model, manifest.artifact);
    watch.report("open", 0);
    const litert = await startRuntime(runtime.mjs, wasm);
    const onGpu = async () => Network.open(model, manifest.tensors, litert, await GpuMemory.open(litert));
    const onWasm = () => Network.open(model, manifest.tensors, litert, new HostMemory(litert));
    const network = new Runner(await (job.accelerator === "webgpu" ? onGpu() : onWasm()), job.accelerator === "auto" ? onGpu : undefined);
    // The first run is slower than all others; it should not be the user's.
    await network.run(encode(manifest.tensors, new Float32Array(manifest.tensors.side ** 2)));
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
      relaxedSimd: hasRelaxedSimd(),
      hints: this.manifest.tensors.inputs.includes(HINTS),
      vivid: this.manifest.tensors.outputs.includes(VIVID_AB),
    };
  }

  async colorize(job: ColorizeJob, watch: Watch): Promise<Coloured | Blob> {
    const start = performance.now();
    watch.report("decode", 0);
    const photo = await decode(job.photo);
    await watch.rest();
    const decoded = performance.now();
    const answer = await this.answer(photo, job, watch);
    const before = await shrink(photo, job.maxSide ?? Infinity);
    const predicted = performance.now();
    const canvas = await merge(before, blend(answer.tensors, job.vividness), job.strength, watch);
    const merged = performance.now();
    const timings = {
      decode: decoded - start,
      network: answer === job.answer ? 0 : predicted - decoded,
      merge: merged - predicted,
      total: merged - start,
    };
    const { accelerator } = this.network;
    // Only now, and not waited for: nobody's first photo should take longer.
    void this.network.consider(encode(this.manifest.tensors, answer.lightness));
    if (!job.encode) return { before, after: canvas.transferToImageBitmap(), answer, accelerator, timings };
    before.close();
    watch.report("encode", 0);
    return canvas.convertToBlob(job.encode);
  }

  /** Merges in place: what the network says is known already. */
  async colorizeDeep({ photo, answer, hints, strength, vividness }: DeepJob, watch: Watch): Promise<DeepPixels> {
    const { tensors } = hints ? await this.predict(answer, hints, watch) : answer;
    const { data, height, width } = photo;
    const merger = new Merger(blend(tensors, vividness), height, width, strength);
    const rows = rowsPerStrip(width);
    for (let top = 0; top < height; top += rows) {
      merger.merge(data.subarray(4 * width * top, 4 * width * (top + rows)), top);
      watch.report("merge", Math.min(1, (top + rows) / height));
      await watch.rest();
    }
    return photo;
  }

  /** What the network says, as far as the job does not know it already. */
  private async answer(photo: ImageBitmap, { answer, hints }: ColorizeJob, watch: Watch): Promise<Answer> {
    if (answer && !hints) return answer;
    return this.predict(answer ?? (await this.look(photo, watch)), hints, watch);
  }

  private async predict(given: Omit<Answer, "tensors">, hints: readonly Hint[] | undefined, watch: Watch): Promise<Answer> {
    watch.report("network", 0);
    const tensors = await this.network.run(encode(this.manifest.tensors, given.lightness, this.placed(hints, given)));
    await watch.rest();
    return { ...given, tensors };
  }

  private async look(photo: ImageBitmap, watch: Watch): Promise<Omit<Answer, "tensors">> {
    const { height, width } = photo;
    const small = await resize(rowReader(photo), height, width, this.manifest.tensors.side, watch.rest);
    return { height, width, lightness: normalizedLightness(small) };
  }

  private placed(hints: readonly Hint[] = [], { height, width }: Omit<Answer, "tensors">): Float32Array | undefined {
    if (hints.length === 0) return undefined;
    if (!this.info.hints) throw new ColorizerError("This model takes no hints; load one whose manifest lists them.");
    return placeHints(hints, this.manifest.tensors, height, width);
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
