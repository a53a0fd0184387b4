/** Firefox by WebDriver BiDi, which it speaks without a driver beside it (https://w3c.github.io/webdriver-bidi). */

import { type ChildProcess, spawn } from "node:child_process";
import { mkdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { createInterface } from "node:readline";

import { type Driver, asText, click } from "./driver";

/** @param folder of its own; what the page saves lies there afterwards. */
export async function openFirefox(program: string, folder: string): Promise<Driver> {
  const profile = join(folder, "profile");
  mkdirSync(profile, { recursive: true });
  const preferences = { "browser.download.folderList": 2, "browser.download.dir": folder };
  writeFileSync(join(profile, "user.js"), Object.entries(preferences).map(([name, value]) => `user_pref(${JSON.stringify(name)}, ${JSON.stringify(value)});\n`).join(""));
  const firefox = spawn(program, ["--headless", "--no-remote", "--profile", profile, "--remote-debugging-port=0"]);
  try {
    const socket = new WebSocket(`${await said(firefox, /^WebDriver BiDi listening on (\S+)$/)}/session`);
    await new Promise((resolve, reject) => Object.assign(socket, { onopen: resolve, onerror: reject }));
    return await drive(firefox, socket);
  } catch (error) {
    firefox.kill();
    throw error;
  }
}

async function drive(firefox: ChildProcess, socket: WebSocket): Promise<Driver> {
  const send = sender(socket);
  const { capabilities } = await send("session.new", { capabilities: {} });
  const { contexts } = await send("browsingContext.getTree", {});
  const { context } = contexts[0];
  return {
    name: `Firefox ${capabilities.browserVersion}`,
    open: (url) => send("browsingContext.navigate", { context, url, wait: "complete" }),
    async call(work, ...given) {
      const text = { type: "string", value: JSON.stringify(given) };
      const asked = { functionDeclaration: asText(work), arguments: [text], awaitPromise: true, target: { context } };
      const { result, exceptionDetails } = await send("script.callFunction", asked);
      if (exceptionDetails) throw new Error(exceptionDetails.text);
      return JSON.parse(result.value);
    },
    press: (x, y) => send("input.performActions", { context, actions: click(x, y) }),
    async choose(selector, path) {
      const { nodes } = await send("browsingContext.locateNodes", { context, locator: { type: "css", value: selector } });
      await send("input.setFiles", { context, element: { sharedId: nodes[0].sharedId }, files: [path] });
    },
    screenshot: async () => (await send("browsingContext.captureScreenshot", { context })).data,
    async close() {
      const ended = new Promise((resolve) => firefox.once("exit", resolve));
      socket.close();
      firefox.kill();
      await ended;
    },
  };
}

/** @returns what sends a command and waits for its answer, whose shape the protocol says. */
function sender(socket: WebSocket) {
  let last = 0;
  return (method: string, params: object): Promise<any> =>
    new Promise((resolve, reject) => {
      const id = ++last;
      const listen = ({ data }: MessageEvent<string>) => {
        const answer = JSON.parse(data);
        if (answer.id !== id) return;
        socket.removeEventListener("message", listen);
        if (answer.type === "success") resolve(answer.result);
        else reject(new Error(`${method}: ${answer.message}`));
      };
      socket.addEventListener("message", listen);
      socket.send(JSON.stringify({ id, method, params }));
    });
}

/** Waits for a line on a program's standard error. */
async function said(program: ChildProcess, wanted: RegExp): Promise<string> {
  if (program.stderr) for await (const line of createInterface(program.stderr)) if (wanted.test(line)) return line.replace(wanted, "$1");
  throw new Error("Firefox ended before it could be driven.");
}
