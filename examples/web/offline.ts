/** Keeps the page for the next time, when there may be no network. */

export async function keepForOffline(onKept: () => void): Promise<void> {
  if (!import.meta.env.PROD || !navigator.serviceWorker) return; // browsers have none over plain http
  await navigator.serviceWorker.register("./sw.js");
  await navigator.serviceWorker.ready;
  onKept();
}

/** Forgets all that was kept and loads the page anew, for a file that arrived damaged. */
export async function loadAnew(): Promise<void> {
  if (navigator.serviceWorker) {
    for (const registration of await navigator.serviceWorker.getRegistrations()) await registration.unregister();
    for (const name of await caches.keys()) await caches.delete(name);
  }
  location.reload();
}
