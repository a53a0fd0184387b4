/** Safari's engine, as GTK's MiniBrowser has it, by WebDriver (https://www.w3.org/TR/webdriver2). */

import { type ChildProcess, spawn } from "node:child_process";

import { type Driver, asText, click } from "./driver";

const PORT = 8766;
const PATIENCE_MS = 20_000;

/** @param folder of its own; what the page saves lies there afterwards. */
export async function openWebKit(browser: string, folder: string): Promise<Driver> {
  // A screen that nobody sees: WebKit has no other way to be without one.
  const driver = spawn("xvfb-run", ["--auto-servernum", "WebKitWebDriver", `--port=${PORT}`], {
    detached: true,
    env: { ...process.env, HOME: folder, XDG_DATA_HOME: folder, XDG_CACHE_HOME: folder, XDG_CONFIG_HOME: folder },
  });
  try {
    await answering();
    const options = { "webkitgtk:browserOptions": { binary: browser, args: ["--automation"] } };
    const { sessionId, capabilities } = await send("POST", "/session", { capabilities: { alwaysMatch: options } });
    return drive(driver, `/session/${sessionId}`, `WebKitGTK ${capabilities.browserVersion}`);
  } catch (error) {
    end(driver);
    throw error;
  }
}

function drive(driver: ChildProcess, session: string, name: string): Driver {
  return {
    name,
    open: (url) => send("POST", `${session}/url`, { url }),
    async call(work, ...given) {
      const script = `const [given, done] = arguments; (${asText(work)})(given).then(done, (error) => done({ error: String(error) }))`;
      const answer = await send("POST", `${session}/execute/async`, { script, args: [JSON.stringify(given)] });
      if (typeof answer !== "string") throw new Error(answer.error);
      return JSON.parse(answer);
    },
    press: (x, y) => send("POST", `${session}/actions`, { actions: click(x, y) }),
    async choose(selector, path) {
      const found = await send("POST", `${session}/element`, { using: "css selector", value: selector });
      await send("POST", `${session}/element/${Object.values(found)[0]}/value`, { text: path });
    },
    screenshot: () => send("GET", `${session}/screenshot`),
    async close() {
      await send("DELETE", session);
      end(driver);
    },
  };
}

/** @returns the value of the answer, whose shape the protocol says. */
async function send(method: string, path: string, body?: object): Promise<any> {
  const response = await fetch(`http://127.0.0.1:${PORT}${path}`, { method, body: body && JSON.stringify(body) });
  const { value } = await response.json();
  if (!response.ok) throw new Error(`${path}: ${value.message}`);
  return value;
}

async function answering(): Promise<void> {
  const deadline = Date.now() + PATIENCE_MS;
  while (Date.now() < deadline) {
    if (await send("GET", "/status").catch(() => undefined)) return;
    await new Promise((resolve) => setTimeout(resolve, 200));
  }
  throw new Error("WebKitWebDriver does not answer.");
}

/** With the screen and the browser, which are of its group. */
function end({ pid }: ChildProcess): void {
  if (pid) process.kill(-pid);
}
