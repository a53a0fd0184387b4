/** The page as a place: how it is reached, what it says on the way, how it fits its screen, how it is left. */

import { mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { hostname } from "node:os";
import { fileURLToPath } from "node:url";

import { chromium, expect, test } from "@playwright/test";

import { PHOTOS, choose, open, save } from "./helpers";
import { serveFolder } from "./server";

const PAGE = fileURLToPath(new URL("../../sdk/page/", import.meta.url));

test("another program on the same address is shown after a reload", async ({ browser }, testInfo) => {
  const another = testInfo.outputPath("another");
  mkdirSync(another);
  writeFileSync(`${another}/index.html`, "<title>Another</title>");
  const server = await serveFolder(PAGE);
  const page = await (await browser.newContext()).newPage();
  await page.goto(server.address);
  await expect(page.locator("#offline")).toHaveText(/works without a network/);
  await page.reload();
  await expect(page).toHaveTitle(/in colour/);
  server.replace(another);
  await page.reload();
  await expect(page).toHaveTitle("Another");
  expect(await page.evaluate(async () => (await navigator.serviceWorker.getRegistrations()).length)).toBe(0);
  server.close();
});

test("over plain http the page says what is missing, and the check can still be taken away", async ({ baseURL, launchOptions }) => {
  // Browsers trust addresses of their own machine; under a name it is plain http to them.
  const name = `${hostname()}.local`.toLowerCase();
  const args = [...(launchOptions.args ?? []), `--host-resolver-rules=MAP ${name} 127.0.0.1`];
  const browser = await chromium.launch({ ...launchOptions, args });
  const page = await browser.newPage();
  await page.goto(`http://${name}:${new URL(baseURL ?? "").port}/`);
  await expect(page.locator("#offline")).toHaveText(/Over plain http/);
  await expect(page.locator("#readiness")).toHaveText("Ready");
  await page.locator("#open-check").click();
  await expect(page.locator("#check-text")).toHaveText("Done", { timeout: 80_000 });
  const download = await save(page, "#copy-check");
  expect(JSON.parse(readFileSync(await download.path(), "utf-8")).photos).toHaveLength(3);
  await browser.close();
});

test("progress counts everything that is fetched", async ({ page }) => {
  const shares: number[] = [];
  await page.exposeFunction("note", (text: string) => shares.push(Number(/(\d+) %/.exec(text)?.[1] ?? 0)));
  await page.addInitScript(() => {
    addEventListener("DOMContentLoaded", () => {
      const readiness = document.querySelector("#readiness") as HTMLElement;
      const note = (window as unknown as { note: (text: string) => void }).note;
      new MutationObserver(() => note(readiness.textContent ?? "")).observe(readiness, { childList: true });
    });
  });
  await open(page);
  // Were it the model alone, a sixth of the bytes, every share would be reached before the runtime came.
  expect(Math.max(...shares)).toBeGreaterThan(90);
  expect(shares.filter((share) => share > 20 && share < 80).length).toBeGreaterThan(3);
});

test("unsaved results are not left without a question", async ({ page }) => {
  await open(page);
  await choose(page, PHOTOS[0]);
  await expect(page.locator("#frame")).toBeVisible();
  const asked: string[] = [];
  page.on("dialog", (dialog) => {
    asked.push(dialog.type());
    void dialog.dismiss();
  });
  await page.locator("#clear").click();
  await expect(page.locator("#studio")).toBeVisible();
  await page.close({ runBeforeUnload: true });
  await expect.poll(() => asked).toEqual(["confirm", "beforeunload"]);
  await save(page);
  await page.locator("#clear").click();
  await expect(page.locator("#welcome")).toBeVisible();
});

test("people without JavaScript get a word", async ({ browser, baseURL }) => {
  const page = await (await browser.newContext({ javaScriptEnabled: false, baseURL })).newPage();
  await page.goto("/");
  await expect(page.getByText(/takes JavaScript/)).toBeVisible();
});

test("the welcome colours its samples", async ({ page }) => {
  await open(page);
  await expect(page.locator("#samples canvas[data-shown]")).toHaveCount(3);
});

test("the studio uses a wide screen, zooms, and keeps the photo in sight beside fifty", async ({ page }, { project }) => {
  test.skip(project.name === "phone", "a desktop's screens");
  await page.setViewportSize({ width: 2560, height: 1440 });
  await open(page);
  await choose(page, ...Array.from({ length: 50 }, (_, index) => PHOTOS[index % 3]));
  await expect(page.locator("#frame")).toBeVisible();
  const width = () => page.locator("#frame").evaluate((frame) => frame.getBoundingClientRect().width);
  const fitted = await width();
  expect(fitted).toBeGreaterThan(1200);
  await page.locator("#nearer").click();
  expect(await width()).toBeCloseTo(1.5 * fitted, -1);
  await page.locator("#farther").click();
  await page.setViewportSize({ width: 1280, height: 720 });
  await page.evaluate(() => scrollTo(0, document.body.scrollHeight));
  await expect(page.locator("#frame")).toBeInViewport({ ratio: 0.9 });
});
