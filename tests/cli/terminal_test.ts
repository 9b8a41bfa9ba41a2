/** Records in a terminal, as a user sees them: widths, keys, sizes, and the terminal after each end. */
import assert from "node:assert/strict";
import { runCli, WASM_BPF } from "../support/cli.ts";
import { until } from "../support/condition.ts";
import { TestFolder } from "../support/folder.ts";
import { fromFileUrl } from "../support/paths.ts";
import { isAttached, pictureOf, TerminalRun } from "../support/terminal.ts";
import { withAttempts, withScales } from "../support/timely.ts";

const object = (name: string) => fromFileUrl(`../../dist/tests/objects/${name}.bpf.o`);

/** Text that changes a terminal if it gets there: control bytes, a bidi mark, wide and combining characters. */
const NAME = "\\e[31m\\xe6\\xbc\\xa2e\\xcc\\x81\\xe2\\x80\\xae";
/** That name in columns, cut by the kernel to 15 bytes. */
const SHOWN = "\\x1b[31m漢e\u0301\\u202e";

/** Process that calls getpgid(2) some 100 times a second under that name. */
class Caller implements AsyncDisposable {
  readonly #child = new Deno.Command("perl", {
    args: [
      "-e",
      `$0="${NAME}"; $|=1; print "-"; while(1){getpgrp(0);select(undef,undef,undef,.01)}`,
    ],
    stdin: "null",
    stdout: "null",
  }).spawn();

  get pid(): string {
    return `${this.#child.pid}`;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#child.kill("SIGKILL");
    await this.#child.status;
  }
}

/** Words of a run with `--top` that shows the calls of a process. */
function top(caller: Caller, ...options: string[]): string[] {
  const rest = ["--interval", "100ms", "-p", caller.pid, ...options, object("table-hash")];
  return [WASM_BPF, "--top", ...rest];
}

/** Screen that was drawn last. */
function lastFrame(drawn: string, columns: number) {
  return pictureOf(drawn.slice(drawn.lastIndexOf("\x1b[H")), columns);
}

