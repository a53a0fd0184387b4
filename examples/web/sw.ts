/** The service worker: all files of one version of the page, answered from the cache alone. */

import { hasRelaxedSimd } from "edge-colorizer-web";

declare const self: ServiceWorkerGlobalScope;
/** Written in by the build: see `serviceWorker` in web/vite.config.ts. */
declare const __PAGE__: { readonly version: string; readonly files: readonly string[] };

const { version, files } = __PAGE__;
/** LiteRT's build for the other browsers. */
const NOT_NEEDED = hasRelaxedSimd() ? /litert_wasm_compat/ : /litert_wasm_internal/;
/** In the page's head; another program on the same address has no such line. */
const OURS = '<meta name="application-name" content="edge-colorizer"';
const MOST_PATIENCE_MS = 3000;

self.addEventListener("install", (event) => {
  event.waitUntil(caches.open(version).then((cache) => cache.addAll(files.filter((name) => !NOT_NEEDED.test(name)))));
});

self.addEventListener("activate", (event) => {
  event.waitUntil(
    (async () => {
      for (const name of await caches.keys()) if (name !== version) await caches.delete(name);
      await self.clients.claim();
    })(),
  );
});

self.addEventListener("fetch", (event) => {
  const { request } = event;
  if (request.method === "GET") event.respondWith(request.mode === "navigate" ? visit(request) : kept(request));
});

/** A server that answers with another page has taken over the address, so this one leaves; without one, it stays. */
async function visit(request: Request): Promise<Response> {
  const answer = await fetch(request.url, { signal: AbortSignal.timeout(MOST_PATIENCE_MS) }).catch(() => undefined);
  if (!answer?.ok || (await answer.clone().text()).includes(OURS)) return kept(request);
  await self.registration.unregister();
  for (const name of await caches.keys()) await caches.delete(name);
  return answer;
}

async function kept(request: Request): Promise<Response> {
  const cache = await caches.open(version);
  return (await cache.match(request, { ignoreSearch: true, ignoreVary: true })) ?? fetch(request);
}

export {};
