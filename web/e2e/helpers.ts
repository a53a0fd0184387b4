/** What the specs of the page share: opening it, handing it photos, looking at what is on the screen. */

import { execFileSync } from "node:child_process";
import { readFileSync, writeFileSync } from "node:fs";
import { basename, join } from "node:path";
import { fileURLToPath } from "node:url";

import { type Download, type Page, type TestInfo, expect } from "@playwright/test";

import { PYTHON } from "../playwright.config";

export const photo = (name: string) => fileURLToPath(new URL(`../../examples/photos/${name}`, import.meta.url));
export const PHOTOS = ["astronaut.jpg", "cat.jpg", "coffee.jpg"].map(photo);

export type Upload = { name: string; mimeType: string; buffer: Buffer };

export const upload = (path: string, name: string, mimeType = "image/jpeg"): Upload => ({ name, mimeType, buffer: readFileSync(path) });

export async function open(page: Page): Promise<void> {
  await page.goto("/");
  await expect(page.locator("#readiness")).toHaveText("Ready");
}

export async function choose(page: Page, ...files: (string | Upload)[]): Promise<void> {
  // Many paths and buffers at once are more than Playwright takes.
  const uploads = files.map((file) => (typeof file === "string" ? upload(file, basename(file)) : file));
  await page.locator("#files").setInputFiles(files.every((file) => typeof file === "string") ? (files as string[]) : uploads);
}

/** The levels of a canvas on the page, RGBA, as somebody sees them: scaled to width × height. */
export async function levels(page: Page, canvas: string, width: number, height: number): Promise<number[]> {
  return page.locator(canvas).evaluate(
    async (element: HTMLCanvasElement, [width, height]) => {
      const bitmap = await createImageBitmap(element, { resizeWidth: width, resizeHeight: height, resizeQuality: "high" });
      const context = new OffscreenCanvas(width, height).getContext("2d") as OffscreenCanvasRenderingContext2D;
      context.drawImage(bitmap, 0, 0);
      return Array.from(context.getImageData(0, 0, width, height).data);
    },
    [width, height],
  );
}

/** How far red and blue lie apart on the coloured canvas, on average. */
export async function chroma(page: Page): Promise<number> {
  const seen = await levels(page, "#after", 64, 64);
  let apart = 0;
  for (let at = 0; at < seen.length; at += 4) apart += Math.abs(seen[at] - seen[at + 2]);
  return apart / (seen.length / 4);
}

/** How far the lightness of "before" and "after" lies apart: near zero where they show one photo. */
export async function mismatch(page: Page): Promise<number> {
  const [before, after] = await Promise.all(["#before", "#after"].map((canvas) => levels(page, canvas, 32, 32)));
  const luma = (seen: number[], at: number) => 0.2126 * seen[at] + 0.7152 * seen[at + 1] + 0.0722 * seen[at + 2];
  let apart = 0;
  for (let at = 0; at < before.length; at += 4) apart += Math.abs(luma(before, at) - luma(after, at));
  return apart / (before.length / 4);
}

export async function save(page: Page, button = "#download"): Promise<Download> {
  const [download] = await Promise.all([page.waitForEvent("download"), page.locator(button).click()]);
  return download;
}

/** A sample at another size, as a JPEG on disk: sent through the page's debugger it would hold up the page itself. */
export async function enlarged(page: Page, width: number, height: number, testInfo: TestInfo): Promise<string> {
  const bytes = await page.evaluate(
    async ([width, height]) => {
      const bitmap = await createImageBitmap(await (await fetch("samples/astronaut.jpg")).blob());
      const canvas = new OffscreenCanvas(width, height);
      canvas.getContext("2d")?.drawImage(bitmap, 0, 0, width, height);
      return Array.from(new Uint8Array(await (await canvas.convertToBlob({ type: "image/jpeg", quality: 0.9 })).arrayBuffer()));
    },
    [width, height],
  );
  const path = testInfo.outputPath(`${width}.jpg`);
  writeFileSync(path, Buffer.from(bytes));
  return path;
}

/** Writes the small model that takes hints; `hints_model.py` says how it answers. */
export function makeHintsModel(folder: string): void {
  execFileSync(PYTHON, [fileURLToPath(new URL("hints_model.py", import.meta.url)), folder], { cwd: ".." });
}

/** Has the page load a model from a folder of this machine. A service worker would fetch the bundled one past this. */
export async function useModel(page: Page, folder: string): Promise<void> {
  await page.route("**/models/*", (route) => route.fulfill({ path: join(folder, basename(route.request().url())) }));
}

export async function openByHand(page: Page, path: string): Promise<void> {
  await open(page);
  await choose(page, path);
  await expect(page.locator("#frame")).toBeVisible();
  await page.locator("#hand").click();
  await expect(page.locator("#hand-tools")).toBeVisible();
}
