/** "Check this device": how fast it colours, and whether it colours as Python does. */

import type { Accelerator, Colorizer, Timings } from "edge-colorizer-web";

import { button, element, save, sentence } from "./dom";

const RUNS = 20;

/** Made by `python -m goldens`. */
interface Expected {
  readonly model_sha256: string;
  readonly photos: readonly { readonly name: string; readonly psnr_db: number; readonly grey_psnr_db: number }[];
}

interface Latency {
  readonly median: number;
  readonly p95: number;
}

export interface Report {
  readonly created: string;
  readonly browser: string;
  readonly cores: number;
  readonly relaxed_simd: boolean;
  readonly accelerator: Accelerator;
  readonly model: { readonly name: string; readonly version: string; readonly precision: string; readonly sha256: string };
  readonly goldens_are_of_this_model: boolean;
  readonly runs: number;
  readonly latency_ms: { readonly network: Latency; readonly whole: Latency };
  readonly photos: readonly {
    readonly name: string;
    readonly psnr_db: number;
    readonly python_psnr_db: number;
    readonly grey_psnr_db: number;
    readonly agreement_db: number;
  }[];
}

export function prepareCheck(colorizer: Promise<Colorizer>): void {
  const dialog = element<HTMLDialogElement>("check");
  const text = element("check-text");
  const progress = element<HTMLProgressElement>("check-progress");
  let report: Report | undefined;
  let checking = false;
  button("open-check").addEventListener("click", async () => {
    dialog.showModal();
    if (report || checking) return;
    checking = true;
    try {
      text.textContent = "Checking";
      report = await check(await colorizer, (share) => (progress.value = share));
      show(report);
      text.textContent = "Done";
    } catch (error) {
      text.textContent = sentence(error);
    }
    checking = false;
  });
  button("close-check").addEventListener("click", () => dialog.close());
  button("copy-check").addEventListener("click", async () => {
    const json = JSON.stringify(report, null, 2);
    try {
      await navigator.clipboard.writeText(json);
      text.textContent = "Copied";
    } catch {
      // Over plain http there is no clipboard, and elsewhere it may be forbidden.
      save(new Blob([json], { type: "application/json" }), "check.json");
      text.textContent = "Saved as check.json: this page may not use the clipboard";
    }
  });
}

async function check(colorizer: Colorizer, onShare: (share: number) => void): Promise<Report> {
  const { model, version, precision, sha256, relaxedSimd } = colorizer.info;
  const expected: Expected = await (await fetch("check/expected.json")).json();
  const greys: Blob[] = [];
  const photos: Report["photos"][number][] = [];
  for (const { name, psnr_db, grey_psnr_db } of expected.photos) {
    const [grey, python, original] = await Promise.all(["grey", "python", "original"].map((kind) => picture(name, kind)));
    const ours = pixels((await colorizer.colorize(grey)).after);
    photos.push({
      name,
      psnr_db: psnr(ours, pixels(await createImageBitmap(original))),
      python_psnr_db: psnr_db,
      grey_psnr_db,
      agreement_db: psnr(ours, pixels(await createImageBitmap(python))),
    });
    greys.push(grey);
  }
  const timings: Timings[] = [];
  let accelerator: Accelerator = "wasm";
  while (timings.length < RUNS) {
    const coloured = await colorizer.colorize(greys[timings.length % greys.length]);
    timings.push(coloured.timings);
    accelerator = coloured.accelerator;
    onShare(timings.length / RUNS);
  }
  return {
    created: new Date().toISOString(),
    browser: navigator.userAgent,
    cores: navigator.hardwareConcurrency,
    relaxed_simd: relaxedSimd,
    accelerator,
    model: { name: model, version, precision, sha256 },
    goldens_are_of_this_model: expected.model_sha256 === sha256,
    runs: RUNS,
    latency_ms: { network: latency(timings.map(({ network }) => network)), whole: latency(timings.map(({ total }) => total)) },
    photos,
  };
}

async function picture(name: string, kind: string): Promise<Blob> {
  const response = await fetch(`check/${name}-${kind}.webp`);
  if (!response.ok) throw new Error(`check/${name}-${kind}.webp cannot be loaded (HTTP ${response.status}).`);
  return response.blob();
}

function pixels(bitmap: ImageBitmap): Uint8ClampedArray {
  const canvas = new OffscreenCanvas(bitmap.width, bitmap.height).getContext("2d") as OffscreenCanvasRenderingContext2D;
  canvas.drawImage(bitmap, 0, 0);
  return canvas.getImageData(0, 0, bitmap.width, bitmap.height).data;
}

/** 10·log10(255² / MSE) over the three channels, in dB; 99 for equal pictures. */
function psnr(one: Uint8ClampedArray, other: Uint8ClampedArray): number {
  if (one.length !== other.length) throw new Error("The pictures have different sizes.");
  let squares = 0;
  for (let at = 0; at < one.length; at++) if (at % 4 !== 3) squares += (one[at] - other[at]) ** 2;
  return squares ? rounded(10 * Math.log10(255 ** 2 / (squares / ((one.length / 4) * 3)))) : 99;
}

function latency(milliseconds: number[]): Latency {
  const sorted = milliseconds.toSorted((one, other) => one - other);
  const quantile = (share: number) => rounded(sorted[Math.min(sorted.length - 1, Math.floor(share * sorted.length))]);
  return { median: quantile(0.5), p95: quantile(0.95) };
}

function rounded(value: number): number {
  return Math.round(value * 100) / 100;
}

function show({ latency_ms, photos, accelerator, relaxed_simd, goldens_are_of_this_model }: Report): void {
  const simd = relaxed_simd ? "with relaxed SIMD" : "without relaxed SIMD, which would halve its time";
  const milliseconds = ({ median, p95 }: Latency) => `${Math.round(median)} ms median, ${Math.round(p95)} ms p95`;
  const rows: [string, string][] = [
    ["Small copy and network", milliseconds(latency_ms.network)],
    ["Whole photo", milliseconds(latency_ms.whole)],
    ["The network runs on", accelerator === "webgpu" ? "WebGPU" : `WebAssembly ${simd}`],
    ...photos.map(({ name, psnr_db, agreement_db, grey_psnr_db }): [string, string] => [
      `Photo “${name}”`,
      `${psnr_db.toFixed(2)} dB to the original (grey: ${grey_psnr_db.toFixed(2)}), ${agreement_db.toFixed(1)} dB to Python`,
    ]),
  ];
  if (!goldens_are_of_this_model) rows.push(["Python's pictures", "made with another model; the agreement says nothing"]);
  element("check-rows").replaceChildren(...rows.map(([name, value]) => row(name, value)));
  element("check-result").hidden = false;
  element("check-progress").hidden = true;
  button("copy-check").disabled = false;
}

function row(name: string, value: string): HTMLTableRowElement {
  const line = document.createElement("tr");
  const head = document.createElement("th");
  head.scope = "row";
  head.textContent = name;
  line.append(head);
  line.insertCell().textContent = value;
  return line;
}
