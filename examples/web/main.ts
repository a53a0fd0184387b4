/**
 * The page: photos in, colour photos out, with `edge-colorizer-web` doing the work.
 *
 *     album.ts       the photos and their queue        stage.ts    before and after, strength
 *     filmstrip.ts   the row of small pictures         camera.ts   a photo from the camera
 *     check.ts       "check this device"               offline.ts  the page without a network
 */

import { type Coloured, Colorizer, type Progress } from "edge-colorizer-web";

import { Album, type Entry, downloadName, downloadType } from "./album";
import { prepareCamera } from "./camera";
import { prepareCheck } from "./check";
import { button, element, save, sentence } from "./dom";
import { Filmstrip } from "./filmstrip";
import { keepForOffline, loadAnew } from "./offline";
import { Stage } from "./stage";

const SAMPLES = { astronaut: "An astronaut", cat: "A cat", coffee: "A cup of coffee" };

const colorizer = Colorizer.load({ onProgress: sayHowFar });
const stage = new Stage(colorizer, (after) => album.selected && filmstrip.draw(album.selected, after));
const filmstrip = new Filmstrip((entry) => album.select(entry));
const album = new Album(colorizer, { changed, coloured });

colorizer.then(
  () => (element("readiness").textContent = "Ready"),
  (error: unknown) => {
    element("alert-text").textContent = sentence(error);
    element("alert").hidden = false;
    element("readiness").textContent = "Not ready";
  },
);
void keepForOffline(() => (element("offline").textContent = "This page is kept on the device and works without a network."));
prepareCheck(colorizer);
prepareSamples();
prepareInputs();
button("reload").addEventListener("click", () => void loadAnew());
button("stop").addEventListener("click", () => album.stop());
button("clear").addEventListener("click", () => album.clear());
button("download").addEventListener("click", () => album.selected && void download([album.selected]));
button("download-all").addEventListener("click", () => void download(album.done));

function sayHowFar({ step, share }: Progress): void {
  element("readiness").textContent = step === "download" ? `Getting ready: ${Math.round(share * 100)} %` : "Getting ready";
}

function changed(entry?: Entry): void {
  const { entries, selected, finished, done } = album;
  element("welcome").hidden = entries.length > 0;
  element("studio").hidden = entries.length === 0;
  filmstrip.show(album);
  if (selected && (!entry || entry === selected)) stage.show(selected);
  button("download").disabled = selected?.state !== "done";
  button("download-all").hidden = done.length < 2;
  element("batch").hidden = finished === entries.length || entries.length < 2;
  element<HTMLProgressElement>("batch-progress").value = finished / Math.max(1, entries.length);
  element("batch-text").textContent = progressText(entries, finished, done.length);
}

function progressText(entries: readonly Entry[], finished: number, done: number): string {
  const failed = entries.filter(({ state }) => state === "failed");
  const counted = finished < entries.length ? `${finished} of ${entries.length} finished` : `${done} of ${entries.length} coloured`;
  return [entries.length > 1 ? `${counted}.` : "", ...failed.map(({ message }) => message)].join(" ").trim();
}

function coloured(entry: Entry, result: Coloured): void {
  filmstrip.draw(entry, result.after);
  if (entry === album.selected) {
    stage.take(entry, result);
  } else {
    result.before.close();
    result.after.close();
  }
}

async function download(entries: readonly Entry[]): Promise<void> {
  const text = element("batch-text");
  const buttons = [button("download"), button("download-all")];
  for (const each of buttons) each.disabled = true;
  try {
    for (const [index, entry] of entries.entries()) {
      const { file, chroma, strength } = entry;
      text.textContent = entries.length > 1 ? `Saving ${index + 1} of ${entries.length}` : "Saving at full size";
      const blob = await (await colorizer).colorizeToBlob(file, { chroma, strength, type: downloadType(file) });
      save(blob, downloadName(entry));
    }
    text.textContent = "Saved";
  } catch (error) {
    text.textContent = sentence(error);
  }
  for (const each of buttons) each.disabled = false;
}

function prepareSamples(): void {
  for (const [name, label] of Object.entries(SAMPLES)) {
    const item = document.createElement("li");
    const choice = document.createElement("button");
    const picture = document.createElement("img");
    Object.assign(picture, { src: `samples/${name}.jpg`, alt: label, width: 160, height: 160, decoding: "async" });
    choice.type = "button";
    choice.append(picture);
    choice.addEventListener("click", async () => {
      const response = await fetch(picture.src);
      album.add([new File([await response.blob()], `${name}.jpg`, { type: "image/jpeg" })]);
    });
    item.append(choice);
    element("samples").append(item);
  }
}

function prepareInputs(): void {
  const camera = prepareCamera((photo) => album.add([photo]));
  const files = element<HTMLInputElement>("files");
  for (const input of [files, element<HTMLInputElement>("capture")]) {
    input.addEventListener("change", () => {
      album.add(input.files ?? []);
      input.value = ""; // so that the same photo can be chosen again
    });
  }
  for (const each of document.querySelectorAll<HTMLButtonElement>("[data-action]")) {
    each.addEventListener("click", () => (each.dataset.action === "camera" ? camera.open() : files.click()));
  }
  document.addEventListener("paste", ({ clipboardData }) => album.add(clipboardData?.files ?? []));
  prepareDrop();
}

function prepareDrop(): void {
  const zone = element("dropzone");
  document.addEventListener("dragover", (event) => {
    event.preventDefault();
    zone.hidden = !event.dataTransfer?.types.includes("Files");
  });
  document.addEventListener("dragleave", (event) => {
    if (!event.relatedTarget) zone.hidden = true;
  });
  document.addEventListener("drop", (event) => {
    event.preventDefault();
    zone.hidden = true;
    album.add(event.dataTransfer?.files ?? []);
  });
}
