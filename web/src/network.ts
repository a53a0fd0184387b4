/** The network, on ONNX Runtime's WebAssembly build. */

import * as ort from "onnxruntime-web/wasm";
// The runtime's own files are emitted beside the bundle: they are fetched from there and from nowhere else.
import glueUrl from "onnxruntime-web/ort-wasm-simd-threaded.mjs?url&no-inline";
import wasmUrl from "onnxruntime-web/ort-wasm-simd-threaded.wasm?url&no-inline";

import { BackendUnavailable, ModelIntegrityError } from "./errors";
import type { Tensors } from "./manifest";

const MOST_THREADS = 4; // beyond, a network this small gains nothing

/** Holds one session. */
export class Network {
  private constructor(
    private readonly session: ort.InferenceSession,
    private readonly tensors: Tensors,
    /** Threads in use: one, unless the page is cross-origin isolated. */
    readonly threads: number,
  ) {}

  /**
   * @param model verified bytes of an ONNX file.
   * @throws BackendUnavailable where this browser cannot run WebAssembly with SIMD.
   * @throws ModelIntegrityError where the model's tensors are others.
   */
  static async open(model: Uint8Array, tensors: Tensors, threads = defaultThreads()): Promise<Network> {
    ort.env.wasm.wasmPaths = { mjs: absolute(glueUrl), wasm: absolute(wasmUrl) };
    ort.env.wasm.numThreads = threads;
    ort.env.logLevel = "error";
    const session = await ort.InferenceSession.create(model, { executionProviders: ["wasm"] }).catch((error: unknown) => {
      throw new BackendUnavailable(`This browser cannot run the network (${String(error)}); try a newer one.`);
    });
    const found = `${session.inputNames} to ${session.outputNames}`;
    const expected = `${tensors.inputName} to ${tensors.outputName}`;
    if (found !== expected) {
      throw new ModelIntegrityError(`The model goes from ${found} where the contract says ${expected}; load another.`);
    }
    return new Network(session, tensors, ort.env.wasm.numThreads);
  }

  /**
   * @param lightness S × S values of L/50 − 1.
   * @returns the plane of a/110, then of b/110, each S/2 × S/2.
   */
  async predictAb(lightness: Float32Array): Promise<Float32Array> {
    const { side, inputName, outputName } = this.tensors;
    const answer = await this.session.run({ [inputName]: new ort.Tensor("float32", lightness, [1, 1, side, side]) });
    return answer[outputName].data as Float32Array;
  }
}

function defaultThreads(): number {
  return globalThis.crossOriginIsolated ? Math.min(MOST_THREADS, navigator.hardwareConcurrency || 1) : 1;
}

function absolute(url: string): string {
  return new URL(url, import.meta.url).href;
}
