/** Other people's apps, built for production from the packed package: `npm run apps`. Minutes long, and npm needs its registry. */

import { defineConfig } from "@playwright/test";

import page from "../playwright.config.js";

export default defineConfig({ testDir: ".", timeout: 900_000, workers: 1, reporter: "line", use: { launchOptions: page.use?.launchOptions } });
