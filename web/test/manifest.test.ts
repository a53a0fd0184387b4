import { readFileSync } from "node:fs";

import { expect, test } from "vitest";

import { AB, HINTS, LIGHTNESS, type TensorSpec, VIVID_AB } from "../src/contract.js";
import { ModelIntegrityError } from "../src/errors.js";
import { artifactUrl, parseManifest, verify } from "../src/manifest.js";

const folder = new URL("../../sdk/models/", import.meta.url);
const bundled = readFileSync(new URL("manifest.json", folder), "utf-8");

/** The bundled manifest with one thing changed. */
function altered(change: (manifest: any) => void): string {
  const manifest = JSON.parse(bundled);
  change(manifest);
  return JSON.stringify(manifest);
}

test("the bundled manifest is read, and its model is the one it describes", () => {
  const { artifact, tensors } = parseManifest(bundled);
  expect(tensors).toEqual({ side: 256, inputs: [LIGHTNESS, HINTS], outputs: [AB, VIVID_AB] });
  const model = readFileSync(artifactUrl(folder, artifact));
  expect(model.length).toBe(artifact.bytes);
  verify(model, artifact);
});

/** The artifact that browsers take. */
const litert = (manifest: any) => manifest.artifacts.find((artifact: any) => artifact.backend === "litert");

/** A tensor as Python lists it. */
const listed = (spec: TensorSpec) => ({ ...spec, meaning: "said in words" });

const schema2 = (change: (tensors: any) => void = () => {}) =>
  altered((manifest) => {
    manifest.schema = 2;
    manifest.tensors = { side: 256, inputs: [LIGHTNESS, HINTS].map(listed), outputs: [AB, VIVID_AB].map(listed) };
    change(manifest.tensors);
  });

const schema1 = (input: string) =>
  altered((manifest) => {
    manifest.schema = 1;
    manifest.tensors = { side: 256, input_name: input, output_name: "ab" };
  });

test("schema 1 is still read", () => {
  expect(parseManifest(schema1("lightness")).tensors).toEqual({ side: 256, inputs: [LIGHTNESS], outputs: [AB] });
});

test("schema 2 lists the tensors", () => {
  expect(parseManifest(schema2()).tensors).toEqual({ side: 256, inputs: [LIGHTNESS, HINTS], outputs: [AB, VIVID_AB] });
});

test("one changed bit is noticed", () => {
  const { artifact } = parseManifest(bundled);
  const model = readFileSync(artifactUrl(folder, artifact));
  model[1000] ^= 1;
  expect(() => verify(model, artifact)).toThrow(ModelIntegrityError);
});

test.each([
  ["no JSON", "<html>", /no JSON/],
  ["no object", "[]", /malformed/],
  ["another schema", altered((m) => (m.schema = 3)), /schema 3/],
  ["another input of schema 1", schema1("grey"), /not lightness and ab/],
  ["an unknown tensor", schema2((tensors) => (tensors.inputs[1].name = "depth")), /depth is not one this page knows/],
  ["another scale", schema2((tensors) => (tensors.outputs[0].scale = [128, 128])), /ab is not one this page knows/],
  ["a network without lightness", schema2((tensors) => tensors.inputs.shift()), /lightness is missing/],
  ["tensors that are no list", schema2((tensors) => (tensors.outputs = {})), /tensors.outputs/],
  ["other colour constants", altered((m) => (m.colour.chroma_scale = 128)), /colour constants/],
  ["no colour constants", altered((m) => delete m.colour), /colour constants/],
  ["no artifacts", altered((m) => (m.artifacts = [])), /no LiteRT artifact/],
  ["only an rgb artifact", altered((m) => (m.artifacts = [{ ...litert(m), variant: "rgb" }])), /no LiteRT artifact/],
  ["a null artifact", altered((m) => (m.artifacts = [null])), /malformed/],
  ["a short hash", altered((m) => (litert(m).sha256 = "12")), /sha256/],
  ["a side of text", altered((m) => (m.tensors.side = "256")), /tensors.side/],
  ["no tensors", altered((m) => delete m.tensors), /tensors/],
])("%s is refused", (_, text, message) => {
  expect(() => parseManifest(text)).toThrow(ModelIntegrityError);
  expect(() => parseManifest(text)).toThrow(message);
});

test.each(["../secret.onnx", "/secret.onnx", "https://elsewhere.example/model.onnx"])("%s is outside", (path) => {
  const { artifact } = parseManifest(bundled);
  const served = new URL("https://page.example/models/");
  expect(() => artifactUrl(served, { ...artifact, path })).toThrow(/outside/);
  expect(artifactUrl(served, artifact).href).toBe("https://page.example/models/student-int8.tflite");
});
