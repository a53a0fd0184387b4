/**
 * The page: photos in, colour photos out, with `edge-colorizer-web` doing the work.
 *
 *     album.ts       the photos and their queue        stage.ts      before and after, strength, vividness
 *     filmstrip.ts   the row of small pictures         hand.ts       points of known colour; palette.ts their colours
 *     zoom.ts        nearer, and full screen           downloads.ts  files; exif.ts what they keep, deep.ts 16 bits
 *     samples.ts     the welcome's photos              camera.ts     a photo from the camera
 *     check.ts       "check this device"               offline.ts    the page without a network
 */

import { type Coloured, Colorizer, type Progress } from "edge-colorizer-web";

import { Album, type Entry } from "./album";
import { prepareCamera } from "./camera";
import { prepareCheck } from "./check";
import { button, element, save, sentence } from "./dom";
import { coloured as colouredFile, isDeeper } from "./downloads";
import { Filmstrip } from "./filmstrip";
import { Hand } from "./hand";
import { keepForOffline, loadAnew } from "./offline";
import { holdsPoints, pointsName } from "./points";
import { prepareSamples } from "./samples";
import { Stage } from "./stage";
import { prepareZoom } from "./zoom";

const colorizer = Colorizer.load({ onProgress: sayHowFar });
const hand = new Hand((quality) => void stage.refresh(quality), announce);
const stage = new Stage(colorizer, { changed: (entry, after) => filmstrip.draw(entry, after), shown: (entry) => hand.show(entry) });
const filmstrip = new Filmstrip((entry) => album.select(entry));
const album = new Album(colorizer, { changed, coloured });

colorizer.then(
  ({ info }) => {
    element("readiness").textContent = "Ready";
    element("vividness-control").hidden = !info.vivid;
    hand.offer(info);
  },
  (error: unknown) => {
    element("alert-text").textContent = sentence(error);
    element("alert").hidden = false;
    element("readiness").textContent = "Not ready";
  },
);
void keepForOffline().then((text) => (element("offline").textContent = text));
prepareCheck(colorizer);
prepareSamples(colorizer, () => album.entries.length === 0, (sample) => album.add([sample]));
prepareZoom();
prepareInputs();
button("reload").addEventListener("click", () => void loadAnew());
button("retry").addEventListener("click", () => album.selected && album.retry(album.selected));
button("stop").addEventListener("click", () => album.stop());
button("clear").addEventListener("click", () => leaves() && album.clear());
button("download").addEventListener("click", () => album.selected && void download([album.selected]));
button("download-all").addEventListener("click", () => void download(album.done));
button("share").addEventListener("click", () => album.selected && void share(album.selected));
button("share").hidden = !navigator.canShare?.({ files: [new File([], "photo.jpg", { type: "image/jpeg" })] });
addEventListener("beforeunload", (event) => unsaved() && event.preventDefault());

function sayHowFar({ step, share }: Progress): void {
  element("readiness").textContent = step === "download" ? `Getting ready: ${Math.round(share * 100)} %` : "Getting ready";
}

function announce(text: string): void {
  element("batch-text").textContent = text;
}

function changed(entry?: Entry): void {
  const { entries, selected, finished, done } = album;
  document.body.toggleAttribute("data-at-work", entries.length > 0);
  element("welcome").hidden = entries.length > 0;
  element("studio").hidden = entries.length === 0;
  filmstrip.show(album);
  if (!entry || entry === selected) stage.show(album);
  for (const id of ["download", "share"]) button(id).disabled = selected?.state !== "done";
  button("download-all").hidden = done.length < 2;
  element("batch").hidden = finished === entries.length || entries.length < 2;
  element<HTMLProgressElement>("batch-progress").value = finished / Math.max(1, entries.length);
  announce(progressText(entries, finished, done.length));
  listFailures(entries.filter(({ state }) => state === "failed"));
}

function progressText({ length }: readonly Entry[], finished: number, done: number): string {
  if (length < 2) return "";
  return finished < length ? `${finished} of ${length} finished.` : `${done} of ${length} coloured.`;
}

function listFailures(failed: readonly Entry[]): void {
  element("failures").hidden = failed.length === 0;
  element("failures-title").textContent = failed.length === 1 ? "One photo has no colours" : `${failed.length} photos have no colours`;
  const lines = failed.map(({ message }) => Object.assign(document.createElement("li"), { textContent: message }));
  element("failures-list").replaceChildren(...lines);
}

function coloured(entry: Entry, result: Coloured): void {
  filmstrip.draw(entry, result.after);
  void stage.take(entry, result);
}

async function download(entries: readonly Entry[]): Promise<void> {
  await hold(async () => {
    const names = new Set<string>();
    let flattened = false;
    for (const [index, entry] of entries.entries()) {
      announce(entries.length > 1 ? `Saving ${index + 1} of ${entries.length}` : "Saving at full size");
      const file = await colouredFile(await colorizer, entry, names);
      save(file, file.name);
      entry.saved = true;
      flattened ||= (await isDeeper(entry.file)) && !(await isDeeper(file));
    }
    announce(flattened ? "Saved with 8 bits a channel: the page keeps 16 of plain sRGB alone, the colorize command of all" : "Saved");
  });
}

async function share(entry: Entry): Promise<void> {
  await hold(async () => {
    announce("Getting the photo ready");
    await navigator.share({ files: [await colouredFile(await colorizer, entry)] });
    entry.saved = true;
    announce("Shared");
  });
}

/** Does something that takes its time, and that should not be asked for twice. */
async function hold(work: () => Promise<void>): Promise<void> {
  const buttons = ["download", "download-all", "share"].map(button);
  for (const each of buttons) each.disabled = true;
  try {
    await work();
  } catch (error) {
    announce(error instanceof DOMException && error.name === "AbortError" ? "" : sentence(error));
  }
  for (const each of buttons) each.disabled = each.id !== "download-all" && album.selected?.state !== "done";
}

const unsaved = (): boolean => album.done.some(({ saved }) => !saved);

function leaves(): boolean {
  return !unsaved() || confirm("Some coloured photos have not been downloaded. Start over without them?");
}

/** Photos join the album; a file of points goes to the photo that it is named after, or else to the one on the screen. */
function take(files: Iterable<File>): void {
  const given = [...files];
  album.add(given.filter((file) => !holdsPoints(file)));
  for (const file of given.filter(holdsPoints)) {
    const entry = album.entries.find((each) => pointsName(each.file.name) === file.name) ?? album.selected;
    if (entry?.state === "done") void hand.load(entry, file);
    else announce(`Open the photo of ${file.name} first.`);
  }
}

function prepareInputs(): void {
  const camera = prepareCamera((photo) => album.add([photo]));
  const files = element<HTMLInputElement>("files");
  for (const input of [files, element<HTMLInputElement>("capture")]) {
    input.addEventListener("change", () => {
      take(input.files ?? []);
      input.value = ""; // so that the same photo can be chosen again
    });
  }
  for (const each of document.querySelectorAll<HTMLButtonElement>("[data-action]")) {
    each.addEventListener("click", () => (each.dataset.action === "camera" ? camera.open() : files.click()));
  }
  document.addEventListener("paste", ({ clipboardData }) => take(clipboardData?.files ?? []));
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
    take(event.dataTransfer?.files ?? []);
  });
}
