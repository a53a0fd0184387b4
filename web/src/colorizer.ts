/**
 * The product: a grey photograph in, a colour photograph out, all on this device.
 *
 *     const colorizer = await Colorizer.load();
 *     const { after } = await colorizer.colorize(file);
 *     canvas.getContext("2d").drawImage(after, 0, 0);
 *
 * The way of a photo, and the room each step lives in:
 *
 *     File, Blob, ImageBitmap, ImageData or <img>
 *       └─ worker.ts        everything below happens off the main thread, one photo at a time
 *           └─ pixels.ts    the browser decodes; rows are read in strips
 *               └─ resize.ts + color.ts   a small copy's lightness L    the tensor contract, in
 *                   └─ network.ts         LiteRT in WebAssembly, or on a GPU: runner.ts chooses
 *               └─ color.ts               chroma ab, upsampled and merged with the photo's own L, strip by strip
 */

import { BackendUnavailable, fromMessage } from "./errors.js";
import type { Hint } from "./hints.js";
import type { Accelerator } from "./memory.js";
import type { PixelSource } from "./pixels.js";
import type { Answer, ColorizeJob, Coloured, DeepPixels, Info, InlinedModel, Job, Progress, Request, Response } from "./protocol.js";

export type Photo = PixelSource | HTMLImageElement;

/** What every call that takes time understands. */
export interface Watching {
  /** Ends the work; the promise rejects with an `AbortError`. */
  readonly signal?: AbortSignal;
  readonly onProgress?: (progress: Progress) => void;
}

export interface LoadOptions extends Watching {
  /** The folder of the model and its `manifest.json`; by default `models/` beside the page. */
  readonly modelUrl?: string | URL;
  /** A model that is part of the script, instead: what `edge-colorizer-web/inlined-model` exports. */
  readonly model?: InlinedModel;
  /** Where no bundler is at work: `dist/standalone-worker.js` of this package, on any origin that allows it. */
  readonly workerUrl?: string | URL;
  /** Where no bundler is at work: the folder `wasm/` of @litertjs/core. */
  readonly runtimeUrl?: string | URL;
  /**
   * What runs the network: "wasm"; "webgpu"; or "auto", which starts with WebAssembly and, after the first photo, takes
   * WebGPU where the browser has it and it answers alike and sooner.
   */
  readonly accelerator?: Accelerator | "auto";
}

export interface ColorizeOptions extends Watching {
  /** Chroma is multiplied by this: 0 is grey, 1 as the network says. */
  readonly strength?: number;
  /** 0 for the faithful answer, 1 for the vivid one, from 0.8 on that one alone, where the network has both; 0.8 if unsaid. */
  readonly vividness?: number;
  /** Colours that somebody knows, in the photo's own pixels, where the network takes them. */
  readonly hints?: readonly Hint[];
  /** An earlier one for the same photo: the network is run again only where `hints` are given. */
  readonly answer?: Answer;
  /** The answer is made no larger than this, in pixels; by default as large as the photo. */
  readonly maxSide?: number;
}

export interface EncodeOptions extends ColorizeOptions {
  readonly type?: "image/jpeg" | "image/png" | "image/webp";
  /** Of JPEG and WebP, in [0, 1]. */
  readonly quality?: number;
}

interface Waiting {
  readonly resolve: (answer: never) => void;
  readonly reject: (error: unknown) => void;
  readonly onProgress?: (progress: Progress) => void;
}

/** Colours photos with one network, held open between calls, in a worker of its own. */
export class Colorizer {
  private readonly waiting = new Map<number, Waiting>();
  private lastId = 0;
  private loaded?: Info;

  private constructor(private readonly worker: Worker) {
    this.worker.onmessage = ({ data }: MessageEvent<Response>) => this.settle(data);
    this.worker.onerror = (event) =>
      this.failAll(new BackendUnavailable(`The colorizer's worker failed (${event.message || "it cannot be loaded"}).`));
  }

