/** LiteRT's WebAssembly: where its files lie, and how it starts. */

import type { LiteRt } from "@litertjs/core";

import { BackendUnavailable } from "./errors.js";
import { hasRelaxedSimd } from "./simd.js";

/** LiteRT's own names for what its WebAssembly does. */
export type Bindings = LiteRt["liteRtWasm"];

/** One build of LiteRT, as two addresses. */
export interface RuntimeFiles {
  readonly mjs: URL;
  readonly wasm: URL;
}

/** Roughly what the larger file holds, for the progress alone. */
export const RUNTIME_BYTES = 9_400_000;

/** @param folder of LiteRT's `*.wasm`; by default where the bundler puts them, as it sees these addresses. */
export function runtimeFiles(folder?: string): RuntimeFiles {
  const { name, mjs, wasm } = hasRelaxedSimd()
    ? {
        name: "litert_wasm_internal.wasm",
        mjs: new URL("./litert_wasm_internal.mjs", import.meta.url),
        wasm: new URL("@litertjs/core/wasm/litert_wasm_internal.wasm", import.meta.url),
      }
    : {
        name: "litert_wasm_compat_internal.wasm",
        mjs: new URL("./litert_wasm_compat_internal.mjs", import.meta.url),
        wasm: new URL("@litertjs/core/wasm/litert_wasm_compat_internal.wasm", import.meta.url),
      };
  return { mjs, wasm: folder ? new URL(name, folder) : wasm };
}

/**
 * @param mjs LiteRT's script, which the package's build has made a module of.
 * @throws BackendUnavailable where this browser cannot run WebAssembly with SIMD.
 */
export async function startRuntime(mjs: URL, wasmBinary: Uint8Array): Promise<Bindings> {
  try {
    const { default: start } = await import(/* webpackIgnore: true */ /* @vite-ignore */ mjs.href);
    return await start({ wasmBinary, print() {}, printErr() {} });
  } catch (error) {
    throw new BackendUnavailable(`This browser cannot run the network (${String(error)}); try a newer one.`);
  }
}
