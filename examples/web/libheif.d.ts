/** What the page uses of libheif-js, whose own types are those of its C functions. */
declare module "libheif-js/libheif-wasm/libheif-bundle.mjs" {
  interface HeifImage {
    get_width(): number;
    get_height(): number;
    display(target: ImageData, done: (shown: ImageData | null) => void): void;
  }
  export default function start(): { HeifDecoder: new () => { decode(bytes: ArrayBuffer): HeifImage[] } };
}
