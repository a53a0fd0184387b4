/** The photos on the page, and the queue that colours them one after another. No DOM in here. */

import { type Answer, type Coloured, type Colorizer, DEFAULT_VIVIDNESS, type Progress } from "edge-colorizer-web";

import { decodable } from "./decoders";
import { sentence } from "./dom";
import { History } from "./history";
import type { Point } from "./points";

/** Large enough for a screen; the download is made from the photo itself. */
export const PREVIEW_SIDE = 1600;

export interface Entry {
  readonly file: File;
  state: "waiting" | "working" | "done" | "failed" | "stopped";
  /** Of the step under way, or what went wrong. */
  message: string;
  strength: number;
  vividness: number;
  readonly points: History<readonly Point[]>;
  answer?: Answer;
  /** The points that `answer` knows of. */
  answered: readonly Point[];
  /** Whether its colours, as they are now, have been handed to the user. */
  saved: boolean;
}

interface Listener {
  /** Something about the album or this entry changed. */
  changed(entry?: Entry): void;
  /** An entry was coloured; whoever shows the bitmaps keeps them. */
  coloured(entry: Entry, coloured: Coloured): void;
}

const STEPS: Partial<Record<Progress["step"], string>> = {
  decode: "Opening the photo",
  network: "Finding colours",
  merge: "Laying them over the photo",
};

export class Album {
  readonly entries: Entry[] = [];
  selected?: Entry;
  private running = false;
  private abort = new AbortController();

  constructor(
    private readonly colorizer: Promise<Colorizer>,
    private readonly listener: Listener,
  ) {}

  get finished(): number {
    return this.entries.filter(({ state }) => state !== "waiting" && state !== "working").length;
  }

  get done(): Entry[] {
    return this.entries.filter(({ state }) => state === "done");
  }

  add(files: Iterable<File>): void {
    const added = Array.from(files, newEntry);
    if (added.length === 0) return;
    this.entries.push(...added);
    this.select(added[0]);
    void this.work();
  }

  select(entry: Entry): void {
    this.selected = entry;
    this.listener.changed();
  }

  /** Puts a photo that was stopped, or that failed, back into the queue. */
  retry(entry: Entry): void {
    this.settle(entry, "waiting", "Waiting its turn");
    void this.work();
  }

  /** Ends the photo under way and leaves those that wait uncoloured. */
  stop(): void {
    this.abort.abort();
    for (const entry of this.entries) {
      if (entry.state === "waiting") this.settle(entry, "stopped", "Stopped before its turn");
    }
  }

  clear(): void {
    this.stop();
    this.entries.length = 0;
    this.selected = undefined;
    this.listener.changed();
  }

  private async work(): Promise<void> {
    if (this.running) return;
    this.running = true;
    for (let next = this.next(); next; next = this.next()) {
      this.abort = new AbortController();
      await this.colour(next, this.abort.signal);
    }
    this.running = false;
    this.listener.changed();
  }

  private next(): Entry | undefined {
    return this.entries.find(({ state }) => state === "waiting");
  }

  private async colour(entry: Entry, signal: AbortSignal): Promise<void> {
    this.settle(entry, "working", "Getting ready");
    const onProgress = ({ step }: Progress) => {
      if (STEPS[step] && entry.message !== STEPS[step]) this.settle(entry, "working", STEPS[step]);
    };
    try {
      const colorizer = await this.colorizer;
      const photo = await decodable(entry.file);
      const points = entry.points.now;
      const coloured = await colorizer.colorize(photo, { ...wanted(entry), maxSide: PREVIEW_SIDE, onProgress, signal });
      learn(entry, coloured, points);
      this.settle(entry, "done", "Coloured");
      if (this.entries.includes(entry)) this.listener.coloured(entry, coloured);
    } catch (error) {
      if (signal.aborted) this.settle(entry, "stopped", "Stopped");
      else this.settle(entry, "failed", sentence(error));
    }
  }

  private settle(entry: Entry, state: Entry["state"], message: string): void {
    Object.assign(entry, { state, message });
    this.listener.changed(entry);
  }
}

function newEntry(file: File): Entry {
  const none: readonly Point[] = [];
  const look = { strength: 1, vividness: DEFAULT_VIVIDNESS, points: new History(none), answered: none };
  return { file, state: "waiting", message: "Waiting its turn", ...look, saved: false };
}

/** How an entry is to be coloured, as options of the colorizer: the network runs where its answer is out of date. */
export function wanted({ strength, vividness, points, answer, answered }: Entry) {
  return { strength, vividness, answer, hints: points.now === answered ? undefined : points.now };
}

/** Keeps what a network said for the next time. */
export function learn(entry: Entry, { answer }: Coloured, answered: readonly Point[]): void {
  Object.assign(entry, { answer, answered });
}
