/** The colours offered for a point: what the network finds plausible, what photographs are full of, any other. */

import { type Answer, suggestColours } from "edge-colorizer-web";

import { element } from "./dom";
import type { Point } from "./points";

export class Palette {
  private readonly swatches = element("swatches");
  private readonly anyColor = element<HTMLInputElement>("any-color");

  /** @param mix is told of each colour on the way to one of the browser's own dialog, `mixed` that it is found. */
  constructor(
    private readonly choose: (color: string) => void,
    mix: (color: string) => void,
    mixed: () => void,
  ) {
    this.anyColor.addEventListener("input", () => mix(this.anyColor.value));
    this.anyColor.addEventListener("change", mixed);
  }

  show(index: number, point?: Point, answer?: Answer): void {
    element("palette").hidden = !point;
    if (!point || !answer) return;
    element("palette-title").textContent = `Colour of point ${index + 1}`;
    this.anyColor.value = point.color;
    const swatches = suggestColours(answer, point.x, point.y).map(({ name, color }) => this.swatch(name, color, point));
    const focused = [...this.swatches.children].indexOf(document.activeElement as Element);
    this.swatches.replaceChildren(...swatches);
    if (focused >= 0) swatches[Math.min(focused, swatches.length - 1)].focus();
  }

  focus(): void {
    this.swatches.querySelector("button")?.focus();
  }

  private swatch(name: string, color: string, point: Point): HTMLButtonElement {
    const swatch = document.createElement("button");
    swatch.type = "button";
    swatch.title = name;
    swatch.setAttribute("aria-label", name);
    swatch.setAttribute("aria-pressed", String(color === point.color));
    swatch.style.setProperty("--color", color);
    swatch.addEventListener("click", () => this.choose(color));
    return swatch;
  }
}
