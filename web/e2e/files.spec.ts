/** Photos of rare kinds, and what is saved of them. */

import { execFileSync } from "node:child_process";
import { readFileSync } from "node:fs";

import { expect, test } from "@playwright/test";

import { PYTHON } from "../playwright.config";
import { PHOTOS, choose, chroma, open, save, upload } from "./helpers";

const python = (program: string, ...given: string[]) => execFileSync(PYTHON, ["-c", program, ...given], { cwd: "..", stdio: "pipe", encoding: "utf-8" });

test("photos of one name are saved under two", async ({ page }) => {
  await open(page);
  await choose(page, upload(PHOTOS[0], "one.jpg"), upload(PHOTOS[1], "one.jpg"));
  await expect(page.locator("#batch-text")).toHaveText("2 of 2 coloured.");
  const names: string[] = [];
  page.on("download", (download) => names.push(download.suggestedFilename()));
  await page.locator("#download-all").click();
  await expect.poll(() => names).toEqual(["one-colour.jpg", "one-colour-2.jpg"]);
});

for (const [suffix, saved, size, imports] of [
  ["jpg", "jpg", "(200, 320)", ""],
  ["png", "png", "(200, 320)", ""],
  ["webp", "png", "(200, 320)", ""], // turned by its notes, then and now: Chromium does not do it
  ["avif", "png", "(200, 320)", ""],
  ["heic", "jpg", "(320, 200)", "import pillow_heif; pillow_heif.register_heif_opener()"], // its notes turn nothing (ISO/IEC 23008-12, annex A)
]) {
  test(`what the camera wrote into a ${suffix} is kept, and turns the photo once`, async ({ page }, testInfo) => {
    const turned = testInfo.outputPath(`turned.${suffix}`);
    const program = `
import sys
from PIL import Image
${imports}
exif = Image.Exif()
exif[0x010f], exif[0x0112] = "Kodak", 6
Image.open(sys.argv[1]).resize((320, 200)).save(sys.argv[2], exif=exif)`;
    try {
      python(program, PHOTOS[1], turned);
    } catch {
      test.skip(true, `NOT MEASURED: this Python writes no ${suffix}`);
    }
    await open(page);
    await choose(page, turned);
    await expect(page.locator("#frame")).toBeVisible();
    const download = await save(page);
    expect(download.suggestedFilename()).toBe(`turned-colour.${saved}`);
    const read = "import sys; from PIL import Image, ImageOps; photo = ImageOps.exif_transpose(Image.open(sys.argv[1])); print(photo.size, photo.getexif()[0x010f])";
    expect(python(read, await download.path()).trim()).toBe(`${size} Kodak`);
  });
}

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

test("a 16-bit PNG keeps its 16 bits, and has Python's colours", async ({ page }, testInfo) => {
  const [deep, ours, theirs] = ["deep.png", "ours.png", "theirs.png"].map((name) => testInfo.outputPath(name));
  const make = `
import sys
import numpy as np
from PIL import Image
grey = np.asarray(Image.open(sys.argv[1]).convert("L"), np.uint16)
Image.fromarray(grey * 257 - np.minimum(grey * 257, np.arange(grey.shape[1], dtype=np.uint16) % 200)).save(sys.argv[2])`;
  python(make, PHOTOS[1], deep);
  await open(page);
  await choose(page, deep);
  await expect(page.locator("#frame")).toBeVisible();
  await (await save(page)).saveAs(ours);
  await expect(page.locator("#batch-text")).toHaveText("Saved");
  const compare = `
import sys
import numpy as np
from sdk import Colorizer
from sdk.color import rgb_to_lightness
from sdk.image import read
Colorizer.load("onnx").colorize_file(sys.argv[1], sys.argv[3])
deep, ours, theirs = (read(path).rgb for path in sys.argv[1:])
assert ours.dtype == np.uint16
assert np.abs(rgb_to_lightness(ours) - rgb_to_lightness(deep)).max() < 0.02
print(10 * np.log10(1 / np.mean((ours / 65535 - theirs / 65535) ** 2)))`;
  expect(Number(python(compare, deep, ours, theirs))).toBeGreaterThan(45);
});

test("a 16-bit PNG with a profile is saved with 8, and the page says so", async ({ page }, testInfo) => {
  const deep = testInfo.outputPath("deep.png");
  python("import sys; from PIL import Image, ImageCms; Image.new('I;16', (64, 64), 30000).save(sys.argv[1], icc_profile=ImageCms.ImageCmsProfile(ImageCms.createProfile('sRGB')).tobytes())", deep);
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
