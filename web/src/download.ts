/** Fetches what a network needs, with one progress over all of it. */

import { BackendUnavailable } from "./errors.js";
import { type Manifest, artifactUrl, parseManifest } from "./manifest.js";
import type { Watch } from "./pipeline.js";
import type { LoadJob } from "./protocol.js";
import { RUNTIME_BYTES, type RuntimeFiles } from "./runtime.js";

interface Fetched {
  readonly manifest: Manifest;
  /** Not yet verified. */
  readonly model: Uint8Array;
  /** LiteRT's WebAssembly. */
  readonly wasm: Uint8Array;
}

/** @throws BackendUnavailable where something cannot be loaded. */
export async function fetchAll({ model }: LoadJob, runtime: RuntimeFiles, watch: Watch): Promise<Fetched> {
  let received = 0;
  let expected = RUNTIME_BYTES;
  const count = (bytes: number) => {
    received += bytes;
    watch.report("download", Math.min(1, received / expected));
  };
  // The runtime is most of it, and does not wait for the manifest.
  const wasm = download(runtime.wasm, watch, count);
  wasm.catch(() => {}); // awaited below, after the model, whose own failure comes first
  if (typeof model !== "string") {
    const manifest = parseManifest(model.manifest);
    return { manifest, model: fromBase64(model.artifact), wasm: await wasm };
  }
  const folder = new URL(model);
  const manifest = parseManifest(new TextDecoder().decode(await download(new URL("manifest.json", folder), watch)));
  expected += manifest.artifact.bytes;
  const artifact = await download(artifactUrl(folder, manifest.artifact), watch, count);
  return { manifest, model: artifact, wasm: await wasm };
}

async function download(url: URL, watch: Watch, count?: (bytes: number) => void): Promise<Uint8Array<ArrayBuffer>> {
  const response = await fetch(url, { signal: watch.signal }).catch((error: unknown) => {
    watch.signal.throwIfAborted();
    throw new BackendUnavailable(`${url.pathname} cannot be loaded (${String(error)}); is the page's server still there?`);
  });
  if (!response.ok || !response.body) {
    throw new BackendUnavailable(`${url.pathname} cannot be loaded (HTTP ${response.status}); is the page complete?`);
  }
  const counted = response.body.pipeThrough(
    new TransformStream<Uint8Array<ArrayBuffer>, Uint8Array<ArrayBuffer>>({
      transform(chunk, controller) {
        count?.(chunk.length);
        controller.enqueue(chunk);
      },
    }),
  );
  return new Uint8Array(await new Response(counted).arrayBuffer());
}

function fromBase64(text: string): Uint8Array {
  return Uint8Array.from(atob(text), (character) => character.charCodeAt(0));
}
