/** Photos of rare kinds, and what is saved of them. */

import { execFileSync } from "node:child_process";
import { readFileSync } from "node:fs";

import { expect, test } from "@playwright/test";

import { PYTHON } from "../playwright.config";
import { PHOTOS, choose, chroma, open, save, upload } from "./helpers";

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

test("a 16-bit PNG is saved with 8, and the page says so", async ({ page }, testInfo) => {
  const deep = testInfo.outputPath("deep.png");
  execFileSync(PYTHON, ["-c", "import sys; from PIL import Image; Image.new('I;16', (64, 64), 30000).save(sys.argv[1])", deep]);
  await open(page);
  await choose(page, deep);
  await expect(page.locator("#frame")).toBeVisible();
  await save(page);
  await expect(page.locator("#batch-text")).toHaveText(/^Saved with 8 bits a channel/);
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
