/** The figures of docs/web.md: `npm run figures`, on a machine that does nothing else. */

import { defineConfig } from "@playwright/test";

import page from "../playwright.config.js";

export default defineConfig({ ...page, testDir: ".", projects: [{ name: "desktop", use: { viewport: { width: 1280, height: 800 } } }] });
