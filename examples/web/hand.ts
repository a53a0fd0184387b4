/** Colour by hand: points on the photo whose colour somebody knows. */

import { type Info, suggestColours } from "edge-colorizer-web";

import type { Entry } from "./album";
import { button, element, save, sentence } from "./dom";
import { Palette } from "./palette";
import { type Point, pointsFile, pointsName, readPoints } from "./points";

const ARROWS: Record<string, readonly [number, number]> = {
  ArrowLeft: [-1, 0],
  ArrowRight: [1, 0],
  ArrowUp: [0, -1],
  ArrowDown: [0, 1],
};
/** How far an arrow key moves a point, as a share of the photo's side; with Shift, five times as far. */
const STEP = 0.01;

export class Hand {
  private readonly layer = element("points");
  private readonly toggle = button("hand");
  private readonly palette = new Palette(
    (color) => this.alter({ color }, "sharp", `colour ${this.chosen}`),
    (color) => this.alter({ color }, "draft", `mix ${this.chosen}`),
    () => this.rest(),
  );
  private entry?: Entry;
  private chosen = -1;

  /** @param recolour is told to colour anew: roughly while something moves, sharply once it rests. */
  constructor(
    private readonly recolour: (quality: "sharp" | "draft") => void,
    private readonly announce: (text: string) => void,
  ) {
    this.toggle.addEventListener("click", () => this.open(this.toggle.getAttribute("aria-pressed") !== "true"));
    this.layer.addEventListener("click", (event) => this.addAt(event));
    this.layer.addEventListener("keydown", (event) => this.press(event));
    button("add-point").addEventListener("click", () => this.add(0.5, 0.5));
    button("remove-point").addEventListener("click", () => this.remove());
    button("undo").addEventListener("click", () => this.travel("undo"));
    button("redo").addEventListener("click", () => this.travel("redo"));
    button("save-points").addEventListener("click", () => this.entry && this.save(this.entry));
    document.addEventListener("keydown", (event) => this.shortcut(event));
  }

  /** Only a network that takes hints can be helped by hand. */
  offer({ hints }: Info): void {
    this.toggle.hidden = !hints;
  }

  /** Another photo is on the screen, or none. */
  show(entry?: Entry): void {
    this.entry = entry;
    this.chosen = -1;
    this.toggle.disabled = !entry;
    this.draw();
  }

  /** Takes the points of a file, for the photo on the screen. */
  async load(entry: Entry, file: File): Promise<void> {
    try {
      const points = await readPoints(file, entry.answer ?? { width: 0, height: 0 });
      entry.points.change(points);
      if (entry === this.entry) this.open(true);
      this.announce(`${points.length === 1 ? "One point" : `${points.length} points`} taken from ${file.name}`);
    } catch (error) {
      this.announce(sentence(error));
      return;
    }
    this.draw();
    this.recolour("sharp");
  }

  private get points(): readonly Point[] {
    return this.entry?.points.now ?? [];
  }

  private open(pressed: boolean): void {
    this.toggle.setAttribute("aria-pressed", String(pressed));
    element("hand-tools").hidden = !pressed;
    element("frame").toggleAttribute("data-by-hand", pressed);
    this.draw();
  }

  private addAt(event: MouseEvent): void {
    if (event.target !== this.layer) return; // a point itself
    this.add(event.offsetX / this.layer.clientWidth, event.offsetY / this.layer.clientHeight);
  }

  /** Puts a point there, with the colour the network has found, and offers others. */
  private add(across: number, down: number): void {
    const { answer } = this.entry ?? {};
    if (!answer) return;
    const [x, y] = inside(across * answer.width, down * answer.height, answer);
    const [{ color }] = suggestColours(answer, x, y);
    this.chosen = this.points.length;
    this.change([...this.points, { x, y, color, radius: Math.round(Math.max(answer.width, answer.height) / 85) }]);
    this.focus();
    element("swatches").scrollIntoView({ block: "nearest" }); // on a small screen they lie below it
    this.announce(`Point ${this.chosen + 1} added; choose its colour`);
  }

  private remove(): void {
    if (this.chosen < 0) return;
    const gone = this.chosen;
    this.chosen = Math.min(gone, this.points.length - 2);
    this.change(this.points.filter((_, index) => index !== gone));
    this.announce(`Point ${gone + 1} removed`);
    if (this.chosen >= 0) this.focus();
    else button("add-point").focus();
  }

  private travel(way: "undo" | "redo"): void {
    this.entry?.points[way]();
    this.chosen = Math.min(this.chosen, this.points.length - 1);
    this.announce(way === "undo" ? "Undone" : "Done again");
    this.rest();
  }

