/** What the specs hold to bounds, and `npm run figures` writes down. All in milliseconds, by the browser's own clock. */

import { execFileSync } from "node:child_process";
import { readFileSync } from "node:fs";
import { fileURLToPath } from "node:url";
import { gzipSync } from "node:zlib";

import { type Browser, type Page, expect } from "@playwright/test";

import { PYTHON } from "../playwright.config";
import { PHOTOS, choose, open } from "./helpers";
import { serveFolder } from "./server";

/** The package's folder, as a server hands it out. */
export const PACKAGE = fileURLToPath(new URL("..", import.meta.url));
const RUNS = 40;

export interface NetworkRuns {
  readonly milliseconds: number[];
  /** Faithful chroma. */
  readonly ab: number[];
}

/** The network alone, of the package as it is packed, in a page that has nothing else. */
export async function runNetwork(page: Page, { relaxedSimd }: { relaxedSimd: boolean }): Promise<NetworkRuns> {
  const server = await serveFolder(PACKAGE);
  await page.route("**/blank", (route) => route.fulfill({ contentType: "text/html", body: "<!doctype html>" }));
  await page.route("**/without-relaxed-simd.js", (route) => {
    const worker = readFileSync(`${PACKAGE}/dist/standalone-worker.js`, "utf-8");
    return route.fulfill({ contentType: "text/javascript", body: `WebAssembly.validate = () => false;\n${worker}` });
  });
  await page.goto(`${server.address}blank`);
  const photo = [...readFileSync(PHOTOS[0])];
  const runs = await page.evaluate(
    async ([address, worker, photo, count]) => {
      const { Colorizer } = await import(`${address}dist/index.js`);
      const colorizer = await Colorizer.load({
        modelUrl: `${address}models/`,
        runtimeUrl: `${address}node_modules/@litertjs/core/wasm/`,
        workerUrl: `${address}dist/${worker}`,
        accelerator: "wasm",
      });
      const file = new Blob([new Uint8Array(photo)]);
      const { answer } = await colorizer.colorize(file);
      const milliseconds: number[] = [];
      // With an answer and hints, if only none, nothing but the network runs in that step.
      for (let run = 0; run < count; run++) {
        milliseconds.push((await colorizer.colorize(file, { answer, hints: [], maxSide: 16 })).timings.network);
      }
      colorizer.close();
      return { milliseconds, ab: [...answer.tensors.ab] };
    },
    [server.address, relaxedSimd ? "standalone-worker.js" : "without-relaxed-simd.js", photo, RUNS] as const,
  );
  server.close();
  return runs;
}

/** The same network in ONNX Runtime, on one thread of this machine. */
export function runNatively(): number[] {
  const program = `
import json, time
import numpy as np
from sdk.backends import open_backend
from sdk.colorizer import BUNDLED_MODEL
from sdk.manifest import load_manifest
manifest = load_manifest(BUNDLED_MODEL)
path = manifest.verify(manifest.find_artifact("onnx", "int8"))
network = open_backend("onnx", path, manifest.tensors, threads=1)
inputs = manifest.tensors.encode(np.full((manifest.tensors.side, manifest.tensors.side, 3), 128, np.uint8))
times = []
for _ in range(${RUNS}):
    start = time.perf_counter()
    network.run(inputs)
    times.append(1000 * (time.perf_counter() - start))
print(json.dumps(times))`;
  return JSON.parse(python(program));
}

/** From the click on a link to the page until its first sample is in colour, in a browser that has never seen it. */
export async function loadCold(browser: Browser, address: string): Promise<number> {
  const context = await browser.newContext();
  const page = await context.newPage();
  await page.addInitScript(() => {
    const coloured = new Promise<number>((resolve) => {
      new MutationObserver(() => document.querySelector("#samples canvas[data-shown]") && resolve(performance.now())).observe(document, {
        subtree: true,
        attributeFilter: ["data-shown"],
      });
    });
    Object.assign(window, { coloured });
  });
  await page.goto(address);
  const milliseconds = await page.evaluate(() => (window as unknown as { coloured: Promise<number> }).coloured);
  await context.close();
  return milliseconds;
}

