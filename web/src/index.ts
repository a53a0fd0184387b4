export { Colorizer, type ColorizeOptions, type EncodeOptions, type LoadOptions, type Photo } from "./colorizer.js";
export { DEFAULT_VIVIDNESS } from "./contract.js";
export { BackendUnavailable, ColorizerError, ModelIntegrityError, PhotoError } from "./errors.js";
export { type Hint, inPixels } from "./hints.js";
export type { Accelerator } from "./memory.js";
export type { Answer, Coloured, DeepPixels, Info, InlinedModel, Progress, Timings } from "./protocol.js";
export { hasRelaxedSimd } from "./simd.js";
export { type Suggestion, suggestColours } from "./suggestions.js";
