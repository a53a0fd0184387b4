/** Photos that browsers cannot decode themselves: what can is fetched when such a photo comes, and not before. */

import type { Photo } from "edge-colorizer-web";

/** The photo as the colorizer takes it. */
export async function decodable(file: File): Promise<Photo> {
  return file;
}
