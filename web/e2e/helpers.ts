/** What the specs of the page share: opening it, handing it photos, looking at what is on the screen. */

import { readFileSync } from "node:fs";
import { basename } from "node:path";
import { fileURLToPath } from "node:url";

import { type Page, expect } from "@playwright/test";

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
