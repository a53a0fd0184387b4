/** The network, on ONNX Runtime's WebAssembly build. */

import * as ort from "onnxruntime-web/wasm";

import { type Contract, type Tensors, shape } from "./contract.js";
import { BackendUnavailable, ModelIntegrityError } from "./errors.js";

const MOST_THREADS = 4; // beyond, a network this small gains nothing

/** ONNX Runtime, fetched: the address of its JavaScript and the bytes of its WebAssembly. */
export interface Runtime {
  readonly mjs: URL;
  readonly wasm: Uint8Array<ArrayBuffer>;
}

/** Holds one session. */
export class Network {
  private constructor(
    private readonly session: ort.InferenceSession,
    private readonly contract: Contract,
    /** Threads in use: one, unless the page is cross-origin isolated. */
    readonly threads: number,
  ) {}

  /**
   * @param model verified bytes of an ONNX file.
   * @throws BackendUnavailable where this browser cannot run WebAssembly with SIMD.
   * @throws ModelIntegrityError where the model's tensors are others.
   */
  static async open(model: Uint8Array, contract: Contract, runtime: Runtime, threads = defaultThreads()): Promise<Network> {
    ort.env.wasm.wasmPaths = { mjs: runtime.mjs.href };
    ort.env.wasm.wasmBinary = runtime.wasm.buffer;
    ort.env.wasm.numThreads = threads;
    ort.env.logLevel = "error";
    const session = await ort.InferenceSession.create(model, { executionProviders: ["wasm"] }).catch((error: unknown) => {
      throw new BackendUnavailable(`This browser cannot run the network (${String(error)}); try a newer one.`);
    });
    const found = `${session.inputNames} to ${session.outputNames}`;
    const names = (specs: Contract["inputs"]) => String(specs.map(({ name }) => name));
    const expected = `${names(contract.inputs)} to ${names(contract.outputs)}`;
    if (found !== expected) {
      throw new ModelIntegrityError(`The model goes from ${found} where the contract says ${expected}; load another.`);
    }
    return new Network(session, contract, ort.env.wasm.numThreads);
  }

  /** The network's answers, by name. */
  async run(inputs: Tensors): Promise<Tensors> {
    const feeds = this.contract.inputs.map((spec): [string, ort.Tensor] => {
      return [spec.name, new ort.Tensor("float32", inputs[spec.name], shape(this.contract, spec))];
    });
    const answers = await this.session.run(Object.fromEntries(feeds));
    return Object.fromEntries(this.contract.outputs.map(({ name }) => [name, answers[name].data as Float32Array]));
  }
}

function defaultThreads(): number {
  return globalThis.crossOriginIsolated ? Math.min(MOST_THREADS, navigator.hardwareConcurrency || 1) : 1;
}
