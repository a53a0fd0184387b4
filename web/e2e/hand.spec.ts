/** Colour by hand, with a small model that takes hints: `hints_model.py` says how it answers. */

import { execFileSync } from "node:child_process";
import { readFileSync } from "node:fs";
import { join } from "node:path";

import AxeBuilder from "@axe-core/playwright";
import { type Page, expect, test } from "@playwright/test";

import { PYTHON } from "../playwright.config";
import { PHOTOS, choose, levels, makeHintsModel, openByHand, useModel } from "./helpers";

const SIDE = 64;

test.use({ serviceWorkers: "block" }); // see useModel
let model: string;

test.beforeAll(({}, { project }) => {
  model = join(project.outputDir, `hints-model-${project.name}`);
  makeHintsModel(model);
});

test.beforeEach(async ({ page }) => {
  await useModel(page, model);
  await openByHand(page, PHOTOS[1]);
});

/** Red less green at a place of the coloured photo, given in shares of its sides. */
async function redness(page: Page, across: number, down: number): Promise<number> {
  const seen = await levels(page, "#after", SIDE, SIDE);
  const at = 4 * (Math.floor(down * SIDE) * SIDE + Math.floor(across * SIDE));
  return seen[at] - seen[at + 1];
}

async function place(page: Page, across: number, down: number): Promise<{ x: number; y: number }> {
  const { x, y, width, height } = (await page.locator("#points").boundingBox()) ?? { x: 0, y: 0, width: 0, height: 0 };
  return { x: x + across * width, y: y + down * height };
}

const points = (page: Page) => page.locator("#points .point");

async function redInsideAlone(page: Page, across: number, down: number): Promise<void> {
  await expect.poll(() => redness(page, across, down)).toBeGreaterThan(60);
  expect(await redness(page, (across + 0.5) % 1, (down + 0.5) % 1)).toBeLessThan(5);
}

test("a red point by mouse: red there, unchanged far away, dragged, undone, redone, removed", async ({ page }, { project }) => {
  test.skip(project.name === "phone", "fingers have a test of their own");
  const spot = await place(page, 0.3, 0.3);
  await page.mouse.click(spot.x, spot.y);
  await expect(points(page)).toHaveCount(1);
  await expect(page.locator("#swatches button").first()).toHaveAccessibleName("As found");
  await page.getByRole("button", { name: "Red", exact: true }).click();
  await redInsideAlone(page, 0.3, 0.3);
  await page.screenshot({ path: `test-results/${project.name}-hand.png` });

  const target = await place(page, 0.7, 0.6);
  await page.mouse.move(spot.x, spot.y);
  await page.mouse.down();
  await page.mouse.move(target.x, target.y, { steps: 6 });
  await page.mouse.up();
  await redInsideAlone(page, 0.7, 0.6);
  await page.keyboard.press("Control+z");
  await redInsideAlone(page, 0.3, 0.3);
  await page.keyboard.press("Control+Shift+z");
  await redInsideAlone(page, 0.7, 0.6);
  await page.locator("#remove-point").click();
  await expect(points(page)).toHaveCount(0);
  await expect.poll(() => redness(page, 0.7, 0.6)).toBeLessThan(5);
});

test("a red point by finger", async ({ page }, { project }) => {
  test.skip(project.name !== "phone", "a desktop has no fingers");
  await page.setViewportSize({ width: 375, height: 600 });
  await page.locator("#points").scrollIntoViewIfNeeded();
  const spot = await place(page, 0.3, 0.3);
  await page.touchscreen.tap(spot.x, spot.y);
  await expect(page.getByRole("button", { name: "Red", exact: true })).toBeInViewport({ ratio: 1 });
  await page.getByRole("button", { name: "Red", exact: true }).tap();
  await redInsideAlone(page, 0.3, 0.3);
  await page.screenshot({ path: `test-results/${project.name}-hand.png`, fullPage: true });
});

test("a red point by keys alone, moved and removed", async ({ page }) => {
  await page.locator("#add-point").focus();
  await page.keyboard.press("Enter");
  await expect(points(page).first()).toBeFocused();
  for (let press = 0; press < 5; press++) await page.keyboard.press("Shift+ArrowLeft");
  await page.keyboard.press("Enter");
  await expect(page.locator("#swatches button").first()).toBeFocused();
  await page.getByRole("button", { name: "Red", exact: true }).press("Enter");
  await redInsideAlone(page, 0.25, 0.5);
  await points(page).first().focus();
  await page.keyboard.press("Delete");
  await expect(points(page)).toHaveCount(0);
  await expect(page.locator("#batch-text")).toHaveText("Point 1 removed");
});

