/** Values of tools of the box, compared with what a program did. */
import assert from "node:assert/strict";
import { ACTOR } from "../support/actor.ts";
import { runCli } from "../support/cli.ts";
import { TestFolder } from "../support/folder.ts";
import { withAttempts, withScales } from "../support/timely.ts";

type Row = Readonly<Record<string, unknown>>;

/** Runs a tool while a command runs, and returns its rows. */
async function traced(
  words: readonly string[],
  command: readonly string[],
  cwd?: string,
): Promise<Row[]> {
  const options = ["-o", "jsonl", "--timeout", "120s", "--interval", "100s"];
  const line = [...options, ...words, "--", ...command];
  const { code, stdout, stderr } = await runCli(line, cwd === undefined ? {} : { cwd });
  assert.equal(code, 0, stderr);
  return stdout.split("\n").slice(0, -1).map((line) => JSON.parse(line) as Row);
}

Deno.test("filetop counts the bytes that were read and written, not those asked for", async () => {
  using folder = new TestFolder();
  await Deno.writeTextFile(folder.at("small"), "0123456789");
  const words = ["filetop", "--limit", "100000"];
  const script = `dd if=small of=copy bs=1M 2>/dev/null; ${ACTOR} vectors`;
  const rows = await traced(words, ["sh", "-c", script], folder.path);
  const counted = ["small", "copy", "vectors"].map((name) => {
    const row = rows.find(({ file, comm }) => file === name && (comm === "dd" || comm === "actor"));
    return [name, row?.["read_bytes"], row?.["write_bytes"]];
  });
  assert.deepEqual(counted, [["small", 10, 0], ["copy", 0, 10], ["vectors", 1000, 2500]]);
});

Deno.test("cachestat counts the pages that a file has, not those asked for", async () => {
  const pages = Math.ceil((await Deno.stat(ACTOR)).size / 4096);
  assert.ok(pages < 16);
  // The other programs of the machine read as well, some of them a lot.
  await withAttempts(async () => {
    const [row] = await traced(["cachestat"], [ACTOR, "rereads"]);
    const hits = Number(row?.["hits"]);
    // 128 KiB are 32 pages.
    assert.ok(hits >= 20_000 && hits < 20_000 * (pages + 12), `${hits} of ${pages}`);
  });
});

Deno.test("runqlen counts tasks of other control groups", async () => {
  // Two sessions, which have groups of their own, on one processor that we may use.
  const first = "$(taskset -pc $$ | sed 's/.*: //; s/[,-].*//')";
  const spin = `setsid -w taskset -c $cpu ${ACTOR} spin spin spin`;
  // A virtual machine that is held up takes few samples.
  await withScales(async (scale) => {
    const long = Array<string>(scale).fill(spin).join(" && ");
    const script = `cpu=${first}; { ${long}; } & ${long}; wait`;
    const rows = await traced(["runqlen", "-O", "-C", "-f", "999"], ["sh", "-c", script]);
    assert.ok(rows.some(({ waiting }) => Number(waiting) >= 100), JSON.stringify(rows));
  });
});

Deno.test("bindsnoop shows the port that the kernel chooses", async () => {
  const rows = await traced(["-p", "COMMAND", "bindsnoop"], [ACTOR, "empty"]);
  const ports = rows.map(({ port }) => Number(port));
  assert.ok(ports.length === 1 && ports.every((port) => port > 0), JSON.stringify(rows));
});

Deno.test("a table that is full is a warning", async () => {
  const many = ["sh", "-c", "i=0; while [ $i -lt 100 ]; do /bin/true; i=$((i+1)); done"];
  const words = ["--map-size", "calls_by_process=65", "syscount", "-P", "--", ...many];
  const { code, stderr } = await runCli(["--timeout", "120s", ...words]);
  const warning = 'warning: map "calls_by_process" was full: rows may be missing; ' +
    "pass --map-size calls_by_process=260\n";
  assert.deepEqual({ code, stderr }, { code: 0, stderr: warning });
});
