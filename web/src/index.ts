export type { Chroma } from "./color";
export { Colorizer, type ColorizeOptions, type EncodeOptions, type LoadOptions, type Photo } from "./colorizer";
export { BackendUnavailable, ColorizerError, ModelIntegrityError, PhotoError } from "./errors";
export type { Coloured, Info, Progress, Timings } from "./protocol";
