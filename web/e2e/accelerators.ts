/** The package's accelerators beside each other. WebGPU runs on Chromium's software adapter, slower than WebAssembly. */

import { readFileSync } from "node:fs";

import type { LaunchOptions, Page } from "@playwright/test";

import config from "../playwright.config";
import { PHOTOS, useModel } from "./helpers";
import { PACKAGE } from "./measures";
import { serveFolder } from "./server";

export const WITHOUT_GPU: LaunchOptions = config.use?.launchOptions ?? {};
export const WITH_GPU: LaunchOptions = {
  ...WITHOUT_GPU,
  args: [...(WITHOUT_GPU.args ?? []), "--enable-unsafe-webgpu", "--use-webgpu-adapter=swiftshader"],
};

interface Options {
  readonly model?: string;
  readonly photo?: string;
  /** Comes before the worker's script. */
  readonly script?: string;
  /** So many reads from the GPU are waited for before the photo is coloured once more. */
  readonly reads?: number;
}

export interface Seen {
  readonly accelerator: string;
  readonly levels: number[];
}

/** Colours a photo with the package as it is packed, in a page that has nothing else. */
export async function colour(page: Page, accelerator: string, { model, photo = PHOTOS[0], script = "", reads = 0 }: Options = {}): Promise<Seen> {
  const server = await serveFolder(PACKAGE);
  if (model) await useModel(page, model);
  const worker = script + readFileSync(`${PACKAGE}/dist/standalone-worker.js`, "utf-8");
  await page.route("**/blank", (route) => route.fulfill({ contentType: "text/html", body: "<!doctype html>" }));
  await page.route("**/dist/scripted.js", (route) => route.fulfill({ contentType: "text/javascript", body: worker }));
  await page.goto(`${server.address}blank`);
  const seen = await page.evaluate(
    async ([address, accelerator, photo, reads]) => {
      const { Colorizer } = await import(`${address}dist/index.js`);
      let read = 0;
      const enough = new Promise<void>((resolve) => {
        new BroadcastChannel("reads").onmessage = () => ++read === reads && resolve();
      });
      const colorizer = await Colorizer.load({
        modelUrl: `${address}models/`,
        runtimeUrl: `${address}node_modules/@litertjs/core/wasm/`,
        workerUrl: `${address}dist/scripted.js`,
        accelerator,
      });
      const file = new Blob([new Uint8Array(photo)]);
      let coloured = await colorizer.colorize(file, { maxSide: 256 });
      if (reads > 0) {
        await enough;
        coloured = await colorizer.colorize(file, { maxSide: 256 });
      }
      colorizer.close();
      const context = new OffscreenCanvas(256, 256).getContext("2d") as OffscreenCanvasRenderingContext2D;
      context.drawImage(coloured.after, 0, 0);
      return { accelerator: coloured.accelerator, levels: [...context.getImageData(0, 0, 256, 256).data] };
    },
    [server.address, accelerator, [...readFileSync(photo)], reads] as const,
  );
  server.close();
  return seen;
}

/** How far two pictures agree: 10·log10(255² / MSE) over red, green and blue. */
export function decibels(one: number[], other: number[]): number {
  const squares = one.reduce((sum, level, at) => sum + (level - other[at]) ** 2, 0);
  return 10 * Math.log10(255 ** 2 / (squares / (0.75 * one.length))); // alpha is the same
}
