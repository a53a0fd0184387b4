/** The row of small pictures, one for each photo. */

import type { Album, Entry } from "./album";
import { element } from "./dom";

const THUMBNAIL_SIDE = 192;

export class Filmstrip {
  private readonly list = element("filmstrip");
  private readonly items = new Map<Entry, HTMLLIElement>();

  constructor(private readonly select: (entry: Entry) => void) {
    this.list.addEventListener("keydown", (event) => this.move(event));
  }

  /** Brings the row up to date with the album. */
  show({ entries, selected }: Album): void {
    for (const [entry, item] of this.items) {
      if (entries.includes(entry)) continue;
      item.remove();
      this.items.delete(entry);
    }
    for (const entry of entries) {
      const button = this.item(entry).firstElementChild as HTMLButtonElement;
      button.dataset.state = entry.state;
      button.setAttribute("aria-pressed", String(entry === selected));
      button.setAttribute("aria-label", `${entry.file.name}: ${entry.message}`);
      button.title = entry.file.name;
    }
  }

  /** Draws an entry's small picture. */
  draw(entry: Entry, coloured: ImageBitmap | HTMLCanvasElement): void {
    const canvas = this.item(entry).querySelector("canvas") as HTMLCanvasElement;
    const scale = THUMBNAIL_SIDE / Math.min(coloured.width, coloured.height);
    const [width, height] = [coloured.width * scale, coloured.height * scale];
    canvas.getContext("2d")?.drawImage(coloured, (THUMBNAIL_SIDE - width) / 2, (THUMBNAIL_SIDE - height) / 2, width, height);
  }

  private item(entry: Entry): HTMLLIElement {
    const known = this.items.get(entry);
    if (known) return known;
    const item = document.createElement("li");
    const button = document.createElement("button");
    const canvas = document.createElement("canvas");
    button.type = "button";
    Object.assign(canvas, { width: THUMBNAIL_SIDE, height: THUMBNAIL_SIDE });
    button.append(canvas);
    button.addEventListener("click", () => this.select(entry));
    item.append(button);
    this.list.append(item);
    this.items.set(entry, item);
    return item;
  }

  /** Arrow keys walk along the row. */
  private move(event: KeyboardEvent): void {
    const step = { ArrowLeft: -1, ArrowRight: 1 }[event.key];
    if (!step) return;
    const buttons = [...this.list.querySelectorAll("button")];
    const next = buttons[buttons.indexOf(document.activeElement as HTMLButtonElement) + step];
    if (!next) return;
    event.preventDefault();
    next.focus();
    next.click();
  }
}
