/** The photos on the page, and the queue that colours them one after another. No DOM in here. */

import type { Chroma, Coloured, Colorizer, Progress } from "edge-colorizer-web";

import { sentence } from "./dom";

/** Large enough for a screen; the download is made from the photo itself. */
export const PREVIEW_SIDE = 1600;

export interface Entry {
  readonly file: File;
  state: "waiting" | "working" | "done" | "failed" | "stopped";
  /** Of the step under way, or what went wrong. */
  message: string;
  strength: number;
  chroma?: Chroma;
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
    const added = Array.from(files, (file): Entry => ({ file, state: "waiting", message: "Waiting its turn", strength: 1 }));
    if (added.length === 0) return;
    this.entries.push(...added);
    this.select(added[0]);
    void this.work();
  }

  select(entry: Entry): void {
    this.selected = entry;
    this.listener.changed();
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
    this.abort = new AbortController();
    for (let next = this.next(); next; next = this.next()) await this.colour(next);
    this.running = false;
    this.listener.changed();
  }

  private next(): Entry | undefined {
    return this.entries.find(({ state }) => state === "waiting");
  }

  private async colour(entry: Entry): Promise<void> {
    this.settle(entry, "working", "Getting ready");
    const onProgress = ({ step }: Progress) => {
      if (STEPS[step] && entry.message !== STEPS[step]) this.settle(entry, "working", STEPS[step]);
    };
    try {
      const colorizer = await this.colorizer;
      const coloured = await colorizer.colorize(entry.file, { maxSide: PREVIEW_SIDE, onProgress, signal: this.abort.signal });
      entry.chroma = coloured.chroma;
      this.settle(entry, "done", "Coloured");
      this.listener.coloured(entry, coloured);
    } catch (error) {
      if (this.abort.signal.aborted) this.settle(entry, "stopped", "Stopped");
      else this.settle(entry, "failed", sentence(error));
      if (this.abort.signal.aborted) this.abort = new AbortController();
    }
  }

  private settle(entry: Entry, state: Entry["state"], message: string): void {
    Object.assign(entry, { state, message });
    this.listener.changed(entry);
  }
}

/** What a coloured photo's file is called. */
export function downloadName({ file }: Entry): string {
  return `${file.name.replace(/\.[^.]+$/, "")}-colour.${downloadType(file).split("/")[1].replace("jpeg", "jpg")}`;
}

/** Formats that may be transparent or are lossless stay so. */
export function downloadType(file: File): "image/png" | "image/jpeg" {
  return file.type === "image/png" || file.type === "image/webp" ? "image/png" : "image/jpeg";
}
