/** `vite build` makes the page, in sdk/page, of examples/web and of the package as others get it. */

import { createHash } from "node:crypto";
import { cp, readFile, readdir, writeFile } from "node:fs/promises";
import { join, relative } from "node:path";
import { fileURLToPath } from "node:url";

import type { Plugin } from "vite";
import { defineConfig } from "vitest/config";

const here = (path: string) => fileURLToPath(new URL(path, import.meta.url));
const PAGE = here("../sdk/page");

// The page lies outside of this folder, so what it imports is pointed at.
const ALIASES = {
  "edge-colorizer-web": here("dist/index.js"),
  "fast-png": here("node_modules/fast-png/lib/index.js"),
  "libheif-js": here("node_modules/libheif-js"),
  utif2: here("node_modules/utif2"),
};

export default defineConfig({
  base: "./",
  root: here("../examples/web"),
  worker: { format: "es" },
  resolve: { alias: ALIASES },
  plugins: [copies(PAGE), serviceWorker(PAGE)],
  build: {
    outDir: PAGE,
    emptyOutDir: true,
    assetsInlineLimit: 0, // the page's policy forbids data: addresses
    modulePreload: { polyfill: false },
    rolldownOptions: {
      input: { index: here("../examples/web/index.html"), sw: here("../examples/web/sw.ts") },
      output: { entryFileNames: (chunk) => (chunk.name === "sw" ? "sw.js" : "assets/[name]-[hash].js") },
    },
  },
  test: { root: here("."), include: ["test/*.test.ts"] },
});

const COPIED = {
  models: ["models", /\.(tflite|json)$/],
  samples: ["../examples/photos", /\.jpg$/],
  check: ["../goldens/photos", /\.(webp|json)$/],
} as const;

/** Files that are kept once, elsewhere in the repository. */
function copies(out: string): Plugin {
  return {
    name: "copies",
    apply: "build",
    async writeBundle() {
      for (const [folder, [source, wanted]] of Object.entries(COPIED)) {
        for (const name of (await readdir(here(source))).filter((name) => wanted.test(name))) {
          await cp(join(here(source), name), join(out, folder, name));
        }
      }
    },
  };
}

/** Tells the service worker which files make up the page, and a version that changes with any of them. */
function serviceWorker(out: string): Plugin {
  return {
    name: "service-worker",
    apply: "build",
    enforce: "post",
    async writeBundle() {
      const entries = await readdir(out, { recursive: true, withFileTypes: true });
      const files = entries
        // What decodes rare photos is large, and kept only once it was needed.
        .filter((entry) => entry.isFile() && !/^(sw|decode-worker|deep|libheif|UTIF)/.test(entry.name))
        .map((entry) => relative(out, join(entry.parentPath, entry.name)).replaceAll("\\", "/"))
        .sort();
      const hash = createHash("sha256");
      for (const file of files) hash.update(file).update(await readFile(join(out, file)));
      const script = join(out, "sw.js");
      const page = JSON.stringify({ version: hash.digest("hex").slice(0, 16), files: ["./", ...files] });
      await writeFile(script, (await readFile(script, "utf-8")).replace("__PAGE__", page));
    },
  };
}
