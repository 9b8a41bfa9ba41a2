/** Objects that hold a hook several times: counted once, as a program on libbpf counts that chooses. */
import assert from "node:assert/strict";
import { runCli } from "../support/cli.ts";
import { fromFileUrl } from "../support/paths.ts";
import { succeed } from "../support/succeed.ts";

const ROOT = fromFileUrl("../../");
const OBJECT = fromFileUrl("../../dist/tests/objects/twins-three.bpf.o");
const COUNTING = fromFileUrl("../../dist/tests/counting");
/** Number of getpgid(2). */
const NUMBER = Deno.build.arch === "aarch64" ? "155" : "121";
const CALLS = 1000;

await build();

/** Compiles `tests/programs/counting.c` with the libbpf of the shim. */
async function build(): Promise<void> {
  const deps = `${ROOT}.cache/deps`;
  const fresh = `${COUNTING}.${Deno.pid}`;
  await succeed("clang", ...[
    ...["-O2", "-Wall", "-Wextra", "-Werror", "-isystem", `${deps}/uapi`],
    ...["-isystem", `${deps}/include`, fromFileUrl("../programs/counting.c"), "-o", fresh],
    ...["libbpf.a", "libelf.a", "libeu.a", "libz.a"].map((name) => `${deps}/lib/${name}`),
  ]);
  await Deno.rename(fresh, COUNTING);
}

/** Runs a command where tracefs is mounted, which libbpf needs. */
const WITH_TRACEFS = `mount --make-rprivate /sys
  test -e /sys/kernel/tracing/events || mount -t tracefs tracefs /sys/kernel/tracing
  exec "$@"`;

/** Counts by way, as the native program prints them. */
async function native(...programs: string[]): Promise<Map<number, number>> {
  const { success, stdout, stderr } = await new Deno.Command("unshare", {
    args: [
      ...["--mount", "--propagation", "unchanged", "/bin/sh", "-c", WITH_TRACEFS, "sh"],
      ...[COUNTING, OBJECT, NUMBER, `${CALLS}`, ...programs],
    ],
    stdin: "null",
  }).output();
  const decoder = new TextDecoder();
  assert.ok(success, decoder.decode(stderr));
  const lines = decoder.decode(stdout).trim().split("\n").filter((line) => line !== "");
  return new Map(lines.map((line) => {
    const [key = "", value = ""] = line.split(" ");
    return [Number(key), Number(value)];
  }));
}

/** Counts by way, as a run of the object shows them. */
async function ours(...options: string[]): Promise<Map<number, number>> {
  const { code, stdout, stderr } = await runCli([
    ...["-o", "jsonl", "--timeout", "60s", "-p", "COMMAND", "--set", `only_call=${NUMBER}`],
    ...[...options, OBJECT, "--", COUNTING, "call", `${CALLS}`],
  ]);
  assert.equal(code, 0, stderr);
  const rows = stdout.trim().split("\n").filter((line) => line !== "");
  return new Map(rows.map((line) => {
    const { key, value } = JSON.parse(line);
    return [key, value];
  }));
}

Deno.test("run counts a hook that an object has three times once, as libbpf with one program", async () => {
  const counts = await ours();
  assert.deepEqual(counts, new Map([[1, CALLS]]));
  assert.deepEqual(counts, await native("by_btf"));
  // An object that is attached as a whole counts each call three times.
  assert.deepEqual(
    await native("by_btf", "by_raw", "by_tracepoint"),
    new Map([[1, CALLS], [2, CALLS], [4, CALLS]]),
  );
});

Deno.test("run takes the next way of a hook when the best one is left out, and counts the same", async () => {
  const second = await ours("--without", "by_btf");
  assert.deepEqual(second, new Map([[2, CALLS]]));
  assert.deepEqual(second, await native("by_raw"));
  const last = await ours("--without", "by_btf,by_raw");
  assert.deepEqual(last, new Map([[4, CALLS]]));
  assert.deepEqual(last, await native("by_tracepoint"));
});
