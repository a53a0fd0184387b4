/** The service worker: all files of one version of the page, answered from the cache alone. */

declare const self: ServiceWorkerGlobalScope;
/** Written in by the build: see `serviceWorker` in web/vite.config.ts. */
declare const __PAGE__: { readonly version: string; readonly files: readonly string[] };

const { version, files } = __PAGE__;

self.addEventListener("install", (event) => {
  event.waitUntil(caches.open(version).then((cache) => cache.addAll([...files])));
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
  if (event.request.method !== "GET") return;
  event.respondWith(
    (async () => {
      const cache = await caches.open(version);
      return (await cache.match(event.request, { ignoreSearch: true, ignoreVary: true })) ?? fetch(event.request);
    })(),
  );
});

export {};
