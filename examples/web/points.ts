/** Points of known colour, as a file: what `colorize --hints` reads. No DOM in here. */

import { type Hint, inPixels } from "edge-colorizer-web";

/** A hint whose place is in the photo's own pixels. */
export interface Point extends Hint {
  readonly x: number;
  readonly y: number;
}

export const pointsName = (photoName: string): string => `${photoName}.hints.json`;

/** Whether a file holds points, going by its name. */
export const holdsPoints = ({ name, type }: File): boolean => type === "application/json" || name.endsWith(".json");

export function pointsFile(points: readonly Point[]): Blob {
  return new Blob([`${JSON.stringify(points, null, 2)}\n`], { type: "application/json" });
}

/**
 * The points of a file, for a photo of this size in pixels.
 *
 * @throws Error in one sentence where the file holds no points, or those of another photo.
 */
export async function readPoints(file: File, { width, height }: { width: number; height: number }): Promise<Point[]> {
  const problem = new Error(`${file.name} holds no points: a list of {"x", "y", "color", "radius"} is needed.`);
  const read: unknown = await file.text().then(JSON.parse).catch(() => undefined);
  if (!Array.isArray(read) || !read.every(isPoint)) throw problem;
  const points = read.map(({ x, y, radius, ...hint }) => {
    return { ...hint, x: inPixels(x, width), y: inPixels(y, height), ...(radius == null ? {} : { radius }) };
  });
  if (points.every(({ x, y }) => x >= 0 && y >= 0 && x < width && y < height)) return points;
  throw new Error(`${file.name} has points outside this photo; they belong to another.`);
}

function isPoint(entry: unknown): entry is Hint {
  if (typeof entry !== "object" || entry === null) return false;
  const { x, y, color, radius } = entry as Record<string, unknown>;
  const placed = [x, y].every((place) => Number.isFinite(inPixels(place as number | string, 1)));
  const sized = radius == null || (Number.isFinite(radius) && Number(radius) > 0);
  return placed && sized && typeof color === "string" && CSS.supports("color", color);
}
