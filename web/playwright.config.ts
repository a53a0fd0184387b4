/** The page in a real browser, served by `colorize serve` as its users have it. */

import { existsSync } from "node:fs";

import { defineConfig, devices } from "@playwright/test";

// Debian's Chromium, where it is; otherwise the one `npx playwright install chromium` fetched.
const executablePath = ["/usr/bin/chromium"].find(existsSync);
/** The interpreter that has the SDK. */
export const PYTHON = process.env.PYTHON ?? "python";
const PORT = 8765;
const CLOCK = "clock.spec.ts";
const GPU = "webgpu.spec.ts"; // the same on a phone's screen
const DESKTOP = { viewport: { width: 1280, height: 800 } };

export default defineConfig({
  testDir: "e2e",
  timeout: 180_000,
  expect: { timeout: 45_000 }, // a busy machine is no fault of the page
  workers: 2, // files side by side: a browser waits half of its time
  reporter: "line",
  use: {
    baseURL: `http://127.0.0.1:${PORT}`,
    launchOptions: { executablePath, args: ["--no-sandbox"] },
    serviceWorkers: "allow",
    screenshot: "only-on-failure",
  },
  projects: [
    { name: "desktop", testIgnore: CLOCK, use: DESKTOP },
    { name: "phone", testIgnore: [CLOCK, GPU], use: { ...devices["Pixel 7"] } },
    { name: "clock", testMatch: CLOCK, use: DESKTOP, dependencies: ["desktop", "phone"] },
  ],
  webServer: {
    command: `${PYTHON} -m sdk serve --port ${PORT} --no-browser`,
    cwd: "..",
    url: `http://127.0.0.1:${PORT}/`,
    reuseExistingServer: false,
  },
});