  /**
   * Opens a model, after checking that it is the one its manifest describes.
   *
   * @throws ModelIntegrityError where the model is altered, or made for another version.
   * @throws BackendUnavailable where it cannot be loaded, or this browser cannot run it.
   */
  static async load(options: LoadOptions = {}): Promise<Colorizer> {
    const { model = folder(options.modelUrl ?? "models/"), accelerator = "auto" } = options;
    const runtimeUrl = options.runtimeUrl && folder(options.runtimeUrl);
    const colorizer = new Colorizer(startWorker(options.workerUrl));
    try {
      colorizer.loaded = await colorizer.ask<Info>({ kind: "load", model, runtimeUrl, accelerator }, options);
    } catch (error) {
      colorizer.close();
      throw error;
    }
    return colorizer;
  }

  /**
   * Colours one photo of any size. Calls are answered in order, one at a time.
   *
   * @throws PhotoError where the photo cannot be read, or is none.
   */
  async colorize(photo: Photo, options: ColorizeOptions = {}): Promise<Coloured> {
    return this.ask<Coloured>(await colorizeJob(photo, options), options);
  }

  /** Colours one photo into an encoded file, by default a JPEG, without what the camera wrote into the original. */
  async colorizeToBlob(photo: Photo, options: EncodeOptions = {}): Promise<Blob> {
    const { type = "image/jpeg", quality = 0.95 } = options;
    return this.ask<Blob>({ ...(await colorizeJob(photo, options)), encode: { type, quality } }, options);
  }

  /** Colours a photo of 16 bits a channel, which the caller has decoded, with an `answer` for the same photo at 8. */
  async colorizeDeep(photo: DeepPixels, options: ColorizeOptions & { readonly answer: Answer }): Promise<DeepPixels> {
    const { answer, strength, vividness, hints } = options;
    return this.ask<DeepPixels>({ kind: "deep", photo, answer, strength, vividness, hints }, options);
  }

  /** What the model is and how this browser runs it. */
  get info(): Info {
    return this.loaded as Info;
  }

  /** Ends the worker and gives its memory back; calls that wait are rejected. */
  close(): void {
    this.worker.terminate();
    this.failAll(new DOMException("The colorizer was closed.", "AbortError"));
  }

  private ask<Answer>(job: Job, { signal, onProgress }: Watching): Promise<Answer> {
    signal?.throwIfAborted();
    const id = ++this.lastId;
    const post = (request: Request) => this.worker.postMessage(request);
    const onAbort = () => post({ id, abort: true });
    signal?.addEventListener("abort", onAbort);
    return new Promise<Answer>((resolve, reject) => {
      this.waiting.set(id, { resolve, reject, onProgress });
      post({ id, job });
    }).finally(() => signal?.removeEventListener("abort", onAbort));
  }

  private settle(response: Response): void {
    const waiting = this.waiting.get(response.id);
    if (!waiting) return;
    if ("progress" in response) {
      waiting.onProgress?.(response.progress);
      return;
    }
    this.waiting.delete(response.id);
    if ("error" in response) waiting.reject(fromMessage(response.error));
    else waiting.resolve(response.answer as never);
  }

  private failAll(error: Error): void {
    for (const { reject } of this.waiting.values()) reject(error);
    this.waiting.clear();
  }
}

async function colorizeJob(photo: Photo, options: ColorizeOptions): Promise<ColorizeJob> {
  const { strength, vividness, hints, answer, maxSide } = options;
  // An element cannot travel to a worker.
  const pixels = photo instanceof HTMLImageElement ? await createImageBitmap(photo) : photo;
  return { kind: "colorize", photo: pixels, strength, vividness, hints, answer, maxSide };
}

function startWorker(workerUrl?: string | URL): Worker {
  // Bundlers know this very expression, and make the worker a bundle of its own.
  if (!workerUrl) return new Worker(new URL("./worker.js", import.meta.url), { type: "module", name: "colorizer" });
  // Browsers start no worker from another origin, but let one that starts here import it.
  const source = `import ${JSON.stringify(absolute(workerUrl))};`;
  const address = URL.createObjectURL(new Blob([source], { type: "text/javascript" }));
  const worker = new Worker(address, { type: "module", name: "colorizer" });
  worker.addEventListener("message", () => URL.revokeObjectURL(address), { once: true });
  return worker;
}

function folder(url: string | URL): string {
  return absolute(url).replace(/\/?$/, "/");
}

function absolute(url: string | URL): string {
  return new URL(url, document.baseURI).href;
}
