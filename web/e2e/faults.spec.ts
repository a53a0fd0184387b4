/** Faults that people found in the album and its queue, each driven again. */

import { expect, test } from "@playwright/test";

import { PHOTOS, choose, chroma, mismatch, open } from "./helpers";

test("a change of strength on the way to another photo leaves each photo its own colours", async ({ page }) => {
  await open(page);
  await choose(page, ...PHOTOS);
  await expect(page.locator("#batch-text")).toHaveText("3 of 3 coloured.");
  await page.evaluate(() => {
    const strength = document.querySelector("#strength") as HTMLInputElement;
    const thumbnails = [...document.querySelectorAll<HTMLButtonElement>("#filmstrip button")];
    for (const [turn, thumbnail] of [thumbnails[1], thumbnails[2], thumbnails[1], thumbnails[0], thumbnails[2]].entries()) {
      strength.value = String(60 + 20 * turn);
      strength.dispatchEvent(new Event("input"));
      thumbnail.click();
    }
  });
  await expect(page.locator("#caption")).toHaveText("coffee.jpg");
  await expect(page.locator("#frame")).toBeVisible();
  await page.waitForTimeout(1000); // for what comes late
  expect(await mismatch(page)).toBeLessThan(2);
});

test("a photo that ends after the album was cleared leaves no ghost", async ({ page }) => {
  await open(page);
  await choose(page, PHOTOS[0]);
  page.on("dialog", (dialog) => dialog.accept());
  await page.locator("#clear").click();
  await expect(page.locator("#welcome")).toBeVisible();
  await page.waitForTimeout(1000);
  await expect(page.locator("#filmstrip li")).toHaveCount(0);
});

test("stopped and failed photos can be tried again", async ({ page }) => {
  await open(page);
  await choose(page, ...PHOTOS, ...PHOTOS);
  await page.locator("#stop").click();
  await page.locator('#filmstrip button[data-state="stopped"]').last().click();
  await page.locator("#retry").click();
  await expect(page.locator("#frame")).toBeVisible();
  expect(await chroma(page)).toBeGreaterThan(5);
});

test("twelve failures are a list that opens, not one line", async ({ page }) => {
  await open(page);
  const bad = Array.from({ length: 12 }, (_, index) => ({ name: `${index}.jpg`, mimeType: "image/jpeg", buffer: Buffer.from("no") }));
  await choose(page, PHOTOS[0], ...bad);
  await expect(page.locator("#batch-text")).toHaveText("1 of 13 coloured.");
  await expect(page.locator("#failures-title")).toHaveText("12 photos have no colours");
  await page.locator("#failures-title").click();
  await expect(page.locator("#failures-list li")).toHaveCount(12);
});
