/** Where ONNX Runtime's own files lie. */

export interface RuntimeFiles {
  /** Its JavaScript, from which threads start too. */
  readonly mjs: URL;
  readonly wasm: URL;
}

/** Roughly what both hold, for the progress alone. */
export const RUNTIME_BYTES = 14_300_000;

/** @param folder of `ort-wasm-simd-threaded.*`; by default where the bundler puts them, as it sees these addresses. */
export function runtimeFiles(folder?: string): RuntimeFiles {
  if (folder) return { mjs: new URL("ort-wasm-simd-threaded.mjs", folder), wasm: new URL("ort-wasm-simd-threaded.wasm", folder) };
  return {
    mjs: new URL("onnxruntime-web/ort-wasm-simd-threaded.mjs", import.meta.url),
    wasm: new URL("onnxruntime-web/ort-wasm-simd-threaded.wasm", import.meta.url),
  };
}
