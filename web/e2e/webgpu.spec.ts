/** The network on WebGPU: as right as in WebAssembly, and taken only where it is faster. */

import { expect, test } from "@playwright/test";

import { WITHOUT_GPU, WITH_GPU, colour, decibels } from "./accelerators";
import { makeHintsModel } from "./helpers";

test.use({ launchOptions: WITH_GPU });

/** Tells the page of each read from the GPU. */
const COUNTED = `
  const reads = new BroadcastChannel("reads");
  const { mapAsync } = GPUBuffer.prototype;
  GPUBuffer.prototype.mapAsync = async function (...rest) {
    await mapAsync.apply(this, rest);
    reads.postMessage("");
  };`;
/** Takes what the GPU has taken off the worker's clock. */
const FAST = `
  const [counted, now] = [GPUBuffer.prototype.mapAsync, performance.now.bind(performance)];
  let waited = 0;
  performance.now = () => now() - waited;
  GPUBuffer.prototype.mapAsync = async function (...rest) {
    const start = now();
    await counted.apply(this, rest);
    waited += now() - start;
  };`;

// Two answers of one run that is compared, and of three that are timed.
const TRIAL = 2 * (1 + 3);

test("a network of floats answers on a GPU as in WebAssembly", async ({ page }, testInfo) => {
  const model = testInfo.outputPath("model");
  makeHintsModel(model);
  const gpu = await colour(page, "webgpu", { model });
  expect(gpu.accelerator).toBe("webgpu");
  const wasm = await colour(page, "wasm", { model });
  expect(gpu.levels.filter((level, at) => Math.abs(level - wasm.levels[at]) > 2)).toEqual([]);
});

test("the bundled network runs on what is faster, and colours alike on both", async ({ page }) => {
  const [wasm, gpu] = [await colour(page, "wasm"), await colour(page, "webgpu")];
  expect([wasm.accelerator, gpu.accelerator]).toEqual(["wasm", "webgpu"]);
  expect(decibels(gpu.levels, wasm.levels)).toBeGreaterThan(45); // as backends agree elsewhere
  expect(await colour(page, "auto", { script: COUNTED, reads: TRIAL })).toEqual(wasm);
  expect(await colour(page, "auto", { script: COUNTED + FAST, reads: TRIAL })).toEqual(gpu);
});

test("without a GPU, WebGPU that is asked for says so, and WebAssembly goes on unasked", async ({ playwright }) => {
  const browser = await playwright.chromium.launch(WITHOUT_GPU);
  const page = await browser.newPage();
  await expect(colour(page, "webgpu")).rejects.toThrow('no WebGPU for the network (Error: no adapter); load it with the accelerator "wasm"');
  expect((await colour(page, "auto")).accelerator).toBe("wasm");
  await browser.close();
});
