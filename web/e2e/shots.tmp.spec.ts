import { test, expect } from "@playwright/test";
import { PHOTOS, choose, open } from "./helpers";
test("shots", async ({ page }, { project }) => {
  const shot = (n: string, fullPage = false) => page.screenshot({ path: `/tmp/shots/${project.name}-${n}.png`, fullPage });
  await open(page);
  await expect(page.locator("#samples canvas[data-shown]")).toHaveCount(3, { timeout: 100_000 });
  await page.waitForTimeout(2000);
  await shot("welcome");
  await choose(page, ...PHOTOS);
  await expect(page.locator("#batch-text")).toHaveText("3 of 3 coloured.", { timeout: 150_000 });
  await expect(page.locator("#frame")).toBeVisible({ timeout: 100_000 });
  await shot("studio", project.name === "phone");
  await page.emulateMedia({ colorScheme: "dark" });
  await shot("dark");
  if (project.name === "desktop") { await page.setViewportSize({ width: 2560, height: 1440 }); await page.waitForTimeout(500); await shot("wide"); }
  else { await page.setViewportSize({ width: 840, height: 380 }); await page.waitForTimeout(500); await shot("landscape"); }
});
