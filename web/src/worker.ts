/** The worker: takes jobs one at a time, in order, so that a batch needs the memory of one photo. */

import { ColorizerError, toMessage } from "./errors.js";
import { Pipeline, type Watch } from "./pipeline.js";
import type { Coloured, DeepPixels, Info, Job, Progress, Request, Response } from "./protocol.js";

const REST_EVERY_MS = 30;

type Result = Info | Coloured | Blob | DeepPixels;

declare const self: DedicatedWorkerGlobalScope;

let pipeline: Pipeline | undefined;
let queue: Promise<void> = Promise.resolve();
const aborts = new Map<number, AbortController>();

self.onmessage = ({ data }: MessageEvent<Request>) => {
  if ("abort" in data) {
    aborts.get(data.id)?.abort();
    return;
  }
  const abort = new AbortController();
  aborts.set(data.id, abort);
  queue = queue.then(() => answer(data.id, data.job, abort.signal)).finally(() => aborts.delete(data.id));
};

async function answer(id: number, job: Job, signal: AbortSignal): Promise<void> {
  const post = (response: Response, transfer: Transferable[] = []) => self.postMessage(response, transfer);
  try {
    signal.throwIfAborted();
    const result = await run(job, watch(signal, (progress) => post({ id, progress })));
    post({ id, answer: result }, belongings(result));
  } catch (error) {
    post({ id, error: toMessage(error) });
  }
}

async function run(job: Job, watch: Watch): Promise<Result> {
  if (job.kind === "load") {
    pipeline = await Pipeline.load(job, watch);
    return pipeline.info;
  }
  if (!pipeline) throw new ColorizerError("No model is loaded; await Colorizer.load first.");
  return job.kind === "deep" ? pipeline.colorizeDeep(job, watch) : pipeline.colorize(job, watch);
}

/** What is handed over, not copied. */
function belongings(result: Result): Transferable[] {
  if ("after" in result) return [result.before, result.after];
  return "data" in result ? [result.data.buffer] : [];
}

function watch(signal: AbortSignal, onProgress: (progress: Progress) => void): Watch {
  let rested = performance.now();
  return {
    signal,
    report: (step, share) => onProgress({ step, share }),
    rest: async () => {
      if (performance.now() - rested > REST_EVERY_MS) {
        await messagesLetIn();
        rested = performance.now();
      }
      signal.throwIfAborted();
    },
  };
}

/** A turn of the event loop, without the 4 ms that browsers add to nested timers. */
function messagesLetIn(): Promise<void> {
  return new Promise((resolve) => {
    const { port1, port2 } = new MessageChannel();
    port1.onmessage = () => {
      port1.close();
      resolve();
    };
    port2.postMessage(null);
  });
}
