/** Points of known colour, as a file: what `colorize --hints` reads. No DOM in here. */

import type { Hint } from "edge-colorizer-web";

export const pointsName = (photoName: string): string => `${photoName}.hints.json`;

/** Whether a file holds points, going by its name. */
export const holdsPoints = ({ name, type }: File): boolean => type === "application/json" || name.endsWith(".json");

export function pointsFile(points: readonly Hint[]): Blob {
  return new Blob([`${JSON.stringify(points, null, 2)}\n`], { type: "application/json" });
}

/** @throws Error in one sentence where the file holds no points. */
export async function readPoints(file: File): Promise<Hint[]> {
  const problem = new Error(`${file.name} holds no points: a list of {"x", "y", "color", "radius"} is needed.`);
  const read: unknown = await file.text().then(JSON.parse).catch(() => undefined);
  if (!Array.isArray(read) || !read.every(isPoint)) throw problem;
  return read.map(({ x, y, color, radius }) => ({ x, y, color, ...(radius == null ? {} : { radius }) }));
}

function isPoint(entry: unknown): entry is Hint {
  if (typeof entry !== "object" || entry === null) return false;
  const { x, y, color, radius } = entry as Record<string, unknown>;
  const known = typeof color === "string" && CSS.supports("color", color);
  return known && Number.isFinite(x) && Number.isFinite(y) && (radius == null || (Number.isFinite(radius) && Number(radius) >= 0));
}
