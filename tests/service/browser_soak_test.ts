/** Pages in Chromium, for the soak: what a person does with them. */
import assert from "node:assert/strict";
import { Background } from "../support/background.ts";
import { Browser } from "../support/browser.ts";
import { CliProcess } from "../support/cli.ts";
import { until } from "../support/condition.ts";
import { TestFolder } from "../support/folder.ts";
import { EndingProcesses } from "../support/made_up_load.ts";
import { SOAK } from "../support/soak.ts";

/** Folder for pictures; without it they are not kept. */
const PICTURES = Deno.env.get("WASM_BPF_PICTURES");

async function linkOf(run: CliProcess): Promise<string> {
  const printed = () => /^page: (\S+)$/m.exec(run.stderr)?.[1];
  await until("the link is printed", () => printed() !== undefined);
  return printed() ?? "";
}

/** Number of rows that the shown table has. */
const ROWS = `document.querySelectorAll("main > section:not([hidden]) .scroll tbody tr").length`;
/** Texts of a column of the shown table. */
const column = (at: number) =>
  `[...document.querySelectorAll("main > section:not([hidden]) .scroll tbody tr")]` +
  `.map((row) => row.children[${at}]?.textContent ?? "")`;
const state = `document.getElementById("state").textContent`;

async function picture(browser: Browser, name: string): Promise<void> {
  if (PICTURES !== undefined) await browser.picture(`${PICTURES}/${name}.png`);
}

async function clickTab(browser: Browser, name: string): Promise<void> {
  const tab = `[...document.querySelectorAll("#tabs button")].find((one) =>` +
    `one.textContent === ${JSON.stringify(name)})`;
  await browser.until(`${tab} !== undefined`);
  await browser.evaluate(`${tab}.click()`);
}

if (SOAK) {
  Deno.test("the page filters, sorts, pauses and fits a phone", async () => {
    using folder = new TestFolder();
    await using load = await EndingProcesses.create();
    await using run = new CliProcess(["--web", "--cgroup", load.path, "exitsnoop"]);
    const link = await linkOf(run);
    await using browser = await Browser.start(folder);
    await browser.resize(1280, 800);
    await browser.open(link);
    load.start(20);
    await browser.until(`${state} === "live" && ${ROWS} > 5`);
    await picture(browser, "run");
    const titles = await browser.evaluate<string[]>(
      `[...document.querySelectorAll("main > section:not([hidden]) .scroll thead th")]` +
        `.map((title) => title.textContent)`,
    );
    const pid = titles.findIndex((title) => title.startsWith("pid"));
    const comm = titles.findIndex((title) => title.startsWith("comm"));
    assert.ok(pid >= 0 && comm >= 0, titles.join());
    const filter = async (text: string) =>
      await browser.evaluate(`(() => {
        const input = document.querySelector("main > section:not([hidden]) input[type=search]");
        input.value = ${JSON.stringify(text)};
        input.dispatchEvent(new Event("input", { bubbles: true }));
      })()`);
    await filter("comm=true");
    await browser.until(`${ROWS} > 0 && ${column(comm)}.every((text) => text === "true")`);
    await filter("comm=nothing-has-this-name");
    await browser.until(`${ROWS} === 0`);
    await filter("");
    const sort =
      `document.querySelectorAll("main > section:not([hidden]) .scroll thead th")[${pid}]`;
    await browser.evaluate(`(${sort}.querySelector("button") ?? ${sort}).click()`);
    await browser.until(
      `(() => { const pids = ${column(pid)}.map(Number); return pids.length > 5 &&` +
        `pids.every((one, i) => i === 0 || pids[i - 1] >= one); })()`,
    );
    await browser.evaluate(`document.getElementById("pause").click()`);
    const before = await browser.evaluate<string[]>(column(pid));
    const printed = run.stdout.length;
    await until("the run goes on", () => run.stdout.length > printed + 500);
    assert.deepEqual(await browser.evaluate<string[]>(column(pid)), before);
    await browser.evaluate(`document.getElementById("pause").click()`);
    await browser.until(`${column(pid)}.join() !== ${JSON.stringify(before.join())}`);
    await browser.resize(390, 844, { dark: true });
    await browser.until(`innerWidth === 390`);
    // Nothing is wider than the screen: tables scroll by themselves.
    await browser.until(`document.documentElement.scrollWidth <= 390`);
    await picture(browser, "phone");
    await load.stop();
    run.kill("SIGINT");
    await browser.until(`${state}.startsWith("the run has ended")`);
  });

  Deno.test("a token that is wrong gets nothing", async () => {
    using folder = new TestFolder();
    await using run = new CliProcess(["--web", "exitsnoop"]);
    const link = await linkOf(run);
    await using browser = await Browser.start(folder);
    for (const wrong of [link.replace(/#.*/, ""), `${link}A`, link.replace(/#./, "#")]) {
      await browser.open(wrong);
      await browser.until(`${state}.startsWith("refused")`);
      assert.equal(await browser.evaluate(ROWS), 0);
    }
  });

  Deno.test("the page of all runs has the list and each run's records", async () => {
    using folder = new TestFolder();
    await using load = await EndingProcesses.create();
    await using runs = new Background();
    await runs.out("run", "-d", "--name", "one", "--cgroup", load.path, "exitsnoop");
    await using page = new CliProcess(["ps", "--web"], { env: runs.env });
    const link = await linkOf(page);
    await using browser = await Browser.start(folder);
    await browser.resize(1280, 800);
    await browser.open(link);
    load.start(20);
    await clickTab(browser, "runs");
    await browser.until(`${column(0)}.includes("one")`);
    await picture(browser, "runs");
    await clickTab(browser, "one:");
    await browser.until(`${ROWS} > 5`);
    await picture(browser, "one");
    await browser.resize(390, 844);
    await browser.until(`document.documentElement.scrollWidth <= 390`);
    await picture(browser, "runs-phone");
  });
}
