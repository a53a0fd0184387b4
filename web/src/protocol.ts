/** What the page and its worker say to each other. */

import type { Tensors } from "./contract.js";
import type { ErrorMessage } from "./errors.js";
import type { Hint } from "./hints.js";
import type { Accelerator } from "./memory.js";
import type { PixelSource } from "./pixels.js";

/** A model as `edge-colorizer-web/inlined-model` has it: its manifest's text and its artifact in base64. */
export interface InlinedModel {
  readonly manifest: string;
  readonly artifact: string;
}

export interface LoadJob {
  readonly kind: "load";
  /** Absolute, ending in a slash: the folder of `manifest.json`; or the model itself. */
  readonly model: string | InlinedModel;
  /** Absolute, ending in a slash: the folder of LiteRT's files, where no bundler has placed them. */
  readonly runtimeUrl?: string;
  readonly accelerator: Accelerator | "auto";
}

export interface ColorizeJob {
  readonly kind: "colorize";
  readonly photo: PixelSource;
  readonly maxSide?: number;
  readonly strength?: number;
  readonly vividness?: number;
  readonly hints?: readonly Hint[];
  readonly answer?: Answer;
  /** Where the answer is an encoded file: its type and quality. */
  readonly encode?: { readonly type: string; readonly quality?: number };
}

/** A photo of 16 bits a channel: RGBA. Browsers' own pictures have 8. */
export interface DeepPixels {
  readonly data: Uint16Array<ArrayBuffer>;
  readonly height: number;
  readonly width: number;
}

export interface DeepJob {
  readonly kind: "deep";
  readonly photo: DeepPixels;
  readonly answer: Answer;
  readonly strength?: number;
  readonly vividness?: number;
  readonly hints?: readonly Hint[];
}

export type Job = LoadJob | ColorizeJob | DeepJob;

export type Request = { readonly id: number; readonly job: Job } | { readonly id: number; readonly abort: true };

/** What the model is and how this browser runs it. */
export interface Info {
  readonly model: string;
  readonly version: string;
  readonly precision: string;
  readonly sha256: string;
  /** Whether LiteRT's faster build runs; the answers are the same. */
  readonly relaxedSimd: boolean;
  /** Whether the network takes hints, and whether it has a vivid answer. */
  readonly hints: boolean;
  readonly vivid: boolean;
}

/** What the network was given and what it said of a photo. */
export interface Answer {
  /** The photo's own, in pixels; `width` too. */
  readonly height: number;
  readonly width: number;
  /** S × S values of L/50 − 1. */
  readonly lightness: Float32Array;
  /** The network's, by name. */
  readonly tensors: Tensors;
}

/** How long each step took, in milliseconds. `network` is 0 where it was not run. */
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
  /** Give it back to `colorize` to merge again without running the network, or to run nothing else. */
  readonly answer: Answer;
  /** What runs the network at present. */
  readonly accelerator: Accelerator;
  readonly timings: Timings;
}

export interface Progress {
  readonly step: "download" | "open" | "decode" | "network" | "merge" | "encode";
  /** Of this step, in [0, 1]. */
  readonly share: number;
}

export type Response =
  | { readonly id: number; readonly progress: Progress }
  | { readonly id: number; readonly answer: Info | Coloured | Blob | DeepPixels }
  | { readonly id: number; readonly error: ErrorMessage };
