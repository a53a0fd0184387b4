/** The samples on the welcome: coloured before the visitor's eyes, and there to be tried. */

import type { Colorizer } from "edge-colorizer-web";

import { element } from "./dom";

const SAMPLES = { astronaut: "An astronaut", cat: "A cat", coffee: "A cup of coffee" };
const SIDE = 480;

/**
 * @param wanted whether the visitor is still looking; photos of their own go first.
 * @param choose is given the sample that they choose.
 */
export function prepareSamples(colorizer: Promise<Colorizer>, wanted: () => boolean, choose: (sample: File) => void): void {
  const cards = Object.entries(SAMPLES).map(([name, label]) => card(name, label, choose));
  element("samples").replaceChildren(...cards);
  void colorizer.then(
    async (ready) => {
      for (const each of cards) if (wanted()) await reveal(ready, each);
    },
    () => {}, // the page says why elsewhere
  );
}

function card(name: string, label: string, choose: (sample: File) => void): HTMLLIElement {
  const item = document.createElement("li");
  const button = document.createElement("button");
  const picture = document.createElement("img");
  Object.assign(picture, { src: `samples/${name}.jpg`, alt: label, width: 160, height: 160, decoding: "async" });
  button.type = "button";
  button.append(picture, document.createElement("canvas"));
  button.addEventListener("click", async () => choose(new File([await sample(picture)], `${name}.jpg`, { type: "image/jpeg" })));
  item.append(button);
  return item;
}

/** Colours a sample and draws the colours over it, from left to right. */
async function reveal(colorizer: Colorizer, item: HTMLLIElement): Promise<void> {
  const picture = item.querySelector("img") as HTMLImageElement;
  const canvas = item.querySelector("canvas") as HTMLCanvasElement;
  const { before, after } = await colorizer.colorize(await sample(picture), { maxSide: SIDE });
  Object.assign(canvas, { width: after.width, height: after.height });
  canvas.getContext("bitmaprenderer")?.transferFromImageBitmap(after);
  before.close();
  canvas.dataset.shown = "";
}

async function sample(picture: HTMLImageElement): Promise<Blob> {
  return (await fetch(picture.src)).blob();
}
