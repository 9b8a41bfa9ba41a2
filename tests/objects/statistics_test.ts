/** `--stats` of plain objects: in the form of a guest's. */
import assert from "node:assert/strict";
import type { GuestStats } from "../../runtime/mod.ts";
import { CliProcess, guestPath, runCli } from "../support/cli.ts";
import { until } from "../support/condition.ts";
import { fromFileUrl } from "../support/paths.ts";

const object = (name: string) => fromFileUrl(`../../dist/tests/objects/${name}.bpf.o`);
const CALLS = ["perl", "-e", "getpgrp(0) for 1..5"];

/** The reports on standard error. */
function reports(stderr: string): (GuestStats & { permissions: unknown })[] {
  return stderr.split("\n").filter((line) => line.startsWith("{")).map((line) => JSON.parse(line));
}

async function statsOf(args: string[]): Promise<GuestStats & { permissions: unknown }> {
  const { stderr } = await runCli(["--stats=json", "--timeout", "60s", ...args]);
  const [stats, ...more] = reports(stderr);
  assert.ok(stats !== undefined && more.length === 0, stderr);
  return stats;
}

/** Names of a report's members, of their members, and the types of their values. */
function formOf(value: unknown): unknown {
  if (Array.isArray(value)) return value.slice(0, 1).map(formOf);
  if (typeof value !== "object" || value === null) return typeof value;
  return Object.fromEntries(Object.entries(value).map(([name, each]) => [name, formOf(each)]));
}

Deno.test("--stats=json of an object has the form of a guest's", async () => {
  const stats = await statsOf(["-p", "COMMAND", object("perf-value"), "--", ...CALLS]);
  const guest = await statsOf([guestPath("abi"), "two-buffers"]);
  const form = formOf(stats) as { buffers: { lostEvents: string }[] };
  // Ring buffers do not count what they lose.
  const ofGuest = formOf(guest) as typeof form;
  ofGuest.buffers.forEach((buffer) => buffer.lostEvents = "number");
  assert.deepEqual(form, ofGuest);
});

Deno.test("--stats=json of an object counts runs, events, losses and batches", async () => {
  for (
    const [name, type, lostEvents] of [
      ["ring-value", "ringbuf", null],
      ["perf-value", "perf_event_array", 0],
    ] as const
  ) {
    const stats = await statsOf(["-p", "COMMAND", object(name), "--", ...CALLS]);
    const [program] = stats.programs;
    assert.equal(stats.final, true);
    assert.equal(program?.section, "tp/syscalls/sys_enter_getpgid");
    assert.ok((program?.runs ?? 0) >= 5 && (program?.runTimeNs ?? 0) > 0, `${program?.runs} runs`);
    const [buffer] = stats.buffers;
    assert.ok((buffer?.batches ?? 0) >= 1);
    assert.deepEqual(
      { ...buffer, batches: 0 },
      { map: "events", type, deliveredEvents: 5, lostEvents, truncatedEvents: 0, batches: 0 },
    );
    assert.ok(Math.abs(stats.wallMs - stats.waitingMs - stats.runningMs) < 0.01);
  }
});

Deno.test("--stats=json of an object has the permissions that hold", async () => {
  const { permissions } = await statsOf([
    ...["--deny-bpf", "network", "-p", "COMMAND", object("ring-value"), "--", "true"],
  ]) as { permissions: { levels: string[]; denied: string[] } };
  assert.deepEqual(permissions.denied, ["network"]);
  assert.ok(permissions.levels.includes("observe") && !permissions.levels.includes("network"));
});

Deno.test("--stats of an object prints a table, also where it is an option after the name", async () => {
  const { stderr } = await runCli([
    ...["--timeout", "60s", "-p", "COMMAND", object("perf-value"), "--stats", "--", ...CALLS],
  ]);
  assert.match(stderr, /^time +.*: .* waiting, .* running\nmemory +[\d.]+ MB of the whole/m);
  assert.match(stderr, /^handle +tp\/syscalls\/sys_enter_getpgid +\d+ +\d+ +\d/m);
  assert.match(stderr, /^events +perf_event_array +5 +0 +0 +\d+$/m);
});

Deno.test("--stats of an object that cannot be loaded prints that nothing ran", async () => {
  const { code, stderr } = await runCli(["--stats=json", object("refused")]);
  assert.equal(code, 1);
  const [stats] = reports(stderr);
  assert.deepEqual([stats?.final, stats?.programs, stats?.buffers], [true, [], []]);
});

Deno.test("SIGUSR1 prints the statistics of an object that goes on", async () => {
  await using run = new CliProcess(["--stats=json", "--timeout", "60s", object("table-hash")]);
  // Sent again until the first report: before it is handled, it would end the process.
  await until("the programs are attached", async () => {
    const status = await Deno.readTextFile(`/proc/${run.pid}/status`);
    const caught = BigInt(`0x${/^SigCgt:\s*([0-9a-f]+)$/m.exec(status)?.[1] ?? "0"}`);
    return (caught >> 9n & 1n) === 1n;
  });
  run.kill("SIGUSR1");
  await until("a report appears", () => reports(run.stderr).length > 0);
  run.kill("SIGINT");
  const { code, stderr } = await run.result();
  assert.equal(code, 0, stderr);
  assert.deepEqual(reports(stderr).map(({ final }) => final), [false, true]);
});
