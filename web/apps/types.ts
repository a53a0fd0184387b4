import { Colorizer, type Coloured, PhotoError } from "edge-colorizer-web";
import model from "edge-colorizer-web/inlined-model";

export async function colour(photo: Blob): Promise<Coloured> {
  const colorizer = await Colorizer.load({ model, onProgress: ({ share }) => console.log(share) });
  return colorizer.colorize(photo, { strength: 1 }).catch((error: unknown) => {
    throw error instanceof PhotoError ? new Error(error.message) : error;
  });
}
