/** What a spec asks of a browser that Playwright cannot drive, whichever protocol that browser speaks. */

export interface Driver {
  /** As in "Firefox 153.0". */
  readonly name: string;
  open(address: string): Promise<void>;
  /** Calls a function in the page; what goes in and comes out is JSON. */
  call<Given extends unknown[], Result>(work: (...given: Given) => Result | Promise<Result>, ...given: Given): Promise<Result>;
  /** Presses the mouse's button at a place of the window, in pixels. */
  press(x: number, y: number): Promise<void>;
  /** Gives a file input a file of this machine. */
  choose(selector: string, path: string): Promise<void>;
  /** A PNG in base64. */
  screenshot(): Promise<string>;
  close(): Promise<void>;
}

/** A function as the source of one that takes and gives text. */
export function asText(work: (...given: never[]) => unknown): string {
  return `async (given) => JSON.stringify(await (${work})(...JSON.parse(given))) ?? "null"`;
}

/** A click as both protocols write it (WebDriver, 15.4). */
export function click(x: number, y: number) {
  const actions = [{ type: "pointerMove", x, y }, { type: "pointerDown", button: 0 }, { type: "pointerUp", button: 0 }];
  return [{ type: "pointer", id: "mouse", parameters: { pointerType: "mouse" }, actions }];
}
