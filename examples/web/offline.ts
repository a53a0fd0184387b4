/** Keeps the page for the next time, when there may be no network. */

/** @returns a sentence about where the page stands. */
export async function keepForOffline(): Promise<string> {
  if (!import.meta.env.PROD) return "";
  if (!navigator.serviceWorker) {
    return "Over plain http, browsers do not keep this page: it works as long as its server is there.";
  }
  await navigator.serviceWorker.register("./sw.js");
  await navigator.serviceWorker.ready;
  return "This page is kept on the device and works without a network.";
}

/** Forgets all that was kept and loads the page anew, for a file that arrived damaged. */
export async function loadAnew(): Promise<void> {
  if (navigator.serviceWorker) {
    for (const registration of await navigator.serviceWorker.getRegistrations()) await registration.unregister();
    for (const name of await caches.keys()) await caches.delete(name);
  }
  location.reload();
}
