/** Screens of guests that emit records: their keys, and the terminal after each end. */
import assert from "node:assert/strict";
import { WASM_BPF } from "../support/cli.ts";
import { until } from "../support/condition.ts";
import { TestFolder } from "../support/folder.ts";
import { isAttached, pictureOf, TerminalRun } from "../support/terminal.ts";
import { assembleTo } from "../support/wat.ts";

/**
 * Guest that shows a table of three rows 20 times a second, and ends after `rounds` tables. The calls of
 * "aa" grow.
 */
const tableGuest = (rounds: number, end: string) =>
  `(module
  (import "wasm_bpf_ext" "records_open" (func $open (param i32 i32 i32 i32 i32) (result i32)))
  (import "wasm_bpf_ext" "records_write" (func $write (param i32 i32 i32) (result i32)))
  (import "wasm_bpf_ext" "records_flush" (func $flush (param i32) (result i32)))
  (import "wasi_snapshot_preview1" "poll_oneoff" (func $poll (param i32 i32 i32 i32) (result i32)))
  (import "wasi_snapshot_preview1" "proc_exit" (func $exit (param i32)))
  (memory (export "memory") 1)
  (data (i32.const 16) "counts\\00")
  (data (i32.const 32) "u32 calls; char comm[8]\\00")
  (data (i32.const 100) "\\02\\00\\00\\00bb\\00\\00\\00\\00\\00\\00")
  (data (i32.const 112) "\\03\\00\\00\\00aa\\00\\00\\00\\00\\00\\00")
  (data (i32.const 124) "\\01\\00\\00\\00\\1b[31mcc\\00")
  ;; A clock: monotonic, 50 ms.
  (data (i32.const 216) "\\01\\00\\00\\00\\00\\00\\00\\00\\80\\f0\\fa\\02\\00\\00\\00\\00")
  (func (export "_start") (local $left i32)
    (local.set $left (i32.const ${rounds}))
    (drop (call $open (i32.const 16) (i32.const 32) (i32.const 0) (i32.const 0) (i32.const 1)))
    (loop $again
      (i32.store (i32.const 112) (i32.add (i32.load (i32.const 112)) (i32.const 1)))
      (drop (call $write (i32.const 1) (i32.const 100) (i32.const 36)))
      (drop (call $flush (i32.const 1)))
      (drop (call $poll (i32.const 200) (i32.const 300) (i32.const 1) (i32.const 400)))
      (local.set $left (i32.sub (local.get $left) (i32.const 1)))
      (br_if $again (local.get $left)))
    ${end}))
`;

const FOREVER = -1;

/** Lines of the frame that was drawn last and whole. */
const lastFrame = (drawn: string) => {
  const frames = drawn.split("\x1b[H");
  return pictureOf(`\x1b[H${frames.at(-2) ?? ""}`, 60).lines;
};

