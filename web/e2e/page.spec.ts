import AxeBuilder from "@axe-core/playwright";
import { type Page, expect, test } from "@playwright/test";

import { PHOTOS, choose, chroma, open, upload } from "./helpers";
import { runNetwork, weigh } from "./measures";

async function setRange(page: Page, id: string, value: number): Promise<void> {
  await page.locator(id).fill(String(value));
}

test("a photo is chosen, coloured, compared and downloaded", async ({ page }) => {
  await open(page);
  await choose(page, PHOTOS[0]);
  await expect(page.locator("#frame")).toBeVisible();
  expect(await chroma(page)).toBeGreaterThan(8);
  await expect(page.getByText("Photos never leave this device.")).toBeVisible();

  const divider = page.locator("#split");
  await divider.focus();
  await page.keyboard.press("End");
  await expect(divider).toHaveValue("100");
  expect(await page.locator("#after").evaluate((canvas) => getComputedStyle(canvas).clipPath)).toContain("100%");

  const [download] = await Promise.all([page.waitForEvent("download"), page.locator("#download").click()]);
  expect(download.suggestedFilename()).toBe("astronaut-colour.jpg");
});

test("strength scales the colours and does not run the network again", async ({ page }) => {
  await open(page);
  await choose(page, PHOTOS[2]);
  await expect(page.locator("#frame")).toBeVisible();
  const full = await chroma(page);
  await setRange(page, "#strength", 50);
  await expect(page.locator("#frame")).toHaveAttribute("data-strength", "0.5");
  expect(await chroma(page)).toBeCloseTo(full / 2, -0.5);
  await setRange(page, "#strength", 0);
  await expect(page.locator("#frame")).toHaveAttribute("data-strength", "0");
  expect(await chroma(page)).toBeLessThan(1);
  await expect(page.locator("#strength-value")).toHaveText("0 %");
});

test("of five files a bad one gets a message and the others go on", async ({ page }) => {
  await open(page);
  const bad = { name: "notes.jpg", mimeType: "image/jpeg", buffer: Buffer.from("not a photo") };
  const good = [...PHOTOS, PHOTOS[0]].map((path, index) => upload(path, `${index}.jpg`));
  await choose(page, good[0], bad, ...good.slice(1));
  await expect(page.locator("#batch-text")).toHaveText("4 of 5 coloured.");
  await expect(page.locator("#failures-title")).toHaveText("One photo has no colours");
  await expect(page.locator("#failures-list li")).toHaveText(/notes.jpg/);
  await expect(page.locator('#filmstrip button[data-state="done"]')).toHaveCount(4);
  await expect(page.locator('#filmstrip button[data-state="failed"]')).toHaveCount(1);
  await page.locator("#filmstrip button").nth(1).click();
  await expect(page.locator("#notice-text")).toContainText("notes.jpg");
});

test.describe("on a first visit", () => {
  test.use({ serviceWorkers: "block" }); // a service worker that is quicker than the page would fetch past the route

  test("an altered model is refused", async ({ page }) => {
    await page.route("**/models/*.tflite", async (route) => {
      const body = await (await route.fetch()).body();
      body[body.length >> 1] ^= 1;
      await route.fulfill({ body, contentType: "application/octet-stream" });
    });
    await page.goto("/");
    await expect(page.locator("#alert-text")).toContainText("not the file its manifest describes");
    await expect(page.locator("#readiness")).toHaveText("Not ready");
  });
});

test("after the first visit it works without a network", async ({ page, context }) => {
  await open(page);
  await expect(page.locator("#offline")).toHaveText(/works without a network/);
  await context.setOffline(true);
  await page.reload();
  await expect(page.locator("#readiness")).toHaveText("Ready");
  await choose(page, PHOTOS[1]);
  await expect(page.locator("#frame")).toBeVisible();
  await context.setOffline(false);
});

test("it asks nobody but its own server", async ({ page, baseURL }) => {
  const asked = new Set<string>();
  page.on("request", (request) => asked.add(new URL(request.url()).origin.replace("null", "blob:")));
  await open(page);
  await choose(page, PHOTOS[0]);
  await expect(page.locator("#frame")).toBeVisible();
  expect([...asked].filter((origin) => origin !== baseURL && origin !== "blob:")).toEqual([]);
});

for (const scheme of ["light", "dark"] as const) {
  test(`axe finds no serious fault, ${scheme}`, async ({ page }, { project }) => {
    await page.emulateMedia({ colorScheme: scheme });
    await open(page);
    const faults = async () =>
      (await new AxeBuilder({ page }).analyze()).violations
        .filter(({ impact }) => impact === "serious" || impact === "critical")
        .map(({ id, nodes }) => `${id}: ${nodes.map(({ html }) => html).join(" ")}`);
    expect(await faults()).toEqual([]);
    await page.screenshot({ path: `test-results/${project.name}-${scheme}-welcome.png` });
    await choose(page, ...PHOTOS);
    await expect(page.locator("#batch-text")).toContainText("3 of 3 coloured.");
    expect(await faults()).toEqual([]);
    await page.screenshot({ path: `test-results/${project.name}-${scheme}-studio.png`, fullPage: true });
  });
}

test("the device check agrees with Python and can be copied", async ({ page, context }, { project }) => {
  await context.grantPermissions(["clipboard-read", "clipboard-write"]);
  await open(page);
  await page.locator("#open-check").click();
  await expect(page.locator("#check-text")).toHaveText("Done", { timeout: 50_000 });
  await page.screenshot({ path: `test-results/${project.name}-check.png` });
  await page.locator("#copy-check").click();
  const report = JSON.parse(await page.evaluate(() => navigator.clipboard.readText()));
  expect(report.goldens_are_of_this_model).toBe(true);
  for (const { agreement_db, psnr_db, python_psnr_db } of report.photos) {
    expect(agreement_db).toBeGreaterThanOrEqual(45);
    expect(Math.abs(psnr_db - python_psnr_db)).toBeLessThan(0.1);
  }
  console.log(`agreement with Python: ${report.photos.map(({ agreement_db }: { agreement_db: number }) => agreement_db)} dB`);
});

test("the whole page weighs at most 8 MB", async ({ page }, { project }) => {
  test.skip(project.name === "phone", "the same files");
  const { bytes } = await weigh(page);
  expect(bytes).toBeLessThanOrEqual(8e6);
  expect(bytes).toBeGreaterThan(2e6);
});

test("a browser without relaxed SIMD gives the same answers", async ({ page }, { project }) => {
  test.skip(project.name === "phone", "the same browser");
  const asked: string[] = [];
  page.on("request", (request) => asked.push(request.url()));
  const relaxed = await runNetwork(page, { relaxedSimd: true });
  expect(asked.filter((url) => url.includes("compat"))).toEqual([]);
  const compat = await runNetwork(page, { relaxedSimd: false });
  expect(asked.some((url) => url.endsWith("litert_wasm_compat_internal.wasm"))).toBe(true);
  expect(compat.ab).toEqual(relaxed.ab);
});
