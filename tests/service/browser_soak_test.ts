/** Pages in Chromium, for the soak: what a person does with them. */
import assert from "node:assert/strict";
import { Background } from "../support/background.ts";
import { Browser } from "../support/browser.ts";
import { CliProcess } from "../support/cli.ts";
import { until } from "../support/condition.ts";
import { TestFolder } from "../support/folder.ts";
import { loopbackCertificate, selfSigned } from "../support/certificates.ts";
import { Repeating } from "../support/made_up_container.ts";
import { EndingProcesses } from "../support/made_up_load.ts";
import { recordGuest } from "../support/record_guest.ts";
import { SOAK } from "../support/soak.ts";
import { assembleTo } from "../support/wat.ts";

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

  Deno.test("a histogram is a heat map, and the page is served by TLS at all addresses", async () => {
    using folder = new TestFolder();
    const authority = await selfSigned(folder.path, "authority");
    const made = await loopbackCertificate(folder.path, authority);
    await using run = new CliProcess([
      ...["--web=0.0.0.0:0", `--web-cert=${made.certificateFile}`, `--web-key=${made.keyFile}`],
      ...["--interval", "300ms", "cpudist"],
    ]);
    const link = new URL(await linkOf(run));
    assert.equal(link.protocol, "https:");
    link.hostname = "localhost";
    await using browser = await Browser.start(folder, { trusts: true });
    await browser.resize(1280, 800);
    await browser.open(link.href);
    await browser.until(`${state} === "live"`);
    await clickTab(browser, "times");
    // Right of the labels, in the colour of the counts: as many columns as there were intervals.
    const columns = `(() => {
      const canvas = document.querySelector("main > section:not([hidden]) .card > canvas");
      if (!canvas || canvas.width < 200) return 0;
      const { data, width, height } = canvas.getContext("2d")
        .getImageData(0, 0, canvas.width, canvas.height - 18);
      let columns = 0, before = false;
      for (let x = 86; x < width; x++) {
        let filled = false;
        for (let y = 0; y < height; y++) filled ||= data[4 * (y * width + x) + 3] > 30;
        if (filled && !before) columns++;
        before = filled;
      }
      return columns;
    })()`;
    await browser.until(`${columns} >= 6`);
    await picture(browser, "heat");
    await browser.resize(390, 844, { dark: true });
    await browser.until(`document.documentElement.scrollWidth <= 390 && ${columns} >= 6`);
    await picture(browser, "heat-phone");
    // With this certificate, and not the token.
    await browser.open(link.href.replace(/#./, "#"));
    await browser.until(`${state}.startsWith("refused")`);
  });

  Deno.test("stacks are a flame graph that a click enlarges", async () => {
    using folder = new TestFolder();
    await using _busy = new Repeating(["perl", "-e", "while (1) {}"]);
    await using run = new CliProcess(["--web", "--interval", "500ms", "profile"]);
    await using browser = await Browser.start(folder);
    await browser.resize(1280, 800);
    await browser.open(await linkOf(run));
    const graph = `document.querySelector("main > section:not([hidden]) .flame")`;
    const boxes = `[...(${graph}?.children ?? [])]`;
    await browser.until(`document.querySelectorAll("#tabs button").length > 1`);
    const [tab] = await browser.evaluate<string[]>(
      `[...document.querySelectorAll("#tabs button")].map((one) => one.textContent)` +
        `.filter((text) => text !== "run")`,
    );
    await clickTab(browser, tab ?? "");
    // Functions of the busy process, within it: not tasks alone.
    await browser.until(`${boxes}.some((box) => /^Perl_\\w+: /.test(box.title))`);
    await browser.until(`${boxes}.some((box) => Number(box.dataset.depth) > 3)`);
    // Deep stacks are scrolled, and the outermost functions are seen.
    const shown = `document.querySelector("main > section:not([hidden]) .flame-scroll")`;
    await browser.until(`${shown}.clientHeight <= 0.6 * innerHeight + 1`);
    await browser.until(
      `${shown}.scrollHeight - ${shown}.scrollTop - ${shown}.clientHeight < 2`,
    );
    await picture(browser, "flame");
    await browser.evaluate(`document.getElementById("pause").click()`);
    const perl = `${boxes}.find((box) => box.title.startsWith("Perl_") && box.clientWidth < 1000)`;
    const title = await browser.evaluate<string>(`(() => {
      const box = ${perl};
      box.click();
      return box.title;
    })()`);
    const wide = `${boxes}.find((box) => box.title === ${JSON.stringify(title)}).offsetWidth`;
    // A border may be between the boxes.
    await browser.until(`${wide} >= ${graph}.clientWidth - 2`);
    await picture(browser, "flame-enlarged");
    await browser.evaluate(`${boxes}.find((box) => box.dataset.depth === "0").click()`);
    await browser.until(`${wide} < ${graph}.clientWidth - 2`);
  });

  Deno.test("Download JSON has the records of all sources with all digits", async () => {
    using folder = new TestFolder();
    const guest = await assembleTo(folder.at("guest.wasm"), GUEST);
    await using run = new CliProcess(["--web", guest]);
    await using browser = await Browser.start(folder);
    await browser.download(folder.path);
    await browser.open(await linkOf(run));
    await clickTab(browser, "events");
    await browser.until(`${ROWS} === 1`);
    await picture(browser, "records");
    await browser.evaluate(`document.getElementById("download").click()`);
    const file = folder.at("records.json");
    let text = "";
    await until("the file is there", async () => {
      text = await Deno.readTextFile(file).catch(() => "");
      return text !== "";
    });
    assert.match(text, /18446744073709551615/);
    const { events } = JSON.parse(text);
    assert.equal(events.length, 1);
    assert.equal(events[0].text, "</script>");
  });
}

/** Emits a record with markup and a number above 2^53, then sleeps for a minute. */
const GUEST = recordGuest({
  source: "events",
  schema: "u64 n; char text[16]",
  sizeBytes: 24,
  data: { 104: "\\ff\\ff\\ff\\ff\\ff\\ff\\ff\\ff</script>\\00" },
});
