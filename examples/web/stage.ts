/** The photo being looked at: before and after with a divider, and its look: how strong, how vivid, which points. */

import type { Coloured, Colorizer } from "edge-colorizer-web";

import { type Album, type Entry, PREVIEW_SIDE, learn, wanted } from "./album";
import { decodable } from "./decoders";
import { button, element, sentence } from "./dom";

/** A copy of this size answers at once; the sharper one follows when nothing moves. */
const DRAFT_SIDE = 640;

/** What is on the screen; an answer for anything else has come too late. */
interface View {
  readonly entry: Entry;
  readonly preview: ImageBitmap;
  readonly draft: ImageBitmap;
}

interface Listener {
  /** The shown photo's colours changed. */
  changed(entry: Entry, after: HTMLCanvasElement): void;
  /** Another photo is on the screen, or none. */
  shown(entry?: Entry): void;
}

export class Stage {
  private readonly frame = element("frame");
  private readonly before = element<HTMLCanvasElement>("before");
  private readonly after = element<HTMLCanvasElement>("after").getContext("bitmaprenderer") as ImageBitmapRenderingContext;
  private readonly split = element<HTMLInputElement>("split");
  private readonly sliders = ["strength", "vividness"].map((id) => element<HTMLInputElement>(id));
  private readonly notice = element("notice");
  private selected?: Entry;
  private view?: View;
  private stale: "no" | "sharp" | "draft" = "no";
  private refreshing = false;
  private sharpening = new AbortController();

  constructor(
    private readonly colorizer: Promise<Colorizer>,
    private readonly listener: Listener,
  ) {
    this.split.addEventListener("input", () => this.placeDivider());
    for (const slider of this.sliders) slider.addEventListener("input", () => this.changeLook());
    this.placeDivider();
  }

  /** Shows the selected entry as far as it is. */
  show({ selected }: Pick<Album, "selected">): void {
    const changed = selected !== this.selected;
    this.selected = selected;
    if (changed) this.leave();
    if (!selected) return;
    element("caption").textContent = selected.file.name;
    if (selected.state === "done" && changed) void this.open(selected);
    this.describe(selected);
  }

  /** Takes over a coloured photo's bitmaps, if that photo is still the one to show. */
  async take(entry: Entry, { before, after }: Coloured): Promise<void> {
    const { width, height } = before;
    const share = Math.min(1, DRAFT_SIDE / Math.max(width, height));
    const size = { resizeWidth: Math.max(1, Math.round(width * share)), resizeHeight: Math.max(1, Math.round(height * share)) };
    const draft = await createImageBitmap(before, { ...size, resizeQuality: "high" });
    if (entry !== this.selected) {
      for (const bitmap of [before, after, draft]) bitmap.close();
      return;
    }
    this.leave();
    this.view = { entry, preview: before, draft };
    Object.assign(this.before, { width, height });
    this.before.getContext("2d")?.drawImage(before, 0, 0);
    this.after.transferFromImageBitmap(after);
    element("stage").style.setProperty("--ratio", String(width / height));
    this.describe(entry);
    this.listener.shown(entry);
  }

  /** Brings the shown photo up to date with its entry, first roughly. Later changes wait as one. */
  async refresh(quality: "sharp" | "draft" = "sharp"): Promise<void> {
    if (this.view) this.view.entry.saved = false;
    this.stale = quality;
    this.sharpening.abort();
    if (this.refreshing) return;
    this.refreshing = true;
    while (this.view && this.stale !== "no") {
      const { view, stale } = this;
      this.stale = "no";
      await this.merge(view, view.draft);
      if (stale === "draft" || this.stale !== "no" || view.preview.width === view.draft.width) continue;
      this.sharpening = new AbortController();
      await this.merge(view, view.preview, this.sharpening.signal);
    }
    this.refreshing = false;
  }

  private async merge(view: View, photo: ImageBitmap, signal?: AbortSignal): Promise<void> {
    const { entry } = view;
    const points = entry.points.now;
    try {
      const colorizer = await this.colorizer;
      const coloured = await colorizer.colorize(photo, { ...wanted(entry), signal });
      coloured.before.close();
      learn(entry, coloured, points);
      if (view !== this.view) return coloured.after.close();
      this.after.transferFromImageBitmap(coloured.after);
      Object.assign(this.frame.dataset, { strength: entry.strength, vividness: entry.vividness, points: points.length });
      this.listener.changed(entry, this.after.canvas as HTMLCanvasElement);
    } catch (error) {
      if (view === this.view && !signal?.aborted) this.fail(error);
    }
  }

  /** A photo that was coloured earlier: decoded again, so that a long batch holds one preview and not all. */
  private async open(entry: Entry): Promise<void> {
    try {
      const colorizer = await this.colorizer;
      const points = entry.points.now;
      const coloured = await colorizer.colorize(await decodable(entry.file), { ...wanted(entry), maxSide: PREVIEW_SIDE });
      learn(entry, coloured, points);
      await this.take(entry, coloured);
    } catch (error) {
      if (entry === this.selected) this.fail(error); // the file is gone from the disk, say
    }
  }

  private leave(): void {
    this.view?.preview.close();
    this.view?.draft.close();
    this.view = undefined;
    this.listener.shown();
  }

  private describe(entry: Entry): void {
    const shows = this.view?.entry === entry;
    this.frame.hidden = !shows;
    this.notice.hidden = shows;
    this.notice.dataset.state = entry.state;
    element("notice-text").textContent = entry.state === "done" ? "Opening the photo" : entry.message;
    element("notice-progress").hidden = entry.state === "failed" || entry.state === "stopped";
    button("retry").hidden = entry.state !== "failed" && entry.state !== "stopped";
    for (const slider of this.sliders) {
      slider.disabled = !shows;
      slider.value = String(Math.round(entry[slider.id as "strength" | "vividness"] * 100));
      this.writeValue(slider);
    }
  }

  private fail(error: unknown): void {
    element("notice-text").textContent = sentence(error);
    element("notice-progress").hidden = true;
    this.notice.dataset.state = "failed";
    this.notice.hidden = false;
    this.frame.hidden = true;
  }

  private changeLook(): void {
    if (!this.view) return;
    for (const slider of this.sliders) {
      this.view.entry[slider.id as "strength" | "vividness"] = Number(slider.value) / 100;
      this.writeValue(slider);
    }
    void this.refresh();
  }

  private writeValue(slider: HTMLInputElement): void {
    element(`${slider.id}-value`).textContent = `${slider.value} %`;
    slider.setAttribute("aria-valuetext", `${slider.value} percent`);
  }

  private placeDivider(): void {
    this.frame.style.setProperty("--split", `${this.split.value}%`);
    this.split.setAttribute("aria-valuetext", `${this.split.value} percent before, the rest after`);
  }
}
