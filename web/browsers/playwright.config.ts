/** The page in Firefox and in Safari's engine: `npm run browsers`. Each is skipped, loudly, where it is not installed. */

import { defineConfig } from "@playwright/test";

import page from "../playwright.config.js";

export default defineConfig({ ...page, testDir: ".", workers: 1, projects: [{ name: "browsers" }] });
