/** A blind test of examples/human_eval in a browser. */

import { execFileSync } from "node:child_process";
import { fileURLToPath, pathToFileURL } from "node:url";

import { type Page, type TestInfo, expect } from "@playwright/test";

import { PYTHON } from "../playwright.config";

/** How long each photo is shown. */
export const SECONDS = 1;
const root = fileURLToPath(new URL("../..", import.meta.url));
export const humanEval = (...options: string[]) =>
  execFileSync(PYTHON, ["-m", "examples.human_eval", ...options], { cwd: root, encoding: "utf-8" });

/** Makes a trial of four photos and opens it. Returns where its key lies. */
export async function openTrial(page: Page, testInfo: TestInfo, seconds: number): Promise<string> {
  const out = testInfo.outputPath("page");
  humanEval("make", "tests/photos", "--out", out, "--seconds", String(seconds));
  await page.goto(pathToFileURL(`${out}/index.html`).href);
  await expect(page.locator("#begin")).toHaveText("Begin");
  return `${out}-key.json`;
}

interface Shown {
  readonly width: number;
  readonly height: number;
  readonly fits: boolean;
  readonly came: number;
  left: number;
  /** When a timer rang that was set as the photo came: on a busy machine every timer is late. */
  due: number;
}

/** Has the page note how each photo was shown, by its own clock: a photo is gone before a busy machine has looked. */
export async function watch(page: Page): Promise<void> {
  await page.locator("#frame").evaluate((frame, seconds) => {
    const shown: Shown[] = [];
    new MutationObserver(() => {
      const image = frame.querySelector("img");
      if (!image) return void (shown[shown.length - 1].left = performance.now());
      const { scrollWidth, scrollHeight } = document.documentElement;
      const fits = scrollWidth <= innerWidth && scrollHeight <= innerHeight;
      const photo = { width: image.naturalWidth, height: image.clientHeight, fits, came: performance.now(), left: 0, due: 0 };
      setTimeout(() => (photo.due = performance.now()), 1000 * seconds);
      shown.push(photo);
    }).observe(frame, { childList: true });
    Object.assign(window, { shown });
  }, SECONDS);
}

export const watched = (page: Page) => page.evaluate(() => (window as unknown as { shown: Shown[] }).shown);
