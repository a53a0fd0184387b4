/** Bounds on time. They run last, one after another, so that no other test takes the processor. */

import { expect, test } from "@playwright/test";

import { choose, enlarged, makeHintsModel, open, openByHand, useModel } from "./helpers";
import { answerPoints, colourFirst, colourNatively, median, runNatively, runNetwork } from "./measures";
import { SECONDS, openTrial, watch, watched } from "./trial";

test("int8 takes less than five times what it takes natively", async ({ page }) => {
  let [native, browser] = [Infinity, Infinity];
  for (let round = 0; round < 2; round++) {
    native = Math.min(native, ...runNatively());
    browser = Math.min(browser, ...(await runNetwork(page, { relaxedSimd: true })).milliseconds);
  }
  console.log(`the network: ${browser.toFixed(1)} ms in the browser, ${native.toFixed(1)} ms natively, ${(browser / native).toFixed(1)} times`);
  expect(browser / native).toBeLessThan(5);
});

test.describe("by hand", () => {
  test.use({ serviceWorkers: "block" }); // see useModel

  for (const what of ["move", "colour"] as const) {
    test(`the photo answers a point within 100 ms: ${what}`, async ({ page }, testInfo) => {
      makeHintsModel(testInfo.outputPath("model"));
      await useModel(page, testInfo.outputPath("model"));
      await open(page);
      await openByHand(page, await enlarged(page, 1600, 1200, testInfo)); // as large as a preview becomes
      const times = await answerPoints(page, what, 21);
      console.log(`${what} a point: ${Math.min(...times).toFixed(0)} ms at best, ${median(times).toFixed(0)} at median, until the photo has answered`);
      expect(Math.min(...times), "on a busy machine the others wait for their turn").toBeLessThan(100);
    });
  }
});

test("the first photo of a megapixel takes less than six times what Python takes", async ({ page }, testInfo) => {
  await open(page);
  const path = await enlarged(page, 1000, 1000, testInfo);
  const here = await colourFirst(page, path);
  const native = colourNatively(path);
  console.log(`a megapixel: ${here.toFixed(0)} ms in the browser, ${native.toFixed(0)} ms in Python, ${(here / native).toFixed(1)} times`);
  expect(here / native).toBeLessThan(6);
});

test("a 12-megapixel photo never holds up the page", async ({ page }, testInfo) => {
  await open(page);
  await page.evaluate(() => {
    const tasks: number[] = [];
    new PerformanceObserver((list) => tasks.push(...list.getEntries().map(({ duration }) => duration))).observe({ type: "longtask" });
    Object.assign(window, { tasks });
  });
  const large = await enlarged(page, 4000, 3000, testInfo);
  await page.evaluate(() => ((window as unknown as { tasks: number[] }).tasks.length = 0));
  await choose(page, large);
  await expect(page.locator("#frame")).toBeVisible();
  const [download] = await Promise.all([page.waitForEvent("download"), page.locator("#download").click()]);
  expect(download.suggestedFilename()).toBe("4000-colour.jpg");
  const tasks = await page.evaluate(() => (window as unknown as { tasks: number[] }).tasks);
  console.log(`longest task on the main thread: ${Math.max(0, ...tasks)} ms`);
  expect(Math.max(0, ...tasks)).toBeLessThanOrEqual(100);
});

test("a photo to be judged is gone when its time is over, and at once where a button answers", async ({ page }, testInfo) => {
  await openTrial(page, testInfo, SECONDS);
  await watch(page);
  await page.locator("#begin").click();
  for (let number = 1; number <= 4; number++) {
    await expect.poll(async () => (await watched(page)).length).toBe(number);
    await expect(page.locator("#frame img")).toHaveCount(0);
    await page.keyboard.press("r");
  }
  for (const { came, left } of await watched(page)) expect(left - came).toBeLessThan(1000 * SECONDS + 250);

  await page.reload();
  await page.locator("#begin").click();
  for (const name of ["Real", "Generated", "Real", "Generated"]) {
    await expect(page.locator("#frame img")).toBeVisible();
    await page.getByRole("button", { name }).click();
    await expect(page.locator("#frame img")).toHaveCount(0, { timeout: 300 });
  }
});
