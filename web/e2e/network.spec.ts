/** The network alone: how fast it is, and that every browser gives its answers. */

import { expect, test } from "@playwright/test";

import { runNatively, runNetwork } from "./measures";

test.skip(({ isMobile }) => isMobile, "the same processor");

test("int8 takes less than five times what it takes natively", async ({ page }) => {
  const fastest = Math.min(...runNatively(), ...runNatively());
  const { milliseconds } = await runNetwork(page, { relaxedSimd: true });
  const here = Math.min(...milliseconds);
  console.log(`the network: ${here.toFixed(1)} ms in the browser, ${fastest.toFixed(1)} ms natively, ${(here / fastest).toFixed(1)} times`);
  expect(here / fastest).toBeLessThan(5);
});

test("a browser without relaxed SIMD gives the same answers", async ({ page }) => {
  const asked: string[] = [];
  page.on("request", (request) => asked.push(request.url()));
  const relaxed = await runNetwork(page, { relaxedSimd: true });
  expect(asked.filter((url) => url.includes("compat"))).toEqual([]);
  const compat = await runNetwork(page, { relaxedSimd: false });
  expect(asked.some((url) => url.endsWith("litert_wasm_compat_internal.wasm"))).toBe(true);
  expect(compat.ab).toEqual(relaxed.ab);
});
