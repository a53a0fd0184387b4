/** What the page and its worker say to each other. */

import type { Chroma } from "./color";
import type { ErrorMessage } from "./errors";
import type { PixelSource } from "./pixels";

export interface LoadJob {
  readonly kind: "load";
  /** Absolute, ending in a slash: the folder of `manifest.json`. */
  readonly modelUrl: string;
  readonly threads?: number;
}

export interface ColorizeJob {
  readonly kind: "colorize";
  readonly photo: PixelSource;
  readonly maxSide?: number;
  readonly strength?: number;
  readonly chroma?: Chroma;
  /** Where the answer is an encoded file: its type and quality. */
  readonly encode?: { readonly type: string; readonly quality?: number };
}

export type Job = LoadJob | ColorizeJob;

export type Request = { readonly id: number; readonly job: Job } | { readonly id: number; readonly abort: true };

/** What the model is and how this browser runs it. */
export interface Info {
  readonly model: string;
  readonly version: string;
  readonly precision: string;
  readonly sha256: string;
  readonly threads: number;
  readonly crossOriginIsolated: boolean;
}

/** How long each step took, in milliseconds. `network` is 0 where a chroma was given. */
export interface Timings {
  readonly decode: number;
  readonly network: number;
  readonly merge: number;
  readonly total: number;
}

/** A coloured photo. */
export interface Coloured {
  /** The photo as it came, at the size of `after`. */
  readonly before: ImageBitmap;
  readonly after: ImageBitmap;
  /** The network's answer; give it back to `colorize` to merge again without running the network. */
  readonly chroma: Chroma;
  readonly timings: Timings;
}

export interface Progress {
  readonly step: "download" | "open" | "decode" | "network" | "merge" | "encode";
  /** Of this step, in [0, 1]. */
  readonly share: number;
}

export type Response =
  | { readonly id: number; readonly progress: Progress }
  | { readonly id: number; readonly answer: Info | Coloured | Blob }
  | { readonly id: number; readonly error: ErrorMessage };
