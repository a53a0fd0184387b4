/** The blind test of examples/human_eval, opened as a file, played with keys and with taps. */

import { execFileSync } from "node:child_process";
import { fileURLToPath, pathToFileURL } from "node:url";

import AxeBuilder from "@axe-core/playwright";
import { type Page, type TestInfo, expect, test } from "@playwright/test";

import { PYTHON } from "../playwright.config";

const SECONDS = 1;
const root = fileURLToPath(new URL("../..", import.meta.url));
const humanEval = (...options: string[]) =>
  execFileSync(PYTHON, ["-m", "examples.human_eval", ...options], { cwd: root, encoding: "utf-8" });

async function open(page: Page, testInfo: TestInfo): Promise<string> {
  const out = testInfo.outputPath("page");
  humanEval("make", "tests/photos", "--out", out, "--seconds", String(SECONDS));
  await page.goto(pathToFileURL(`${out}/index.html`).href);
  await expect(page.locator("#begin")).toHaveText("Begin");
  return `${out}-key.json`;
}

async function faults(page: Page): Promise<string[]> {
  const { violations } = await new AxeBuilder({ page }).analyze();
  return violations.map(({ id, nodes }) => `${id}: ${nodes.map(({ html }) => html).join(" ")}`);
}

/** Notes when each photo came and went, by the browser's own clock. */
async function watch(page: Page): Promise<void> {
  await page.locator("#frame").evaluate((frame) => {
    const times: number[] = [];
    new MutationObserver(() => times.push(performance.now())).observe(frame, { childList: true });
    Object.assign(window, { times });
  });
}

test("every photo is shown for its time, and the saved answers can be reported", async ({ page }, testInfo) => {
  const asked: string[] = [];
  page.on("request", (request) => asked.push(request.url()));
  const key = await open(page, testInfo);
  const picture = (name: string) => ({ path: `test-results/human-eval-${testInfo.project.name}-${name}.png` });
  expect(await faults(page)).toEqual([]);
  await page.screenshot(picture("start"));

  const photo = page.locator("#frame img");
  await watch(page);
  await page.keyboard.press("r"); // before it began: counts for nothing
  await page.locator("#begin").focus();
  await page.keyboard.press("Enter");
  for (let number = 1; number <= 4; number++) {
    await expect(photo).toBeVisible();
    await expect(page.locator("#progress")).toHaveText(`${number} of 4`);
    if (number === 1) {
      await page.screenshot(picture("trial"));
      const { width, height, fits } = await photo.evaluate((image: HTMLImageElement) => ({
        width: image.naturalWidth,
        height: image.clientHeight,
        fits: document.documentElement.scrollWidth <= innerWidth && document.documentElement.scrollHeight <= innerHeight,
      }));
      expect(width).toBeGreaterThan(300);
      expect(height).toBeGreaterThan(200);
      expect(fits).toBe(true);
    }
    await expect(photo).toHaveCount(0);
    await expect(page.locator("#status")).toHaveText(/hidden/);
    if (number === 1) {
      await page.screenshot(picture("hidden"));
      expect(await faults(page)).toEqual([]);
      await page.keyboard.press("Control+g"); // the browser's, not an answer
      await expect(page.locator("#progress")).toHaveText("1 of 4");
    }
    await page.keyboard.press(number === 1 ? "g" : "R");
    await page.keyboard.press("g"); // pressed twice in haste: no photo waits for it
  }
  await expect(page.locator("#summary")).toHaveText("You judged 4 photos: 3 real and 1 generated.");
  await expect(page.locator("#end h1")).toBeFocused();
  expect(await faults(page)).toEqual([]);
  await page.screenshot(picture("end"));

  const times = await page.evaluate(() => (window as unknown as { times: number[] }).times);
  expect(times).toHaveLength(8);
  for (let at = 0; at < 8; at += 2) {
    expect(times[at + 1] - times[at]).toBeGreaterThan(1000 * SECONDS - 20);
    expect(times[at + 1] - times[at]).toBeLessThan(1000 * SECONDS + 250);
  }

  const [download] = await Promise.all([page.waitForEvent("download"), page.locator("#save").click()]);
  expect(download.suggestedFilename()).toMatch(/^results-[0-9a-f]{12}\.json$/);
  const results = testInfo.outputPath("results.json");
  await download.saveAs(results);
  const [, , row] = humanEval("report", key, results).split("\n");
  const [, viewer, fooled, , , right] = row.split("|").map((cell) => cell.trim());
  expect(download.suggestedFilename()).toContain(viewer);
  expect(["1 of 2, 2 of 2", "2 of 2, 1 of 2"]).toContain(`${fooled}, ${right}`);
  expect(asked.filter((url) => !/^(file|blob|data):/.test(url))).toEqual([]);
});

test("the buttons answer too, before the time is over", async ({ page }, testInfo) => {
  await open(page, testInfo);
  await page.locator("#begin").click();
  for (const name of ["Real", "Generated", "Real", "Generated"]) {
    await expect(page.locator("#frame img")).toBeVisible();
    await page.getByRole("button", { name }).click();
    await expect(page.locator("#frame img")).toHaveCount(0, { timeout: 300 });
  }
  await expect(page.locator("#summary")).toHaveText("You judged 4 photos: 2 real and 2 generated.");
});
