/** The photo being looked at: before and after with a divider, and how strong its colours are. */

import type { Coloured, Colorizer } from "edge-colorizer-web";

import { type Entry, PREVIEW_SIDE } from "./album";
import { element, sentence } from "./dom";

export class Stage {
  private readonly frame = element("frame");
  private readonly before = element<HTMLCanvasElement>("before");
  private readonly after = element<HTMLCanvasElement>("after").getContext("bitmaprenderer") as ImageBitmapRenderingContext;
  private readonly split = element<HTMLInputElement>("split");
  private readonly strength = element<HTMLInputElement>("strength");
  private readonly notice = element("notice");
  private shown?: Entry;
  /** The shown photo at preview size, which a change of strength is merged with. */
  private preview?: ImageBitmap;
  private merging = false;

  constructor(
    private readonly colorizer: Promise<Colorizer>,
    private readonly onStrength: (after: HTMLCanvasElement) => void,
  ) {
    this.split.addEventListener("input", () => this.placeDivider());
    this.strength.addEventListener("input", () => this.changeStrength());
    this.placeDivider();
  }

  /** Shows an entry as far as it is. */
  show(entry: Entry): void {
    const changed = this.shown !== entry;
    this.shown = entry;
    element("caption").textContent = entry.file.name;
    const shows = entry.state === "done" && (!changed || Boolean(entry.chroma));
    this.frame.hidden = !shows;
    this.notice.hidden = shows;
    this.notice.dataset.state = entry.state;
    element("notice-text").textContent = entry.message;
    element("notice-progress").hidden = entry.state !== "working" && entry.state !== "waiting";
    this.strength.disabled = !shows;
    if (changed) {
      this.strength.value = String(entry.strength * 100);
      this.writeStrength();
      if (shows) void this.reopen(entry);
    }
  }

  /** Takes over a coloured photo's bitmaps. */
  take(entry: Entry, { before, after }: Coloured): void {
    if (entry !== this.shown) return;
    this.preview = before;
    const { width, height } = before;
    Object.assign(this.before, { width, height });
    this.before.getContext("2d")?.drawImage(before, 0, 0);
    this.after.transferFromImageBitmap(after);
    this.frame.style.setProperty("--ratio", String(width / height));
    this.show(entry);
  }

  /** A photo that was coloured earlier: decoded again, so that a long batch holds one preview and not all. */
  private async reopen(entry: Entry): Promise<void> {
    const { strength, chroma } = entry;
    try {
      const colorizer = await this.colorizer;
      this.take(entry, await colorizer.colorize(entry.file, { strength, chroma, maxSide: PREVIEW_SIDE }));
    } catch (error) {
      element("notice-text").textContent = sentence(error); // the file is gone from the disk, say
      this.notice.hidden = false;
      this.frame.hidden = true;
    }
  }

  private changeStrength(): void {
    if (!this.shown) return;
    this.shown.strength = Number(this.strength.value) / 100;
    this.writeStrength();
    void this.merge();
  }

  /** Merges with the strength of this moment; while that takes its time, later moves of the slider wait as one. */
  private async merge(): Promise<void> {
    if (this.merging) return;
    this.merging = true;
    const colorizer = await this.colorizer;
    for (let merged: number | undefined; merged !== this.shown?.strength; ) {
      const { shown, preview } = this;
      if (!shown?.chroma || !preview) break;
      merged = shown.strength;
      const { before, after } = await colorizer.colorize(preview, { strength: merged, chroma: shown.chroma });
      before.close();
      if (shown === this.shown) this.after.transferFromImageBitmap(after);
      this.frame.dataset.strength = String(merged);
    }
    this.merging = false;
    this.onStrength(this.after.canvas as HTMLCanvasElement);
  }

  private writeStrength(): void {
    element("strength-value").textContent = `${this.strength.value} %`;
    this.strength.setAttribute("aria-valuetext", `${this.strength.value} percent`);
  }

  private placeDivider(): void {
    this.frame.style.setProperty("--split", `${this.split.value}%`);
    this.split.setAttribute("aria-valuetext", `${this.split.value} percent before, the rest after`);
  }
}
