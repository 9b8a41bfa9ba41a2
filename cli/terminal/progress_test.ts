import assert from "node:assert/strict";
import { openProgress, type ProgressOptions } from "./progress.ts";

/** Returns a display on a clock that the test advances, and its output. */
function display(options: ProgressOptions = {}) {
  const written: string[] = [];
  const clock = { ms: 1000 };
  const progress = openProgress({
    isTerminal: true,
    columns: () => 100,
    now: () => clock.ms,
    write: (text) => written.push(text),
    ...options,
  });
  return { progress, clock, written };
}

/** Returns the lines of a terminal after these bytes, for the sequences that displays use. */
function screen(written: string[]): string[] {
  const lines = [""];
  let row = 0;
  // deno-lint-ignore no-control-regex
  for (const [part] of written.join("").matchAll(/\x1b\[(\d+)A|\r|\x1b\[K|\n|[^\x1b\r\n]+/g)) {
    if (part === "\n") row++;
    else if (part.endsWith("A")) row -= parseInt(part.slice(2));
    else if (part === "\x1b[K") lines[row] = "";
    else if (part !== "\r") lines[row] += part;
    lines[row] ??= "";
  }
  return lines;
}

Deno.test("a terminal shows bar, share, rate and time left, then the result", () => {
  const { progress, clock, written } = display();
  const transfer = progress.start("layer", 100e6);
  transfer.update(1);
  clock.ms += 2000;
  transfer.update(25e6);
  assert.deepEqual(screen(written), [
    "layer                       100 MB  [======>                 ]  25%  12.5 MB/s  6s left",
    "",
  ]);
  clock.ms += 200;
  transfer.end("pulled");
  assert.deepEqual(screen(written), ["layer                       100 MB  pulled", ""]);
  progress[Symbol.dispose]();
});

Deno.test("a note replaces the bar until the next update", () => {
  const { progress, clock, written } = display();
  const transfer = progress.start("layer", 100e6);
  clock.ms += 200;
  transfer.note("another process is pulling it");
  assert.match(screen(written)[0] ?? "", /100 MB {2}another process is pulling it$/);
  clock.ms += 200;
  transfer.update(50e6);
  assert.match(screen(written)[0] ?? "", /\[=+> +\] {2}50%/);
  progress[Symbol.dispose]();
});

Deno.test("a terminal has one line per transfer, finished ones above", () => {
  const { progress, clock, written } = display();
  const two = progress.start("two", 10);
  clock.ms += 200;
  const one = progress.start("one", 10);
  clock.ms += 200;
  one.end("pulled");
  clock.ms += 200;
  progress.say("a word");
  clock.ms += 200;
  two.end("there already");
  progress[Symbol.dispose]();
  assert.deepEqual(screen(written), [
    "one                           10 B  pulled",
    "a word",
    "two                           10 B  there already",
    "",
  ]);
});

Deno.test("a terminal redraws only the lines of active transfers", () => {
  const { progress, clock, written } = display();
  const long = progress.start("long", 10);
  for (let count = 0; count < 100; count++) {
    clock.ms += 200;
    progress.start(`short ${count}`, 10).end("pulled");
  }
  clock.ms += 200;
  long.update(5);
  progress[Symbol.dispose]();
  // deno-lint-ignore no-control-regex
  const ups = written.join("").matchAll(/\x1b\[(\d+)A/g);
  assert.ok([...ups].every(([, count]) => Number(count) <= 2));
  assert.equal(screen(written).length, 102);
});

Deno.test("a terminal is redrawn at most ten times a second, and at the end", () => {
  const { progress, clock, written } = display();
  const transfer = progress.start("layer", 10_000);
  for (let bytes = 0; bytes < 10_000; bytes++) {
    clock.ms += 0.1;
    transfer.update(bytes);
  }
  assert.ok(written.length <= 12, String(written.length));
  transfer.end("pulled");
  progress[Symbol.dispose]();
  assert.match(screen(written)[0] ?? "", /pulled$/);
});

Deno.test("a terminal's lines never wrap, and names cannot control it", () => {
  const { progress, written } = display({ columns: () => 40 });
  progress.start("\x1b[2J".repeat(10), 1e9).update(5);
  progress[Symbol.dispose]();
  for (const line of screen(written)) assert.ok(line.length < 40);
  assert.ok(!written.join("").includes("\x1b[2J"));
});

Deno.test("the rate restarts after a lost connection, without earlier bytes", () => {
  const { progress, clock, written } = display();
  const transfer = progress.start("layer", 100e6);
  transfer.update(50e6);
  clock.ms += 1000;
  transfer.update(51e6);
  assert.match(screen(written)[0] ?? "", /51% {2}1\.00 MB\/s {2}49s left/);
  clock.ms += 1000;
  transfer.update(0);
  clock.ms += 1000;
  transfer.update(2e6);
  assert.match(screen(written)[0] ?? "", / 2% {2}2\.00 MB\/s {2}49s left/);
  progress[Symbol.dispose]();
});

Deno.test("a log has a line every ten seconds and at the end", () => {
  const { progress, clock, written } = display({ isTerminal: false });
  const transfer = progress.start("layer", 100e6);
  for (let second = 1; second <= 25; second++) {
    clock.ms += 1000;
    transfer.update(second * 1e6);
  }
  transfer.end("pulled");
  progress.say("done");
  assert.equal(written.length, 4);
  assert.match(written[0] ?? "", /^layer: 10\.0 MB of 100 MB, \d\.\d\d MB\/s\n$/);
  assert.deepEqual(written.slice(2), ["layer: 100 MB pulled\n", "done\n"]);
});

Deno.test("a transfer of unknown size shows what has arrived, and its rate", () => {
  for (const isTerminal of [true, false]) {
    const { progress, clock, written } = display({ isTerminal });
    const transfer = progress.start("tool.wasm", undefined);
    transfer.update(1);
    for (let second = 1; second <= 12; second++) {
      clock.ms += 1003;
      transfer.update(second * 5);
    }
    const line = isTerminal ? /^tool\.wasm +\d\d B {2}5 B\/s$/ : /^tool\.wasm: 50 B, 5 B\/s\n$/;
    assert.match((isTerminal ? screen(written) : written)[0] ?? "", line);
    transfer.end("fetched");
    progress[Symbol.dispose]();
    assert.match((isTerminal ? screen(written) : written.slice(-1))[0] ?? "", /60 B +fetched/);
  }
});

Deno.test("a quiet display prints nothing", () => {
  const { progress, written } = display({ quiet: true });
  const transfer = progress.start("layer", 10);
  transfer.update(5);
  transfer.end("pulled");
  progress.say("done");
  progress[Symbol.dispose]();
  assert.deepEqual(written, []);
});
