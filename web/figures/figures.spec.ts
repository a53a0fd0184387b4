/** Measures the page and writes docs/benchmarks/web.json, and the same as the table of docs/web.md. */

import { readFileSync, writeFileSync } from "node:fs";
import { availableParallelism, cpus } from "node:os";
import { fileURLToPath } from "node:url";

import { type Browser, type TestInfo, test } from "@playwright/test";

import { WITH_GPU, colour, decibels } from "../e2e/accelerators";
import { PHOTOS, enlarged, makeHintsModel, open, openByHand, useModel } from "../e2e/helpers";
import { answerPoints, colourFirst, colourNatively, loadCold, median, runNatively, runNetwork, weigh } from "../e2e/measures";

const OUT = fileURLToPath(new URL("../../docs/benchmarks/web", import.meta.url));
const ROUNDS = 3;
const bundled = JSON.parse(readFileSync(new URL("../../sdk/models/manifest.json", import.meta.url), "utf-8"));

interface Spread {
  readonly fastest: number;
  readonly median: number;
}

const rounded = (value: number) => Math.round(10 * value) / 10;
const spread = (values: readonly number[]): Spread => ({ fastest: rounded(Math.min(...values)), median: rounded(median(values)) });

type Figures = Awaited<ReturnType<typeof measure>>;

test("figures", async ({ browser, baseURL }, testInfo) => {
  test.setTimeout(900_000);
  const figures = await measure(browser, baseURL as string, testInfo);
  writeFileSync(`${OUT}.json`, `${JSON.stringify(figures, null, 2)}\n`);
  writeFileSync(`${OUT}.md`, table(figures));
});

async function measure(browser: Browser, baseURL: string, testInfo: TestInfo) {
  const fresh = async () => (await browser.newContext({ baseURL, serviceWorkers: "block" })).newPage();
  // In turns, so that what else the machine does strikes all alike.
  const network = { native: [] as number[], relaxed: [] as number[], compat: [] as number[] };
  const [cold, megapixel, natively]: number[][] = [[], [], []];
  for (let round = 0; round < ROUNDS; round++) {
    network.native.push(...runNatively());
    network.relaxed.push(...(await runNetwork(await fresh(), { relaxedSimd: true })).milliseconds);
    network.compat.push(...(await runNetwork(await fresh(), { relaxedSimd: false })).milliseconds);
    cold.push(await loadCold(browser, baseURL));
    const page = await fresh();
    await open(page);
    const photo = await enlarged(page, 1000, 1000, testInfo);
    megapixel.push(await colourFirst(page, photo));
    natively.push(colourNatively(photo));
  }
  const page = await fresh();
  const takesHints = bundled.tensors.inputs.some(({ name }: { name: string }) => name === "hints");
  if (!takesHints) {
    makeHintsModel(testInfo.outputPath("model"));
    await useModel(page, testInfo.outputPath("model"));
  }
  await open(page);
  await openByHand(page, await enlarged(page, 1600, 1200, testInfo));
  return {
    created: new Date().toISOString().slice(0, 10),
    browser: `Chromium ${browser.version()}`,
    processor: cpus()[0].model,
    processors: availableParallelism(),
    network_ms: { native: spread(network.native), browser: spread(network.relaxed), browser_without_relaxed_simd: spread(network.compat) },
    first_colour_after_cold_load_ms: spread(cold),
    first_megapixel_ms: { browser: spread(megapixel), python: spread(natively) },
    points_with: takesHints ? "the bundled network" : "a network of three convolutions",
    moved_point_ms: spread(await answerPoints(page, "move", 21)),
    coloured_point_ms: spread(await answerPoints(page, "colour", 21)),
    download_bytes: (await weigh(await fresh())).bytes,
    webgpu_agreement_db: rounded(await agreeOnGpu(browser)),
  };
}

/** WebGPU's picture beside WebAssembly's, the worst of the photos. */
async function agreeOnGpu(browser: Browser): Promise<number> {
  const withGpu = await browser.browserType().launch(WITH_GPU);
  const page = await withGpu.newPage();
  let worst = Infinity;
  for (const photo of PHOTOS) {
    const [gpu, wasm] = [await colour(page, "webgpu", { photo }), await colour(page, "wasm", { photo })];
    worst = Math.min(worst, decibels(gpu.levels, wasm.levels));
  }
  await withGpu.close();
  return worst;
}

function table({ network_ms, ...figures }: Figures): string {
  const { native, browser, browser_without_relaxed_simd: compat } = network_ms;
  const times = (one: Spread, other: Spread) => (one.fastest / other.fastest).toFixed(1);
  const { browser: first, python } = figures.first_megapixel_ms;
  const rows = [
    ["the int8 network, one thread", `${browser.fastest} ms`, ""],
    ["ONNX Runtime natively, one thread, in the same run", `${native.fastest} ms`, ""],
    ["one to the other", `${times(browser, native)} times`, "at most 5 times"],
    ["the same without relaxed SIMD", `${compat.fastest} ms, ${times(compat, native)} times`, ""],
    ["cold load to first colour, server on the same machine", `${figures.first_colour_after_cold_load_ms.median} ms`, ""],
    ["first photo of a megapixel", `${first.median} ms, ${(first.median / python.median).toFixed(1)} times Python's`, "below 6 times"],
    ["a moved point, 1600×1200, until the photo has answered", `${figures.moved_point_ms.fastest} ms`, "below 100 ms"],
    ["a recoloured point, likewise", `${figures.coloured_point_ms.fastest} ms`, "below 100 ms"],
    ["WebGPU, in a software adapter, beside WebAssembly, the worst of three photos", `${figures.webgpu_agreement_db} dB`, "at least 45 dB"],
    ["page, script, WebAssembly and model, gzip", `${(figures.download_bytes / 1e6).toFixed(1)} MB`, "at most 8 MB"],
  ];
  const lines = rows.map((cells) => `| ${cells.join(" | ")} |`);
  const machine = `${figures.browser}, ${figures.processor}, processors: ${figures.processors}, ${figures.created}. Points with ${figures.points_with}.`;
  return `${machine}\n\n| | measured | bound |\n|---|---:|---:|\n${lines.join("\n")}\n`;
}