test("vividness blends the two answers without the network", async ({ page }) => {
  const blueness = async () => {
    const seen = await levels(page, "#after", SIDE, SIDE);
    return seen.reduce((sum, level, at) => sum + (at % 4 === 2 ? level : at % 4 === 0 ? -level : 0), 0) / SIDE ** 2;
  };
  await page.locator("#vividness").fill("0");
  await expect(page.locator("#frame")).toHaveAttribute("data-vividness", "0");
  const faithful = await blueness();
  await page.locator("#vividness").fill("100");
  await expect(page.locator("#frame")).toHaveAttribute("data-vividness", "1");
  expect(await blueness()).toBeGreaterThan(1.5 * faithful);
});

/** Python's picture of a photo, a model and saved points. */
const PROGRAM = `
import json, sys
import numpy as np
from PIL import Image
from sdk import image, merging, resizing
from sdk.backends import open_backend
from sdk.hints import Hint, place_hints
from sdk.look import DEFAULT_VIVIDNESS
from sdk.manifest import load_manifest
from pathlib import Path
folder, photo, points, out = map(Path, sys.argv[1:])
manifest = load_manifest(folder)
contract = manifest.tensors
rgb = np.asarray(Image.open(photo).convert("RGB"))
hints = place_hints([Hint(**point) for point in json.loads(points.read_text())], contract, height=rgb.shape[0], width=rgb.shape[1])
network = open_backend("litert", manifest.verify(manifest.artifacts[0]), contract)
answers = network.run(contract.encode(resizing.resize(rgb, contract.side), hints=hints))
Image.fromarray(merging.merge(rgb, contract.chroma(answers, vividness=DEFAULT_VIVIDNESS))).save(out)
`;

test("saved points give Python the same picture, and can be given back", async ({ page }, testInfo) => {
  await page.locator("#add-point").click();
  await page.locator("#any-color").fill("#c02020");
  await redInsideAlone(page, 0.5, 0.5);
  const [saved] = await Promise.all([page.waitForEvent("download"), page.locator("#save-points").click()]);
  expect(saved.suggestedFilename()).toBe("cat.jpg.hints.json");
  const json = testInfo.outputPath("cat.jpg.hints.json");
  await saved.saveAs(json);

  const python = testInfo.outputPath("python.png");
  execFileSync(PYTHON, ["-c", PROGRAM, model, PHOTOS[1], json, python], { cwd: ".." });
  const most = await page.evaluate(async (png) => {
    const theirs = await createImageBitmap(new Blob([new Uint8Array(png)]));
    const ours = await createImageBitmap(document.querySelector("#after") as HTMLCanvasElement);
    const [one, other] = [theirs, ours].map((bitmap) => {
      const context = new OffscreenCanvas(bitmap.width, bitmap.height).getContext("2d") as OffscreenCanvasRenderingContext2D;
      context.drawImage(bitmap, 0, 0);
      return context.getImageData(0, 0, bitmap.width, bitmap.height).data;
    });
    if (one.length !== other.length) return 255;
    return one.reduce((most, level, at) => Math.max(most, Math.abs(level - other[at])), 0);
  }, [...readFileSync(python)]);
  console.log(`page and Python: at most ${most} of 255 apart`);
  expect(most).toBeLessThanOrEqual(2);

  await page.locator("#remove-point").click();
  await expect(points(page)).toHaveCount(0);
  await choose(page, json);
  await expect(points(page)).toHaveCount(1);
  await redInsideAlone(page, 0.5, 0.5);
  await choose(page, { name: "cat.jpg.hints.json", mimeType: "application/json", buffer: Buffer.from('[{"x": 9000, "y": 1, "color": "teal"}]') });
  await expect(page.locator("#batch-text")).toContainText("belong to another");
  await choose(page, { name: "cat.jpg.hints.json", mimeType: "application/json", buffer: Buffer.from('[{"x": "50%", "y": "50%", "color": "red"}]') });
  await expect(page.locator("#batch-text")).toHaveText("One point taken from cat.jpg.hints.json");
  await choose(page, { name: "cat.jpg.hints.json", mimeType: "application/json", buffer: Buffer.from('{"x": 1}') });
  await expect(page.locator("#batch-text")).toContainText("holds no points");
});

test("axe finds no serious fault while points are set", async ({ page }) => {
  await page.locator("#add-point").click();
  await expect(page.locator("#palette")).toBeVisible();
  const { violations } = await new AxeBuilder({ page }).analyze();
  expect(violations.filter(({ impact }) => impact === "serious" || impact === "critical").map(({ id }) => id)).toEqual([]);
});
