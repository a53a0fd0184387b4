/** The blind test of examples/human_eval, opened as a file, played with keys and with taps. */

import AxeBuilder from "@axe-core/playwright";
import { type Page, expect, test } from "@playwright/test";

import { SECONDS, humanEval, openTrial, watch, watched } from "./trial";

async function faults(page: Page): Promise<string[]> {
  const { violations } = await new AxeBuilder({ page }).analyze();
  return violations.map(({ id, nodes }) => `${id}: ${nodes.map(({ html }) => html).join(" ")}`);
}

// Long: one person's whole way through the test.
test("every photo is shown for its time, and the saved answers can be reported", async ({ page }, testInfo) => {
  const asked: string[] = [];
  page.on("request", (request) => asked.push(request.url()));
  const key = await openTrial(page, testInfo, SECONDS);
  const picture = (name: string) => ({ path: `test-results/human-eval-${testInfo.project.name}-${name}.png` });
  expect(await faults(page)).toEqual([]);
  await page.screenshot(picture("start"));

  const photo = page.locator("#frame img");
  await watch(page);
  await page.keyboard.press("r"); // before it began: counts for nothing
  await page.locator("#begin").focus();
  await page.keyboard.press("Enter");
  for (let number = 1; number <= 4; number++) {
    await expect.poll(async () => (await watched(page)).length).toBe(number);
    await expect(page.locator("#progress")).toHaveText(`${number} of 4`);
    if (number === 1) await page.screenshot(picture("trial"));
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

  const shown = await watched(page);
  expect(shown).toHaveLength(4);
  for (const { width, height, fits, came, left, due } of shown) {
    expect(width).toBeGreaterThan(300);
    expect(height).toBeGreaterThan(200);
    expect(fits).toBe(true);
    expect(left - came).toBeGreaterThan(1000 * SECONDS - 20);
    expect(left).toBeLessThan(due + 250);
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
  await openTrial(page, testInfo, 60);
  await page.locator("#begin").click();
  for (const name of ["Real", "Generated", "Real", "Generated"]) {
    await expect(page.locator("#frame img")).toBeVisible();
    await page.getByRole("button", { name }).click();
    await expect(page.locator("#frame img")).toHaveCount(0);
  }
  await expect(page.locator("#summary")).toHaveText("You judged 4 photos: 2 real and 2 generated.");
});