Deno.test("--top sorts, pauses and ends by keys, and leaves its last table", async () => {
  await using caller = new Caller();
  await using run = new TerminalRun(top(caller), { rows: 12, columns: 60 });
  await run.waitFor(/PID COMM[^]*\d+ B/);
  assert.equal(await run.isCooked(), false);
  const press = async (key: string, pattern: RegExp) => {
    const from = run.drawn.length;
    await run.type(key);
    await run.waitFor(pattern, from);
  };
  await press("s", /order: -pid/);
  await press("s", /order: -comm/);
  await press("r", /order: comm/);
  await press("h", /keys: q ends/);
  await press("h", /\[Horder: comm/);
  await press("p", /paused: p goes on; order: comm/);
  // An arrow is an escape sequence, whose letters are no keys: Left ends in D, Up in A.
  await run.type("\x1b[A\x1b[D");
  await press("p", /\[Horder: comm/);
  await run.type("q");
  const { end, isCooked, drawn } = await run.result();
  assert.deepEqual({ end, isCooked }, { end: "exit 0", isCooked: true });
  const { lines, isAlternate, hasCursor, wrapped, unknown } = pictureOf(drawn, 60);
  assert.deepEqual({ isAlternate, hasCursor, wrapped, unknown }, {
    ...{ isAlternate: false, hasCursor: true, wrapped: 0, unknown: [] },
  });
  assert.match(lines[0] ?? "", /^ +PID COMM +CALLS +BYTES$/);
  assert.ok(lines[1]?.includes(SHOWN) && lines[1].includes(caller.pid), lines[1]);
});

Deno.test("--top fits a terminal of any size, and its changes", async () => {
  await using caller = new Caller();
  await using run = new TerminalRun(top(caller), { rows: 8, columns: 40 });
  await run.waitFor(/\d B/);
  for (const [rows, columns] of [[3, 10], [50, 500], [2, 1], [8, 40]] as const) {
    await run.resize(rows, columns);
    let from = run.drawn.length;
    // Frames that were drawn before the change are followed by one that fits.
    await until(`a frame of ${columns} columns`, () => {
      const frames = run.drawn.slice(from).split("\x1b[H").slice(1, -1);
      const frame = frames.at(-1) ?? "";
      const picture = pictureOf(`\x1b[H${frame}`, columns);
      if (frame === "" || picture.wrapped > 0 || picture.lines.length > rows) return false;
      from = run.drawn.length;
      return columns < 20 || picture.lines.some((line) => line.startsWith(" "));
    });
  }
  assert.deepEqual(lastFrame(run.drawn, 40).unknown, []);
  await run.type("q");
  assert.equal((await run.result()).end, "exit 0");
});

/** Ends of a run, what causes them, and the code or signal. */
const ENDS: readonly [
  name: string,
  act: (run: TerminalRun) => Promise<void>,
  end: string,
  options: string[],
][] = [
  ["Ctrl-C", (run) => run.type("\x03"), "exit 0", []],
  ["the key q", (run) => run.type("q"), "exit 0", []],
  ["Ctrl-\\", (run) => run.type("\x1c"), "signal 3", []],
  ["--count", () => Promise.resolve(), "exit 0", ["--count", "3"]],
];

/** Checks the end of a run that has drawn a table, and the terminal after it. */
async function endsAs(name: string, run: TerminalRun, end: string): Promise<void> {
  const result = await run.result();
  assert.match(result.drawn, /\d B/, name);
  const { isAlternate, hasCursor } = pictureOf(result.drawn, 40);
  assert.deepEqual(
    { name, end: result.end, isCooked: result.isCooked, isAlternate, hasCursor },
    { name, end, isCooked: true, isAlternate: false, hasCursor: true },
  );
}

Deno.test("--top restores the terminal after each end", async () => {
  await using caller = new Caller();
  await Promise.all(ENDS.map(async ([name, act, end, options]) => {
    await using run = new TerminalRun(top(caller, ...options), { rows: 8, columns: 40 });
    await run.waitFor(/\d B/);
    await act(run);
    await endsAs(name, run, end);
  }));
});

Deno.test("--top restores the terminal after --timeout", async () => {
  await using caller = new Caller();
  // Time for the start as well, which a busy machine holds up.
  await withScales(async (scale) => {
    const words = top(caller, "--timeout", `${2 * scale}s`);
    await using run = new TerminalRun(words, { rows: 8, columns: 40 });
    await endsAs("--timeout", run, "exit 0");
  });
});

Deno.test("--top gives the terminal back while its job is stopped, and after SIGKILL", async () => {
  await using caller = new Caller();
  await using run = new TerminalRun(["sh", "-i"], {
    rows: 12,
    columns: 80,
    env: { PS1: "READY " },
  });
  await run.waitFor(/READY /);
  await run.type(`exec 3>&2; ${top(caller).join(" ")}\n`);
  await run.waitFor(/\d+ B/);
  let from = run.drawn.length;
  await run.type("\x1a");
  await run.waitFor(/\[\?1049l[^]*READY /, from);
  await until("the terminal takes lines", () => run.isCooked());
  assert.equal(pictureOf(run.drawn, 80).isAlternate, false);
  from = run.drawn.length;
  await run.type("fg\n");
  await run.waitFor(/\[\?1049h[^]*\d+ B/, from);
  assert.equal(await run.isCooked(), false);
  from = run.drawn.length;
  await run.type("\x1a");
  await run.waitFor(/READY /, from);
  from = run.drawn.length;
  await run.type("kill -9 %1; fg; echo EN''DED\n");
  await run.waitFor(/ENDED/, from);
  await until("the terminal takes lines", () => run.isCooked());
  await run.type("exit 5\n");
  const { end, drawn } = await run.result();
  assert.equal(end, "exit 5");
  const { isAlternate, hasCursor } = pictureOf(drawn, 80);
  assert.deepEqual({ isAlternate, hasCursor }, { isAlternate: false, hasCursor: true });
});

Deno.test("--top leaves no process behind when its terminal is closed", async () => {
  await using caller = new Caller();
  const words = top(caller);
  await using run = new TerminalRun(words, { rows: 8, columns: 40 });
  await run.waitFor(/COMM/);
  await run.hangUp();
  await run.result();
  await until("no process is left", async () => {
    const { success } = await new Deno.Command("pgrep", {
      args: ["-fx", words.join(" ")],
      stdout: "null",
    }).output();
    return !success;
  });
});

Deno.test("Ctrl-C shows the last table in the columns of a terminal, and exits with 0", async () => {
  await using caller = new Caller();
  const ends = [[40, ""], [10, "1"], [500, ""]] as const;
  await Promise.all(ends.map(([columns, color], i) =>
    // On a busy machine, the process may not have called between the start and the end.
    withAttempts(async () => {
      // Options distinguish the runs.
      const words = [WASM_BPF, "-p", caller.pid, "--limit", `${i + 5}`, object("table-hash")];
      await using run = new TerminalRun(words, { columns, env: { NO_COLOR: color } });
      // Nothing is drawn before the end.
      await until("the object is attached", () => isAttached(words));
      await run.type("\x03");
      const { end, drawn } = await run.result();
      assert.equal(end, "exit 0");
      const { lines, wrapped } = pictureOf(drawn.replace(/^[^]*\^C/, ""), columns);
      assert.equal(wrapped, 0, drawn);
      assert.match(lines[0] ?? "", columns === 10 ? /…$/ : /PID COMM/);
      assert.equal(lines.filter((line) => line !== "").length, 2, drawn);
      assert.equal(drawn.includes("\x1b[1m"), color === "");
    })
  ));
});

Deno.test("columns show times in the zone of TZ", async () => {
  await using caller = new Caller();
  const hour = async (zone: string) => {
    const { stdout } = await runCli(
      ["--count", "1", "-p", caller.pid, object("ring-value")],
      { env: { TZ: zone } },
    );
    return Number(/^(\d\d):\d\d:\d\d /m.exec(stdout)?.[1]);
  };
  const [utc, behind] = await Promise.all([hour("UTC"), hour("<-05>5")]);
  assert.ok([19, 18, 20].includes((behind - utc + 24) % 24), `${utc} and ${behind}`);
});

Deno.test("a closed reader ends a run, also while there is nothing to write", async () => {
  await using caller = new Caller();
  const run = async (words: string) => {
    const { stdout, stderr } = await new Deno.Command("sh", {
      args: ["-c", `(${WASM_BPF} --timeout 60s ${words}; echo "code $?" >&2) | head -n 1`],
      stdin: "null",
    }).output();
    const decoder = new TextDecoder();
    return [decoder.decode(stdout).split("\n").length - 1, decoder.decode(stderr)];
  };
  assert.deepEqual(await run(`-p ${caller.pid} -o jsonl ${object("ring-value")}`), [
    ...[1, "code 141\n"],
  ]);
  const none = "-o csv --set targ_pid=1";
  const quiet = [
    `--map counts --interval 59s ${none} ${object("table-hash")}`,
    // Waits by itself, with and without pauses, and with others.
    `${none} ${object("ring-value")}`,
    `${none} --latency 0 ${object("ring-value")}`,
    `${none} ${object("printed")}`,
  ];
  // time: a reader that goes before the run waits, and one that goes later
  const cases = quiet.flatMap((words) => ["true", "sleep 1"].map((reader) => [words, reader]));
  await Promise.all(cases.map(async ([words, reader]) => {
    const { code, stderr } = await new Deno.Command("sh", {
      args: ["-c", `(${WASM_BPF} --timeout 60s ${words}; echo "code $?" >&2) | ${reader}`],
      stdin: "null",
    }).output();
    assert.deepEqual([code, new TextDecoder().decode(stderr)], [0, "code 141\n"], words);
  }));
});

Deno.test("a full disk ends a run with an error", async () => {
  await using caller = new Caller();
  for (const words of [`-o jsonl ${object("ring-value")}`, object("table-hash")]) {
    const { code, stderr } = await new Deno.Command("sh", {
      args: [
        "-c",
        `exec ${WASM_BPF} --timeout 60s --interval 100ms -p ${caller.pid} ${words} > /dev/full`,
      ],
      stdin: "null",
    }).output();
    assert.equal(code, 1);
    assert.match(new TextDecoder().decode(stderr), /^error: Cannot write standard output: /);
  }
});

Deno.test("raw records, and texts of an object's help, control no terminal", async () => {
  await using raw = new TerminalRun([WASM_BPF, "-o", "raw", object("ring-kept")]);
  assert.equal((await raw.result()).end, "exit 2");

  using folder = new TestFolder();
  const bytes = await Deno.readFile(object("annotated-list"));
  const help = new TextEncoder().encode("what is shown");
  const at = bytes.findIndex((_, i) => help.every((byte, j) => bytes[i + j] === byte));
  bytes.set(new TextEncoder().encode("\x1b[31m\x9bwhat!!"), at);
  const path = folder.at("hostile.bpf.o");
  await Deno.writeFile(path, bytes);
  await using run = new TerminalRun([WASM_BPF, path, "--help"], { columns: 200 });
  const { end, drawn } = await run.result();
  assert.equal(end, "exit 0");
  assert.ok(drawn.includes("\\x1b[31m\\x9bwhat!!"), drawn);
  // deno-lint-ignore no-control-regex
  assert.doesNotMatch(drawn, /[\x00-\x09\x0b\x0c\x0e-\x1f\x7f-\x9f]/);
});
