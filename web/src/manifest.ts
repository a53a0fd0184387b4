/**
 * What a model folder says about itself, and the proof that it tells the truth: `sdk/manifest.py` for the browser.
 *
 * Nothing is opened by the runtime before its hash has been checked, and there is no switch to turn that off.
 */

import { sha256 } from "@noble/hashes/sha2.js";
import { bytesToHex } from "@noble/hashes/utils.js";

import { CONSTANTS } from "./color.js";
import { AB, type Contract, HINTS, LIGHTNESS, type TensorSpec, VIVID_AB } from "./contract.js";
import { ModelIntegrityError } from "./errors.js";

const SCHEMAS = [1, 2];

export interface Artifact {
  readonly path: string;
  readonly precision: string;
  readonly sha256: string;
  readonly bytes: number;
}

export interface Manifest {
  readonly modelName: string;
  readonly modelVersion: string;
  readonly tensors: Contract;
  readonly artifact: Artifact;
}

/**
 * Reads a manifest and finds the first LiteRT artifact in it.
 *
 * @throws ModelIntegrityError where it is malformed, of an unknown schema, made with other colour constants, or has
 *   nothing for a browser.
 */
export function parseManifest(text: string): Manifest {
  const content = record(parseJson(text), "the manifest");
  if (!SCHEMAS.includes(content.schema as number)) {
    throw new ModelIntegrityError(`The manifest has schema ${String(content.schema)}, this page knows ${SCHEMAS}; update it.`);
  }
  if (canonical(content.colour) !== canonical(CONSTANTS)) {
    throw new ModelIntegrityError("The model was made with other colour constants; its colours would be wrong here.");
  }
  const model = record(content.model, "model");
  const tensors = record(content.tensors, "tensors");
  return {
    modelName: string(model.name, "model.name"),
    modelVersion: string(model.version, "model.version"),
    tensors: content.schema === 1 ? oneTensorEachWay(tensors) : tensorLists(tensors),
    artifact: findArtifact(content.artifacts),
  };
}

/**
 * Where an artifact lies.
 *
 * @throws ModelIntegrityError where that is outside the model's folder.
 */
export function artifactUrl(folder: URL, artifact: Artifact): URL {
  const url = new URL(artifact.path, folder);
  if (!url.href.startsWith(folder.href)) {
    throw new ModelIntegrityError(`${artifact.path} points outside the model's folder; do not use this model.`);
  }
  return url;
}

/** @throws ModelIntegrityError where the bytes are not the ones the manifest describes. */
export function verify(bytes: Uint8Array, artifact: Artifact): void {
  // WebCrypto would do, but browsers withhold it from pages on a local network's plain http.
  if (bytesToHex(sha256(bytes)) !== artifact.sha256) {
    throw new ModelIntegrityError("The model is not the file its manifest describes, so it was not opened; load it again.");
  }
}

/** Schema 1: lightness in and ab out, by name alone. */
function oneTensorEachWay({ side, input_name, output_name }: Record<string, unknown>): Contract {
  if (input_name !== LIGHTNESS.name || output_name !== AB.name) throw malformed("its tensors are not lightness and ab");
  return { side: count(side, "tensors.side"), inputs: [LIGHTNESS], outputs: [AB] };
}

/** Schema 2: each tensor with its scale, which must be ours. */
function tensorLists({ side, inputs, outputs }: Record<string, unknown>): Contract {
  return {
    side: count(side, "tensors.side"),
    inputs: known(inputs, "tensors.inputs", [LIGHTNESS, HINTS]),
    outputs: known(outputs, "tensors.outputs", [AB, VIVID_AB]),
  };
}

/** A list of tensors that this page knows; the first, lightness or faithful chroma, is always in it. */
function known(entries: unknown, name: string, ours: readonly TensorSpec[]): TensorSpec[] {
  if (!Array.isArray(entries)) throw malformed(name);
  const specs = entries.map((entry) => {
    const { meaning, ...numbers } = record(entry, name);
    const spec = ours.find((one) => canonical(one) === canonical(numbers));
    if (!spec) throw malformed(`the tensor ${String(numbers.name)} is not one this page knows`);
    return spec;
  });
  if (!specs.includes(ours[0])) throw malformed(`${ours[0].name} is missing`);
  return specs;
}

function findArtifact(artifacts: unknown): Artifact {
  if (!Array.isArray(artifacts)) throw malformed("artifacts");
  const ours = artifacts
    .map((entry) => record(entry, "artifacts"))
    .find((entry) => entry.backend === "litert" && entry.variant === "lab");
  if (!ours) throw new ModelIntegrityError("The manifest has no LiteRT artifact, which is what a browser needs.");
  const hash = string(ours.sha256, "sha256");
  if (!/^[0-9a-f]{64}$/.test(hash)) throw malformed("sha256");
  return {
    path: string(ours.path, "path"),
    precision: string(ours.precision, "precision"),
    sha256: hash,
    bytes: count(ours.bytes, "bytes"),
  };
}

function parseJson(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    throw malformed("it is no JSON");
  }
}

function record(value: unknown, name: string): Record<string, unknown> {
  if (typeof value !== "object" || value === null || Array.isArray(value)) throw malformed(name);
  return value as Record<string, unknown>;
}

function string(value: unknown, name: string): string {
  if (typeof value !== "string" || value === "") throw malformed(name);
  return value;
}

function count(value: unknown, name: string): number {
  if (typeof value !== "number" || !Number.isSafeInteger(value) || value <= 0) throw malformed(name);
  return value;
}

/** JSON with sorted keys, so that equal values are equal text. */
function canonical(value: unknown): string {
  return JSON.stringify(value, (_, entry) =>
    typeof entry === "object" && entry !== null && !Array.isArray(entry)
      ? Object.fromEntries(Object.entries(entry).sort(([one], [other]) => (one < other ? -1 : 1)))
      : entry,
  );
}

function malformed(what: string): ModelIntegrityError {
  return new ModelIntegrityError(`The manifest is malformed (${what}); load the model again.`);
}
