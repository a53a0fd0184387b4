/** What runs the network: WebAssembly, or a GPU where that answers alike and sooner. */

import type { Tensors } from "./contract.js";
import type { Accelerator } from "./memory.js";

/** Chroma's scale is 110: a mean difference of one unit of Lab is nothing that anybody sees. */
const LARGEST_MEAN_DIFFERENCE = 1 / 110;
const TIMED_RUNS = 3;

/** A network as a runner sees it. */
export interface Runnable {
  readonly accelerator: Accelerator;
  run(inputs: Tensors): Promise<Tensors>;
  close(): void;
}

export class Runner {
  private active: Runnable;

  /** @param openRival opens the network on a GPU, if that is to be tried. */
  constructor(
    private readonly first: Runnable,
    private openRival?: () => Promise<Runnable>,
  ) {
    this.active = first;
  }

  get accelerator(): Accelerator {
    return this.active.accelerator;
  }

  async run(inputs: Tensors): Promise<Tensors> {
    try {
      return await this.active.run(inputs);
    } catch (error) {
      if (this.active === this.first) throw error;
      this.active = this.first; // browsers take a GPU away when they like
      return this.first.run(inputs);
    }
  }

  /** Tries the rival once, beside whatever else runs, and takes it where it answers alike and sooner. */
  async consider(inputs: Tensors): Promise<void> {
    const open = this.openRival;
    this.openRival = undefined;
    let rival: Runnable | undefined;
    try {
      rival = await open?.();
      if (rival && (await this.isBetter(rival, inputs))) this.active = rival;
    } catch {
      // No GPU, or one that fails: the first goes on.
    }
    if (this.active !== rival) rival?.close();
  }

  private async isBetter(rival: Runnable, inputs: Tensors): Promise<boolean> {
    const apart = difference(await this.first.run(inputs), await rival.run(inputs));
    return apart < LARGEST_MEAN_DIFFERENCE && (await fastest(rival, inputs)) < (await fastest(this.first, inputs));
  }
}

async function fastest(network: Runnable, inputs: Tensors): Promise<number> {
  let milliseconds = Infinity;
  for (let run = 0; run < TIMED_RUNS; run++) {
    const start = performance.now();
    await network.run(inputs);
    milliseconds = Math.min(milliseconds, performance.now() - start);
  }
  return milliseconds;
}

/** The largest of the answers' mean absolute differences. */
function difference(one: Tensors, other: Tensors): number {
  const means = Object.entries(one).map(([name, values]) => values.reduce((sum, value, at) => sum + Math.abs(value - other[name][at]), 0) / values.length);
  return Math.max(...means);
}
