/** Makes what `npm pack` packs: dist, the model, the licence. Bundlers take dist/index.js; pages without one, the standalone worker. */

import { execFileSync } from "node:child_process";
import { cpSync, readFileSync, rmSync, writeFileSync } from "node:fs";

process.chdir(import.meta.dirname);
const run = (...command) => execFileSync("npx", command, { stdio: "inherit" });

for (const folder of ["dist", "models"]) rmSync(folder, { recursive: true, force: true });
run("tsc", "-p", "tsconfig.package.json");
run("rolldown", "src/worker.ts", "--format", "esm", "--minify", "--file", "dist/standalone-worker.js");
for (const name of ["litert_wasm_internal", "litert_wasm_compat_internal"]) {
  // A script that leaves its function in a variable; as a module it can be imported, by module workers and from anywhere.
  const script = readFileSync(`node_modules/@litertjs/core/wasm/${name}.js`, "utf-8");
  writeFileSync(`dist/${name}.mjs`, `${script}\nexport default ModuleFactory;\n`);
}
cpSync("../LICENSE", "LICENSE");

const bundled = JSON.parse(readFileSync("../sdk/models/manifest.json", "utf-8"));
const [ours] = bundled.artifacts.filter(({ backend }) => backend === "litert");
const manifest = JSON.stringify({ ...bundled, artifacts: [ours] }, null, 2);
for (const name of ["MODEL_CARD.md", ours.path]) cpSync(`../sdk/models/${name}`, `models/${name}`);
writeFileSync("models/manifest.json", `${manifest}\n`);
const artifact = readFileSync(`models/${ours.path}`, "base64");
writeFileSync("dist/inlined-model.js", `export default ${JSON.stringify({ manifest, artifact })};\n`);
writeFileSync(
  "dist/inlined-model.d.ts",
  'import type { InlinedModel } from "./protocol.js";\ndeclare const model: InlinedModel;\nexport default model;\n',
);