/** Bytes of all that is fetched until a photo is in colour, compressed; without the samples, and what only the check needs. */
export async function weigh(page: Page): Promise<{ bytes: number; files: number }> {
  const sizes = new Map<string, number>();
  page.on("response", async (response) => {
    if (response.ok() && !/samples|check/.test(response.url())) sizes.set(response.url(), gzipSync(await response.body()).length);
  });
  await open(page);
  await choose(page, PHOTOS[0]);
  await expect(page.locator("#frame")).toBeVisible();
  return { bytes: [...sizes.values()].reduce((sum, size) => sum + size, 0), files: sizes.size };
}

/** From the choice of a photo until it is painted in colour. */
export async function colourFirst(page: Page, path: string): Promise<number> {
  await page.locator("#frame").evaluate((frame: HTMLElement) => {
    const coloured = new Promise<number>((resolve) => {
      document.querySelector("#files")?.addEventListener("change", () => {
        const start = performance.now();
        new MutationObserver(() => {
          if (!frame.hidden) requestAnimationFrame(() => resolve(performance.now() - start));
        }).observe(frame, { attributeFilter: ["hidden"] });
      });
    });
    Object.assign(window, { coloured });
  });
  await choose(page, path);
  return page.evaluate(() => (window as unknown as { coloured: Promise<number> }).coloured);
}

/** The same photo, the first of a new Python. */
export function colourNatively(path: string): number {
  const program = `
import sys, time
from sdk import Colorizer
with Colorizer.load("onnx") as colorizer:
    start = time.perf_counter()
    colorizer.colorize(sys.argv[1])
    print(1000 * (time.perf_counter() - start))`;
  return Number(python(program, path));
}

/**
 * What a point takes until the photo on the screen has answered, each of so many times; "move" drags it, "colour" gives
 * it another colour. A photo is open, by hand.
 */
export async function answerPoints(page: Page, what: "move" | "colour", times: number): Promise<number[]> {
  return page.evaluate(
    async ([what, times]) => {
      const frame = document.querySelector("#frame") as HTMLElement;
      const answered = () =>
        new Promise<void>((resolve) => {
          const observer = new MutationObserver(() => {
            observer.disconnect();
            resolve();
          });
          observer.observe(frame, { attributeFilter: ["data-points"] });
        });
      const added = answered();
      (document.querySelector("#add-point") as HTMLButtonElement).click();
      await added;
      const point = document.querySelector("#points .point") as HTMLButtonElement;
      const { left, top, width, height } = (document.querySelector("#points") as HTMLElement).getBoundingClientRect();
      const send = (kind: string, share: number) =>
        point.dispatchEvent(new PointerEvent(kind, { pointerId: 1, bubbles: true, clientX: left + share * width, clientY: top + share * height }));
      point.setPointerCapture = () => {};
      if (what === "move") send("pointerdown", 0.5);
      const milliseconds: number[] = [];
      for (let turn = 0; turn < times; turn++) {
        if (what === "colour") await new Promise((resolve) => setTimeout(resolve, 500)); // people look before they choose again
        const done = answered();
        const start = performance.now();
        if (what === "move") send("pointermove", 0.3 + (0.4 * turn) / times);
        else document.querySelectorAll<HTMLButtonElement>("#swatches button")[2 + (turn % 4)].click();
        await done;
        milliseconds.push(performance.now() - start);
      }
      return milliseconds;
    },
    [what, times] as const,
  );
}

function python(program: string, ...rest: string[]): string {
  return execFileSync(PYTHON, ["-c", program, ...rest], { cwd: "..", encoding: "utf-8" });
}

/** Of an odd number of values. */
export function median(values: readonly number[]): number {
  return values.toSorted((one, other) => one - other)[values.length >> 1];
}
