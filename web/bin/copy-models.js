#!/usr/bin/env node
/** Copies the bundled model and its manifest to where an app serves files from: `npx edge-colorizer-web public/models`. */

import { cp } from "node:fs/promises";
import { fileURLToPath } from "node:url";

const [folder] = process.argv.slice(2);
if (!folder) {
  console.error("Say where to: npx edge-colorizer-web public/models");
  process.exit(1);
}
await cp(fileURLToPath(new URL("../models", import.meta.url)), folder, { recursive: true });
