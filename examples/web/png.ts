/** What a PNG is made of (PNG, third edition, 5.3). */

export interface Chunk {
  readonly type: string;
  readonly content: Uint8Array;
}

/** Those that are whole. */
export function* chunks(png: Uint8Array): Generator<Chunk> {
  const { buffer, byteOffset, byteLength } = png;
  const numbers = new DataView(buffer, byteOffset, byteLength);
  for (let at = 8; at + 12 <= byteLength; at += 12 + numbers.getUint32(at)) {
    const type = String.fromCharCode(...png.subarray(at + 4, at + 8));
    yield { type, content: png.subarray(at + 8, at + 8 + numbers.getUint32(at)) };
  }
}
