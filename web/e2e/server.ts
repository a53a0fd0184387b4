/** A folder on a port of this machine, handed out as a plain web server does. */

import { existsSync, readFileSync, statSync } from "node:fs";
import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { extname, join, normalize } from "node:path";

const TYPES: Record<string, string> = {
  ".css": "text/css",
  ".html": "text/html",
  ".js": "text/javascript",
  ".mjs": "text/javascript",
  ".wasm": "application/wasm",
};

/** What isolates a page from other origins. */
export const ISOLATED = { "Cross-Origin-Opener-Policy": "same-origin", "Cross-Origin-Embedder-Policy": "require-corp" };
/** What lets pages of other origins, isolated ones too, load files. */
export const FOR_ANYONE = { "Access-Control-Allow-Origin": "*", "Cross-Origin-Resource-Policy": "cross-origin" };

export interface FolderServer {
  /** Ends in a slash. */
  readonly address: string;
  /** Takes another folder in its place, as another program would that is started on the same port. */
  replace(folder: string): void;
  close(): void;
}

export async function serveFolder(folder: string, headers: Record<string, string> = {}): Promise<FolderServer> {
  let served = folder;
  const server = createServer((request, response) => {
    const path = join(served, normalize(decodeURIComponent(new URL(request.url ?? "/", "http://any").pathname)));
    const file = path.endsWith("/") ? `${path}index.html` : path;
    if (!existsSync(file) || !statSync(file).isFile()) return response.writeHead(404, headers).end();
    response.writeHead(200, { ...headers, "Content-Type": TYPES[extname(file)] ?? "application/octet-stream" }).end(readFileSync(file));
  });
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  return {
    address: `http://127.0.0.1:${(server.address() as AddressInfo).port}/`,
    replace: (other) => (served = other),
    close: () => {
      server.closeAllConnections();
      server.close();
    },
  };
}
