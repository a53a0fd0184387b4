/** Everything the package throws on purpose. Catch `ColorizerError` to catch them all. */

/** Base of the family; its message is one sentence that says what to do. */
export class ColorizerError extends Error {
  override name = "ColorizerError";
}

/** A photo cannot be read, is no photo, or is too large for this browser. */
export class PhotoError extends ColorizerError {
  override name = "PhotoError";
}

/** A model is not what its manifest says, or was not made for this version of the package. */
export class ModelIntegrityError extends ColorizerError {
  override name = "ModelIntegrityError";
}

/** The network's runtime, the model or the worker cannot be loaded. */
export class BackendUnavailable extends ColorizerError {
  override name = "BackendUnavailable";
}

/** An error as it travels between the worker and the page. */
export interface ErrorMessage {
  readonly name: string;
  readonly message: string;
}

const FAMILY = { ColorizerError, PhotoError, ModelIntegrityError, BackendUnavailable };

export function toMessage(error: unknown): ErrorMessage {
  return error instanceof Error || error instanceof DOMException
    ? { name: error.name, message: error.message }
    : { name: "ColorizerError", message: String(error) };
}

export function fromMessage({ name, message }: ErrorMessage): Error {
  if (name === "AbortError") return new DOMException(message, name);
  return new (FAMILY[name as keyof typeof FAMILY] ?? ColorizerError)(message);
}
