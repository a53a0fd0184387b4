/** The page as it was built, in browsers that Playwright does not have: a photo in colour, a red point, a file, Python's picture. */

import { existsSync, readFileSync, readdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";

import { expect, test } from "@playwright/test";

import { photo } from "../e2e/helpers";
import type { Driver } from "./driver";
import { openFirefox } from "./firefox";
import { openWebKit } from "./webkit";

const BROWSERS = {
  firefox: { installed: "/usr/bin/firefox-esr", open: openFirefox },
  webkit: { installed: "/usr/lib/x86_64-linux-gnu/webkit2gtk-4.1/MiniBrowser", open: openWebKit },
};
/** As of Chromium, which e2e/page.spec.ts holds to this. */
const LEAST_AGREEMENT_DB = 45;

for (const [name, { installed, open }] of Object.entries(BROWSERS)) {
  test(`a photo, a red point and a file in ${name}`, async ({ baseURL }, testInfo) => {
    test.skip(!existsSync(installed), `NOT MEASURED: ${installed} is not installed`);
    const folder = testInfo.outputPath("browser");
    const driver = await open(installed, folder);
    try {
      await use(driver, baseURL as string, folder);
      console.log(`${driver.name}: ${await agreement(driver)}`);
    } finally {
      writeFileSync(`test-results/${name}.png`, await driver.screenshot(), "base64");
      await driver.close();
    }
  });
}

async function use(driver: Driver, address: string, folder: string): Promise<void> {
  await driver.open(address);
  await expect.poll(() => text(driver, "#readiness")).toBe("Ready");
  await driver.choose("#files", photo("cat.jpg"));
  await expect.poll(() => redness(driver, 0.3, 0.3)).not.toBe(0);
  const before = await redness(driver, 0.3, 0.3);
  await press(driver, "#hand");
  await press(driver, "#points", 0.3, 0.3);
  await press(driver, '#swatches button[aria-label="Red"]');
  await expect.poll(() => redness(driver, 0.3, 0.3)).toBeGreaterThan(before + 20);
  await press(driver, "#download");
  const saved = () => readdirSync(folder, { recursive: true, encoding: "utf-8" }).filter((name) => name.endsWith("cat-colour.jpg"));
  await expect.poll(saved).toHaveLength(1);
  await expect.poll(() => [...readFileSync(join(folder, saved()[0])).subarray(-2)]).toEqual([0xff, 0xd9]); // a whole JPEG
}

/** What "Check this device" says of each photo. */
async function agreement(driver: Driver): Promise<string> {
  await press(driver, "#open-check");
  await expect.poll(() => driver.call(() => document.getElementById("check-result")?.hidden)).toBe(false);
  const rows = await text(driver, "#check-rows");
  const found = [...rows.matchAll(/([\d.]+) dB to Python/g)].map(([, decibels]) => Number(decibels));
  expect(found).toHaveLength(3);
  expect(Math.min(...found)).toBeGreaterThan(LEAST_AGREEMENT_DB);
  return rows;
}

function text(driver: Driver, selector: string): Promise<string> {
  return driver.call((selector) => document.querySelector<HTMLElement>(selector)?.innerText ?? "", selector);
}

/** Clicks an element as a person would, at a place given in shares of its sides. */
async function press(driver: Driver, selector: string, across = 0.5, down = 0.5): Promise<void> {
  const [x, y] = await driver.call(
    (selector, across, down) => {
      const element = document.querySelector(selector);
      element?.scrollIntoView({ block: "center", behavior: "instant" });
      const { x, y, width, height } = element?.getBoundingClientRect() ?? new DOMRect();
      return [Math.round(x + across * width), Math.round(y + down * height)];
    },
    selector,
    across,
    down,
  );
  await driver.press(x, y);
}

/** Red less green around a place of the coloured photo; 0 as long as there is none. */
function redness(driver: Driver, across: number, down: number): Promise<number> {
  return driver.call(
    async (across, down) => {
      const side = 64;
      const bitmap = await createImageBitmap(document.getElementById("after") as HTMLCanvasElement);
      const context = new OffscreenCanvas(side, side).getContext("2d") as OffscreenCanvasRenderingContext2D;
      context.drawImage(bitmap, 0, 0, side, side);
      const [red, green] = context.getImageData(across * side, down * side, 1, 1).data;
      return red - green;
    },
    across,
    down,
  );
}
