import { afterEach, beforeEach, expect, test, vi } from "vitest";

import type { Tensors } from "../src/contract.js";
import type { Accelerator } from "../src/memory.js";
import { type Runnable, Runner } from "../src/runner.js";

beforeEach(() => void vi.useFakeTimers());
afterEach(() => void vi.useRealTimers());

const INPUTS: Tensors = { lightness: new Float32Array(4) };

/** A network that always answers the same, after so many milliseconds. */
function network(accelerator: Accelerator, milliseconds: number, answer = 0.2): Runnable & { fails: boolean; closed: boolean } {
  return {
    accelerator,
    fails: false,
    closed: false,
    close() {
      this.closed = true;
    },
    async run() {
      vi.advanceTimersByTime(milliseconds);
      if (this.fails) throw new Error("the device is lost");
      return { ab: new Float32Array(4).fill(answer), vivid_ab: new Float32Array(4).fill(answer) };
    },
  };
}

async function chosen(rival: () => Promise<Runnable>): Promise<Accelerator> {
  const runner = new Runner(network("wasm", 20), rival);
  expect(runner.accelerator).toBe("wasm");
  await runner.consider(INPUTS);
  await runner.run(INPUTS);
  return runner.accelerator;
}

test("a GPU that answers alike and sooner is taken", async () => {
  expect(await chosen(async () => network("webgpu", 1, 0.2001))).toBe("webgpu");
});

test("a GPU that is slower, answers otherwise or not at all is left", async () => {
  expect(await chosen(async () => network("webgpu", 60))).toBe("wasm");
  expect(await chosen(async () => network("webgpu", 1, 0.25))).toBe("wasm");
  expect(await chosen(async () => network("webgpu", 1, Number.NaN))).toBe("wasm");
  expect(await chosen(() => Promise.reject(new Error("no adapter")))).toBe("wasm");
});

test("a GPU that is left is given back", async () => {
  const [slow, fast] = [network("webgpu", 60), network("webgpu", 1)];
  await new Runner(network("wasm", 20), async () => slow).consider(INPUTS);
  await new Runner(network("wasm", 20), async () => fast).consider(INPUTS);
  expect([slow.closed, fast.closed]).toEqual([true, false]);
});

test("a GPU is tried once, and not unless it was asked for", async () => {
  let tries = 0;
  const runner = new Runner(network("wasm", 1), async () => (tries++, network("webgpu", 20)));
  await runner.consider(INPUTS);
  await runner.consider(INPUTS);
  expect(tries).toBe(1);
  await new Runner(network("wasm", 1)).consider(INPUTS);
});

test("a GPU that is taken away hands over to WebAssembly", async () => {
  const gpu = network("webgpu", 1, 0.2001);
  const runner = new Runner(network("wasm", 20), async () => gpu);
  await runner.consider(INPUTS);
  gpu.fails = true;
  expect((await runner.run(INPUTS)).ab[0]).toBeCloseTo(0.2, 6);
  expect(runner.accelerator).toBe("wasm");
});

test("a network that fails without a rival says so", async () => {
  const alone = network("webgpu", 1);
  alone.fails = true;
  await expect(new Runner(alone).run(INPUTS)).rejects.toThrow("the device is lost");
});