Deno.test("--top of a guest sorts, pauses and ends by keys, and leaves its last table", async () => {
  using folder = new TestFolder();
  const guest = await assembleTo(folder.at("guest.wasm"), tableGuest(FOREVER, ""));
  await using run = new TerminalRun([WASM_BPF, "--top", guest], { rows: 12, columns: 60 });
  await run.waitFor(/CALLS COMM[^]*aa/);
  assert.equal(await run.isCooked(), false);
  const press = async (key: string, pattern: RegExp) => {
    const from = run.drawn.length;
    await run.type(key);
    await run.waitFor(pattern, from);
  };
  await press("s", /order: -calls/);
  await until("the highest is first", () => {
    return /COMM, +\d+ aa, +2 bb, +1 \\x1b\[31mcc/.test(lastFrame(run.drawn).join());
  });
  await press("s", /order: -comm/);
  await press("r", /order: comm/);
  await press("h", /keys: q ends/);
  await press("p", /paused: p goes on; order: comm/);
  await press("p", /\[Horder: comm|keys: q ends[^]*\norder: comm/);
  await run.type("q");
  const { end, isCooked, drawn } = await run.result();
  assert.deepEqual({ end, isCooked }, { end: "exit 0", isCooked: true });
  const { lines, isAlternate, hasCursor, unknown } = pictureOf(drawn, 60);
  assert.deepEqual({ isAlternate, hasCursor, unknown }, {
    ...{ isAlternate: false, hasCursor: true, unknown: [] },
  });
  assert.match(lines[0] ?? "", /CALLS COMM/);
  assert.equal(lines.filter((line) => line !== "").length, 4, drawn);
});

Deno.test("keys reach a guest of the box that has nothing to show", async () => {
  const words = [WASM_BPF, "opensnoop", "--top", "-n", "no-such-name"];
  await using run = new TerminalRun(words, { rows: 12, columns: 60 });
  await until("the tool is attached", () => isAttached(words));
  await run.type("h");
  await run.waitFor(/keys: q ends/);
  await run.type("q");
  const { end, isCooked, drawn } = await run.result();
  assert.deepEqual({ end, isCooked }, { end: "exit 0", isCooked: true });
  const { isAlternate, hasCursor } = pictureOf(drawn, 60);
  assert.deepEqual({ isAlternate, hasCursor }, { isAlternate: false, hasCursor: true });
});

/** Ends of a guest: the rounds before it, its last instruction, keys that are typed, the end. */
const ENDS: readonly [name: string, rounds: number, last: string, keys: string, end: RegExp][] = [
  ["a trap", 8, "unreachable", "", /^exit 134$/],
  ["an error", 8, "(call $exit (i32.const 3))", "", /^exit 3$/],
  ["its end", 8, "", "", /^exit 0$/],
  ["Ctrl-C", FOREVER, "", "\x03", /^signal 2$/],
  ["Ctrl-C twice", FOREVER, "", "\x03\x03", /^signal 2$/],
  ["Ctrl-\\", FOREVER, "", "\x1c", /^signal 3$/],
];

Deno.test("--top restores the terminal after each end of a guest", async () => {
  using folder = new TestFolder();
  await Promise.all(ENDS.map(async ([name, rounds, last, keys, expected], i) => {
    const guest = await assembleTo(folder.at(`guest${i}.wasm`), tableGuest(rounds, last));
    await using run = new TerminalRun([WASM_BPF, "--top", guest], { rows: 8, columns: 40 });
    await run.waitFor(/aa/);
    if (keys !== "") await run.type(keys);
    const { end, isCooked, drawn } = await run.result();
    const { isAlternate, hasCursor } = pictureOf(drawn, 40);
    assert.match(end, expected, `${name}: ${drawn}`);
    assert.deepEqual(
      { name, isCooked, isAlternate, hasCursor },
      { name, isCooked: true, isAlternate: false, hasCursor: true },
    );
  }));
});

Deno.test("a guest that was paused shows its last table after Ctrl-C", async () => {
  using folder = new TestFolder();
  const guest = await assembleTo(folder.at("guest.wasm"), tableGuest(FOREVER, ""));
  const file = folder.at("rows.jsonl");
  const words = ["--top", "-o", "columns", "-o", `jsonl=${file}`, guest];
  await using run = new TerminalRun([WASM_BPF, ...words], { rows: 12, columns: 60 });
  await run.waitFor(/aa/);
  await run.type("p");
  await run.waitFor(/paused/);
  const callsOfFile = async () => {
    const found = [...(await Deno.readTextFile(file)).matchAll(/"calls":(\d+),"comm":"aa"/g)];
    return Number(found.at(-1)?.[1]);
  };
  // Other sinks get rows while the screen is paused.
  const paused = await callsOfFile();
  await until("rows follow", async () => await callsOfFile() > paused + 2);
  await run.type("\x03");
  const { drawn } = await run.result();
  const { lines } = pictureOf(drawn.replaceAll("^C", ""), 60);
  // The screen is left once: a terminal goes back to where it was.
  assert.equal(drawn.split("\x1b[?1049l").length, 2);
  const shown = Number(/(\d+) aa$/m.exec(lines.join("\n"))?.[1]);
  assert.ok(shown > paused + 2, `${paused}: ${lines.join("\n")}`);
});

Deno.test("events of a guest are sorted at each interval, also where no other follows", async () => {
  const words = ["opensnoop", "--sort", "path", "--interval", "200ms", "-n", "wasm-bpf-opens"];
  await using run = new TerminalRun([WASM_BPF, ...words], { columns: 200 });
  let tries = 0;
  await until("two paths of one interval are sorted", async () => {
    const open = '$0 = "wasm-bpf-opens"; open F, "<", "/no/$_" for @ARGV';
    await new Deno.Command("perl", { args: ["-e", open, `b${tries}`, `a${tries}`] }).output();
    tries++;
    return /\/no\/a(\d+)\s[^]*\/no\/b\1\s/.test(run.drawn);
  });
  await run.type("\x03");
  assert.equal((await run.result()).end, "exit 0");
});
