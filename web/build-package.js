/** Makes what `npm pack` packs: dist, the model, the licence. Bundlers take dist/index.js; pages without one, the standalone worker. */

import { execFileSync } from "node:child_process";
import { cpSync, readFileSync, rmSync, writeFileSync } from "node:fs";

process.chdir(import.meta.dirname);
const run = (...command) => execFileSync("npx", command, { stdio: "inherit" });

for (const folder of ["dist", "models"]) rmSync(folder, { recursive: true, force: true });
run("tsc", "-p", "tsconfig.package.json");
run("rolldown", "src/worker.ts", "--format", "esm", "--minify", "--file", "dist/standalone-worker.js");
cpSync("../LICENSE", "LICENSE");

const manifest = readFileSync("../sdk/models/manifest.json", "utf-8");
const { path } = JSON.parse(manifest).artifacts.find(({ backend }) => backend === "onnx");
for (const name of ["manifest.json", "MODEL_CARD.md", path]) cpSync(`../sdk/models/${name}`, `models/${name}`);
const artifact = readFileSync(`../sdk/models/${path}`, "base64");
writeFileSync("dist/inlined-model.js", `export default ${JSON.stringify({ manifest, artifact })};\n`);
writeFileSync(
  "dist/inlined-model.d.ts",
  'import type { InlinedModel } from "./protocol.js";\ndeclare const model: InlinedModel;\nexport default model;\n',
);
