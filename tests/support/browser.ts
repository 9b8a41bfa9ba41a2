/** Chromium without a screen, driven by the DevTools protocol. */
import assert from "node:assert/strict";
import { until } from "./condition.ts";
import type { TestFolder } from "./folder.ts";

type Reply = { id?: number; result?: Record<string, unknown>; error?: { message: string } };

/** One page of a browser, which ends with it. */
export class Browser implements AsyncDisposable {
  readonly #child: Deno.ChildProcess;
  readonly #socket: WebSocket;
  readonly #waiting = new Map<number, PromiseWithResolvers<Record<string, unknown>>>();
  #sent = 0;

  private constructor(child: Deno.ChildProcess, socket: WebSocket) {
    this.#child = child;
    this.#socket = socket;
    socket.onmessage = ({ data }) => {
      const { id, result, error } = JSON.parse(String(data)) as Reply;
      const waiting = this.#waiting.get(id ?? -1);
      this.#waiting.delete(id ?? -1);
      if (error === undefined) waiting?.resolve(result ?? {});
      else waiting?.reject(new Error(error.message));
    };
  }

  /**
   * Starts Chromium, with its profile in a folder.
   *
   * @param options.trusts true to take certificates of every authority
   */
  static async start(folder: TestFolder, { trusts = false } = {}): Promise<Browser> {
    const profile = folder.at("profile");
    const child = new Deno.Command("chromium", {
      args: [
        ...["--headless=new", "--no-sandbox", "--disable-gpu", "--disable-dev-shm-usage"],
        ...["--remote-debugging-port=0", `--user-data-dir=${profile}`, "--no-first-run"],
        ...(trusts ? ["--ignore-certificate-errors"] : []),
        ...["--disable-background-networking", "--disable-extensions", "about:blank"],
      ],
      env: { HOME: folder.path },
      stdin: "null",
      stdout: "null",
      stderr: "null",
    }).spawn();
    let port = "";
    await until("Chromium listens", async () => {
      const text = await Deno.readTextFile(`${profile}/DevToolsActivePort`).catch(() => "");
      port = text.split("\n")[0] ?? "";
      return text.includes("\n");
    });
    let address: string | undefined;
    await until("a page is open", async () => {
      const pages = await (await fetch(`http://127.0.0.1:${port}/json/list`)).json();
      address = pages.find(({ type }: { type: string }) => type === "page")?.webSocketDebuggerUrl;
      return address !== undefined;
    });
    const socket = new WebSocket(address ?? "");
    const opened = Promise.withResolvers<void>();
    socket.onopen = () => opened.resolve();
    socket.onerror = () => opened.reject(new Error("Chromium refuses the connection"));
    await opened.promise;
    return new Browser(child, socket);
  }

  /** Calls a method of the protocol. */
  async call(
    method: string,
    params: Record<string, unknown> = {},
  ): Promise<Record<string, unknown>> {
    const id = ++this.#sent;
    const waiting = Promise.withResolvers<Record<string, unknown>>();
    this.#waiting.set(id, waiting);
    this.#socket.send(JSON.stringify({ id, method, params }));
    return await waiting.promise;
  }

  /** Opens an address. */
  async open(url: string): Promise<void> {
    // A change of the fragment alone would not load the page again.
    await this.call("Page.navigate", { url: "about:blank" });
    const { errorText } = await this.call("Page.navigate", { url });
    assert.equal(errorText, undefined);
  }

  /** Evaluates an expression in the page. */
  async evaluate<T>(expression: string): Promise<T> {
    const { result, exceptionDetails } = await this.call("Runtime.evaluate", {
      expression,
      returnByValue: true,
      awaitPromise: true,
    }) as { result: { value: T }; exceptionDetails?: unknown };
    assert.equal(exceptionDetails, undefined, expression);
    return result.value;
  }

  /** Waits until an expression is true in the page. */
  async until(expression: string): Promise<void> {
    let last: unknown;
    await until(expression, async () => {
      last = await this.evaluate(expression).catch((error: Error) => error.message);
      return last === true;
    }).catch(async (cause) => {
      const text = await this.evaluate("document.body.innerText.slice(0, 2000)").catch(() => "");
      throw new Error(`${expression}: ${last}\n${text}`, { cause });
    });
  }

  /** Keeps downloads of the page in a folder. */
  async download(folder: string): Promise<void> {
    await this.call("Browser.setDownloadBehavior", { behavior: "allow", downloadPath: folder });
  }

  /** Sets the size of the window, in CSS pixels. */
  async resize(width: number, height: number, { dark = false } = {}): Promise<void> {
    await this.call("Emulation.setDeviceMetricsOverride", {
      ...{ width, height, deviceScaleFactor: 1, mobile: width < 600 },
    });
    await this.call("Emulation.setEmulatedMedia", {
      features: [{ name: "prefers-color-scheme", value: dark ? "dark" : "light" }],
    });
  }

  /** Writes a picture of what is seen. */
  async picture(path: string): Promise<void> {
    const { data } = await this.call("Page.captureScreenshot", { format: "png" });
    await Deno.writeFile(path, Uint8Array.fromBase64(String(data)));
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#socket.close();
    this.#child.kill("SIGTERM");
    await this.#child.status;
  }
}
