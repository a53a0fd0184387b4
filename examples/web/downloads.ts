/** Coloured photos as files: at full size, in a format that loses nothing the photo had, under a name of its own. */

import type { Colorizer } from "edge-colorizer-web";

import { type Entry, wanted } from "./album";
import { decodable, decodeDeep, encodeDeep } from "./decoders";
import { withExif } from "./exif";

/** One coloured photo, ready to be handed over. */
export async function coloured(colorizer: Colorizer, entry: Entry, taken: Set<string> = new Set()): Promise<File> {
  const { file } = entry;
  const type = downloadType(file);
  const deep = await colouredDeep(colorizer, entry);
  const blob = deep ?? (await colorizer.colorizeToBlob(await decodable(file), { ...wanted(entry), type }));
  return new File([await withExif(blob, file)], downloadName(file, taken), { type });
}

async function colouredDeep(colorizer: Colorizer, entry: Entry): Promise<Blob | undefined> {
  const { file, answer } = entry;
  const photo = answer && (await isDeeper(file)) ? await decodeDeep(file) : undefined;
  return answer && photo && encodeDeep(file, await colorizer.colorizeDeep(photo, { ...wanted(entry), answer }));
}

/** Whether it is a PNG of 16 bits a channel (PNG, third edition, 11.2.1). */
export async function isDeeper(file: File): Promise<boolean> {
  const header = new Uint8Array(await file.slice(0, 25).arrayBuffer());
  return file.type === "image/png" && header[24] === 16;
}

/** Formats that may be transparent or are lossless stay so. */
function downloadType({ type, name }: File): "image/png" | "image/jpeg" {
  return type === "image/jpeg" || /\.(hei[cf]|jpe?g)$/i.test(name) ? "image/jpeg" : "image/png";
}

/** @param taken names that others have; the new one joins them. */
function downloadName(file: File, taken: Set<string>): string {
  const stem = `${file.name.replace(/\.[^.]+$/, "")}-colour`;
  const suffix = downloadType(file) === "image/png" ? "png" : "jpg";
  let name = `${stem}.${suffix}`;
  for (let number = 2; taken.has(name); number++) name = `${stem}-${number}.${suffix}`;
  taken.add(name);
  return name;
}