  private alter(change: Partial<Point>, quality: "sharp" | "draft", step: string): void {
    if (this.chosen < 0) return;
    this.change(this.points.map((point, index) => (index === this.chosen ? { ...point, ...change } : point)), quality, step);
  }

  private change(points: readonly Point[], quality: "sharp" | "draft" = "sharp", step?: string): void {
    this.entry?.points.change(points, step);
    this.draw();
    this.recolour(quality);
  }

  /** What was being moved or mixed has come to rest. */
  private rest(): void {
    this.entry?.points.endStep();
    this.draw();
    this.recolour("sharp");
  }

  private choose(index: number): void {
    this.chosen = index;
    this.draw();
  }

  private focus(): void {
    this.layer.querySelectorAll("button")[this.chosen]?.focus();
  }

  private save(entry: Entry): void {
    save(pointsFile(entry.points.now), pointsName(entry.file.name));
    this.announce("Points saved");
  }

  private press(event: KeyboardEvent): void {
    const { answer } = this.entry ?? {};
    const point = this.points[this.chosen];
    if (!answer || !point) return;
    if (event.key === "Delete" || event.key === "Backspace") return this.remove();
    if (event.key === "Enter") return this.palette.focus();
    const [across, down] = ARROWS[event.key] ?? [];
    if (across === undefined) return;
    event.preventDefault();
    const far = STEP * (event.shiftKey ? 5 : 1);
    const [x, y] = inside(point.x + across * far * answer.width, point.y + down * far * answer.height, answer);
    this.alter({ x, y }, "sharp", `move ${this.chosen}`);
  }

  private shortcut(event: KeyboardEvent): void {
    if (!(event.ctrlKey || event.metaKey) || element("hand-tools").hidden) return;
    const key = event.key.toLowerCase();
    if (key !== "z" && key !== "y") return;
    event.preventDefault();
    this.travel(key === "y" || event.shiftKey ? "redo" : "undo");
  }

  private drag(handle: HTMLElement, index: number, event: PointerEvent): void {
    this.choose(index);
    handle.setPointerCapture(event.pointerId);
    const move = ({ clientX, clientY }: PointerEvent) => {
      const { answer } = this.entry ?? {};
      if (!answer) return;
      const { left, top, width, height } = this.layer.getBoundingClientRect();
      const [x, y] = inside(((clientX - left) / width) * answer.width, ((clientY - top) / height) * answer.height, answer);
      this.alter({ x, y }, "draft", `drag ${index}`);
    };
    const moved = this.points;
    handle.addEventListener("pointermove", move);
    handle.addEventListener(
      "lostpointercapture",
      () => {
        handle.removeEventListener("pointermove", move);
        if (this.points !== moved) this.rest();
      },
      { once: true },
    );
  }

  private draw(): void {
    const { layer, points, chosen, entry } = this;
    const shown = entry?.answer && !element("hand-tools").hidden ? points : [];
    while (layer.children.length > shown.length) layer.lastElementChild?.remove();
    while (layer.children.length < shown.length) layer.append(this.handle(layer.children.length));
    const { width = 1, height = 1 } = entry?.answer ?? {};
    for (const [index, { x, y, color }] of shown.entries()) {
      const handle = layer.children[index] as HTMLButtonElement;
      handle.style.left = `${(100 * x) / width}%`;
      handle.style.top = `${(100 * y) / height}%`;
      handle.style.setProperty("--color", color);
      handle.setAttribute("aria-pressed", String(index === chosen));
      const place = `${Math.round((100 * x) / width)} % across, ${Math.round((100 * y) / height)} % down`;
      handle.setAttribute("aria-label", `Point ${index + 1}, ${color}, ${place}`);
    }
    this.drawTools();
  }

  private handle(index: number): HTMLButtonElement {
    const handle = document.createElement("button");
    handle.type = "button";
    handle.className = "point";
    handle.addEventListener("pointerdown", (event) => this.drag(handle, index, event));
    handle.addEventListener("focus", () => this.choose(index));
    return handle;
  }

  private drawTools(): void {
    const { entry, points, chosen } = this;
    button("undo").disabled = !entry?.points.canUndo;
    button("redo").disabled = !entry?.points.canRedo;
    button("save-points").disabled = points.length === 0;
    button("add-point").disabled = !entry;
    this.palette.show(chosen, points[chosen], entry?.answer);
  }
}

/** The nearest whole pixel of a photo. */
function inside(x: number, y: number, { width, height }: { width: number; height: number }): [number, number] {
  return [Math.min(width - 1, Math.max(0, Math.round(x))), Math.min(height - 1, Math.max(0, Math.round(y)))];
}
