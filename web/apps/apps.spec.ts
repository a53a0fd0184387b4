import { execFileSync } from "node:child_process";
import { cpSync, existsSync, mkdirSync, mkdtempSync, readFileSync, readdirSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";

import { type Page, expect, test } from "@playwright/test";

import { FOR_ANYONE, type FolderServer, ISOLATED, serveFolder } from "../e2e/server";

const here = (path: string) => fileURLToPath(new URL(path, import.meta.url));
const PHOTO = here("../../examples/photos/cat.jpg");

let work: string;
let packed: string;
const servers: FolderServer[] = [];

test.beforeAll(() => {
  work = mkdtempSync(join(tmpdir(), "apps-"));
  run(here(".."), "npm", "pack", "--pack-destination", work);
  packed = join(work, readdirSync(work)[0]);
});
test.afterAll(() => rmSync(work, { recursive: true }));
test.afterEach(() => servers.splice(0).forEach((server) => server.close()));

function run(cwd: string, command: string, ...rest: string[]): string {
  return execFileSync(command, rest, { cwd, encoding: "utf-8", env: { ...process.env, NEXT_TELEMETRY_DISABLED: "1" } });
}

/** A fresh copy of an app, with the package installed as a stranger would. */
function install(name: string, ...packages: string[]): string {
  const app = join(work, name);
  if (existsSync(here(name))) cpSync(here(name), app, { recursive: true });
  else mkdirSync(app);
  run(app, "npm", "install", "--no-audit", "--no-fund", packed, ...packages);
  return app;
}

function build(name: string, out: string): string {
  const app = install(name);
  mkdirSync(join(app, "public"), { recursive: true });
  run(app, "npm", "run", "build");
  cpSync(PHOTO, join(app, out, "cat.jpg"));
  return join(app, out);
}

async function serve(folder: string, headers: Record<string, string>): Promise<string> {
  const server = await serveFolder(folder, headers);
  servers.push(server);
  return server.address;
}

/** Waits for a photo in colour. */
async function colours(page: Page, address: string): Promise<void> {
  const said: string[] = [];
  page.on("console", (message) => said.push(message.text()));
  page.on("pageerror", (error) => said.push(String(error)));
  await page.goto(address);
  await expect(page, said.join("; ")).toHaveTitle("coloured", { timeout: 90_000 }).catch((error: Error) => {
    throw new Error(`${error.message}\n${said.join("\n")}`);
  });
  const apart = await page.locator("canvas").evaluate((canvas: HTMLCanvasElement) => {
    const { data } = (canvas.getContext("2d") as CanvasRenderingContext2D).getImageData(0, 0, canvas.width, canvas.height);
    let sum = 0;
    for (let at = 0; at < data.length; at += 4) sum += Math.abs(data[at] - data[at + 2]);
    return sum / (data.length / 4);
  });
  expect(apart).toBeGreaterThan(5);
}

for (const [name, out] of [["vite", "dist"], ["webpack", "dist"], ["next", "out"]]) {
  test(`${name} builds an app for production, and it colours a photo`, async ({ page }) => {
    const site = build(name, out);
    if (name === "webpack") cpSync(here("webpack/index.html"), join(site, "index.html"));
    await colours(page, await serve(site, {}));
    await colours(page, await serve(site, ISOLATED));
    const files = readdirSync(site, { recursive: true, encoding: "utf-8" });
    expect(files.filter((file) => file.endsWith(".wasm")), "both builds of LiteRT are there, and once").toHaveLength(2);
  });
}

test("a page without a bundler takes it from another origin, isolated or not", async ({ page }) => {
  const app = install("cdn");
  cpSync(PHOTO, join(app, "cat.jpg"));
  const cdn = await serve(join(app, "node_modules"), FOR_ANYONE);
  await colours(page, `${await serve(app, {})}#${cdn}`);
  await colours(page, `${await serve(app, ISOLATED)}#${cdn}`);
});

test("its types serve nodenext and bundler, and a server may import it", () => {
  const app = install("types", "typescript@^7.0.2");
  cpSync(here("types.ts"), join(app, "types.ts"));
  writeFileSync(join(app, "package.json"), readFileSync(join(app, "package.json"), "utf-8").replace("{", '{ "type": "module",'));
  for (const [module, resolution] of [["nodenext", "nodenext"], ["esnext", "bundler"]]) {
    const options = ["--strict", "--noEmit", "--target", "es2022", "--lib", "es2023,dom", "--types", ""];
    run(app, "npx", "tsc", ...options, "--module", module, "--moduleResolution", resolution, "types.ts");
  }
  expect(run(app, "node", "--input-type=module", "-e", 'import { Colorizer } from "edge-colorizer-web"; console.log(typeof Colorizer.load)')).toBe("function\n");
});

test("the package is licensed and holds what its README says", () => {
  const files = run(work, "tar", "-tzf", packed).split("\n");
  for (const name of ["LICENSE", "README.md", "models/manifest.json", "models/student-int8.tflite", "dist/index.d.ts"]) {
    expect(files).toContain(`package/${name}`);
  }
  expect(files.filter((name) => name.endsWith(".wasm"))).toEqual([]);
});
