/** Faults that people found, each driven again. Long: a list, where each stands alone. */

import { execFileSync } from "node:child_process";
import { readFileSync } from "node:fs";
import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { hostname } from "node:os";
import { extname, join } from "node:path";
import { fileURLToPath } from "node:url";

import { type Download, type Page, chromium, expect, test } from "@playwright/test";

import { PYTHON } from "../playwright.config";
import { PHOTOS, choose, chroma, mismatch, open, upload } from "./helpers";

const PAGE = fileURLToPath(new URL("../../sdk/page/", import.meta.url));
const TYPES: Record<string, string> = { ".html": "text/html", ".js": "text/javascript", ".mjs": "text/javascript", ".wasm": "application/wasm", ".css": "text/css" };

async function save(page: Page, button = "#download"): Promise<Download> {
  const [download] = await Promise.all([page.waitForEvent("download"), page.locator(button).click()]);
  return download;
}

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

test("photos of one name are saved under two", async ({ page }) => {
  await open(page);
  await choose(page, upload(PHOTOS[0], "one.jpg"), upload(PHOTOS[1], "one.jpg"));
  await expect(page.locator("#batch-text")).toHaveText("2 of 2 coloured.");
  const names: string[] = [];
  page.on("download", (download) => names.push(download.suggestedFilename()));
  await page.locator("#download-all").click();
  await expect.poll(() => names).toEqual(["one-colour.jpg", "one-colour-2.jpg"]);
});

test("what the camera wrote is kept, but for the turn that was made", async ({ page }) => {
  // A TIFF header, then one directory: orientation 6, and the maker's name.
  const maker = "Kodak\0";
  const exif = Buffer.from(`Exif\0\0MM\0\x2a\0\0\0\x08\0\x02\x01\x12\0\x03\0\0\0\x01\0\x06\0\0\x01\x0f\0\x02\0\0\0\x06\0\0\0\x26\0\0\0\0${maker}`, "latin1");
  const jpeg = readFileSync(PHOTOS[0]);
  const segment = Buffer.from([0xff, 0xe1, 0, exif.length + 2]);
  await open(page);
  await choose(page, { name: "turned.jpg", mimeType: "image/jpeg", buffer: Buffer.concat([jpeg.subarray(0, 2), segment, exif, jpeg.subarray(2)]) });
  await expect(page.locator("#frame")).toBeVisible();
  const saved = readFileSync(await (await save(page)).path());
  const at = saved.indexOf("Exif\0\0");
  expect(at).toBeGreaterThan(0);
  expect(saved.subarray(at).toString("latin1")).toContain("Kodak");
  expect(saved[at + 6 + 8 + 2 + 9]).toBe(1);
});

test("a transparent AVIF stays transparent", async ({ page }) => {
  await open(page);
  const made = await page.evaluate(async () => {
    const canvas = new OffscreenCanvas(64, 64);
    const context = canvas.getContext("2d") as OffscreenCanvasRenderingContext2D;
    context.fillStyle = "#777";
    context.fillRect(16, 16, 32, 32);
    const blob = await canvas.convertToBlob({ type: "image/webp", quality: 1 });
    return Array.from(new Uint8Array(await blob.arrayBuffer()));
  });
  // Browsers write no AVIF; its name and type are what the page goes by.
  await choose(page, { name: "corner.avif", mimeType: "image/avif", buffer: Buffer.from(made) });
  await expect(page.locator("#frame")).toBeVisible();
  const download = await save(page);
  expect(download.suggestedFilename()).toBe("corner-colour.png");
  const corner = await page.evaluate(
    async (png) => {
      const context = new OffscreenCanvas(1, 1).getContext("2d") as OffscreenCanvasRenderingContext2D;
      context.drawImage(await createImageBitmap(new Blob([new Uint8Array(png)])), 0, 0);
      return context.getImageData(0, 0, 1, 1).data[3];
    },
    [...readFileSync(await download.path())],
  );
  expect(corner).toBe(0);
});

test("TIFF and HEIC are coloured, by decoders that come with the first such photo", async ({ page }, testInfo) => {
  const made = (name: string, imports: string) => {
    const path = testInfo.outputPath(name);
    const program = `import sys\nfrom PIL import Image\n${imports}\nImage.open(sys.argv[1]).convert("RGB").resize((320, 240)).save(sys.argv[2])`;
    execFileSync(PYTHON, ["-c", program, PHOTOS[1], path], { cwd: "..", stdio: "pipe" });
    return path;
  };
  const asked: string[] = [];
  page.on("request", (request) => asked.push(request.url()));
  const decoders = () => asked.filter((url) => /UTIF|libheif/.test(url)).length;
  await open(page);
  await choose(page, PHOTOS[0]);
  await expect(page.locator("#frame")).toBeVisible();
  expect(decoders()).toBe(0);
  await choose(page, made("scan.tif", ""));
  await expect(page.locator("#caption")).toHaveText("scan.tif");
  await expect(page.locator("#frame")).toBeVisible();
  expect(await chroma(page)).toBeGreaterThan(3);
  expect(decoders()).toBe(1);
  expect((await save(page)).suggestedFilename()).toBe("scan-colour.png");
  let heic: string;
  try {
    heic = made("phone.heic", "import pillow_heif; pillow_heif.register_heif_opener()");
  } catch {
    console.log("NOT MEASURED: HEIC; pillow-heif is not installed");
    return;
  }
  await choose(page, heic);
  await expect(page.locator("#caption")).toHaveText("phone.heic");
  await expect(page.locator("#frame")).toBeVisible();
  expect(await chroma(page)).toBeGreaterThan(3);
  expect(decoders()).toBe(2);
  await choose(page, { name: "broken.tif", mimeType: "image/tiff", buffer: Buffer.from("II*\0nothing") });
  await expect(page.locator("#failures-list")).toContainText("broken.tif cannot be decoded");
});

test("another program on the same address is shown after a reload", async ({ browser }) => {
  let takenOver = false;
  const server = createServer((request, response) => {
    const path = new URL(request.url ?? "/", "http://any").pathname;
    if (takenOver) return response.writeHead(path === "/" ? 200 : 404, { "Content-Type": "text/html" }).end("<title>Another</title>");
    const file = join(PAGE, path === "/" ? "index.html" : decodeURIComponent(path));
    response.writeHead(200, { "Content-Type": TYPES[extname(file)] ?? "application/octet-stream" }).end(readFileSync(file));
  });
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  const address = `http://127.0.0.1:${(server.address() as AddressInfo).port}/`;
  const page = await (await browser.newContext()).newPage();
  await page.goto(address);
  await expect(page.locator("#offline")).toHaveText(/works without a network/);
  await page.reload();
  await expect(page).toHaveTitle(/in colour/);
  takenOver = true;
  await page.reload();
  await expect(page).toHaveTitle("Another");
  expect(await page.evaluate(async () => (await navigator.serviceWorker.getRegistrations()).length)).toBe(0);
  server.closeAllConnections();
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
  expect(JSON.parse(readFileSync(await download.path(), "utf-8")).threads).toBe(1);
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
