import assert from "node:assert/strict";
import type { GuestStats } from "../../runtime/mod.ts";
import { CliProcess, type CliResult, guestPath, runCli } from "../support/cli.ts";
import { until } from "../support/condition.ts";

const GUEST = guestPath("abi");

/** The reports on standard error, one JSON object a line. */
function reports(stderr: string): GuestStats[] {
  return stderr.split("\n").filter((line) => line.startsWith("{")).map((line) => JSON.parse(line));
}

async function json(name: string): Promise<CliResult & { stats: GuestStats }> {
  const result = await runCli(["--stats=json", GUEST, name]);
  const [stats, ...more] = reports(result.stderr);
  assert.ok(stats !== undefined && more.length === 0, result.stderr);
  return { ...result, stats };
}

Deno.test("--stats=json counts runs, events and batches", async () => {
  const { code, stats } = await json("in-order");
  assert.equal(code, 0);
  const produce = stats.programs.find(({ program }) => program === "produce");
  assert.equal(produce?.section, "tp/syscalls/sys_enter_getrandom");
  assert.ok((produce?.runs ?? 0) >= 200, `${produce?.runs} runs`);
  assert.ok((produce?.runTimeNs ?? 0) > 0);
  // A program that was not attached has not run.
  assert.equal(stats.programs.find(({ program }) => program === "unused")?.runs, 0);
  assert.deepEqual(stats.buffers, [{
    map: "ring",
    type: "ringbuf",
    deliveredEvents: 200_000,
    lostEvents: null,
    truncatedEvents: 0,
    batches: 200,
  }]);
});

Deno.test("--stats=json prints times and memory", async () => {
  const { stats } = await json("wait-shortly");
  assert.equal(stats.final, true);
  assert.ok(stats.waitingMs >= 200 && stats.waitingMs <= stats.wallMs, `${stats.waitingMs} ms`);
  assert.ok(Math.abs(stats.wallMs - stats.waitingMs - stats.runningMs) < 0.01);
  assert.ok(stats.memoryBytes > 0 && stats.memoryBytes % 65536 === 0);
  assert.ok(stats.processRssBytes > stats.memoryBytes);
});

Deno.test("--stats keeps the counts of objects that the guest has closed", async () => {
  const { stats } = await json("close-inside");
  assert.equal(stats.buffers[0]?.deliveredEvents, 2);
  assert.ok((stats.programs.find(({ program }) => program === "produce")?.runs ?? 0) >= 1);
});

Deno.test("--stats reports a guest that traps", async () => {
  const { code, stats } = await json("trap-inside");
  assert.equal(code, 134);
  assert.equal(stats.final, true);
  assert.equal(stats.buffers[0]?.deliveredEvents, 1);
});

Deno.test("--stats prints a table", async () => {
  const { code, stderr } = await runCli(["--stats", GUEST, "two-buffers"]);
  assert.equal(code, 0);
  assert.match(stderr, /^time +.*: .* waiting, .* running$/m);
  assert.match(stderr, /^memory +.* MB of the module, .* MB of the whole process$/m);
  assert.match(stderr, /^produce +tp\/syscalls\/sys_enter_getrandom +\d+ +0 +\d/m);
  assert.match(stderr, /^ring +ringbuf +5 +- +0 +1$/m);
  assert.match(stderr, /^other_ring +ringbuf +3 +- +0 +1$/m);
});

Deno.test("--stats takes no other format", async () => {
  const { code, stderr } = await runCli(["--stats=xml", GUEST, "two-buffers"]);
  assert.equal(code, 2);
  assert.match(stderr, /^error: Cannot use --stats="xml": .*\nhint: /);
});

Deno.test("--stats without CAP_SYS_ADMIN prints an error and counts the rest", async () => {
  const through = ["setpriv", "--bounding-set=-sys_admin", "--inh-caps=-sys_admin"];
  const { stderr } = await runCli(["--stats=json", GUEST, "just-load"], { through });
  assert.match(stderr, /^error: Cannot count how long programs run: EPERM/m);
  const [stats] = reports(stderr);
  assert.equal(stats?.programs[0]?.runs, null);
});

Deno.test("lost and cut events are reported once at the end, without --stats", async () => {
  // The kernel reports lost events with the next one on the same CPU.
  const lost = await runCli([GUEST, "perf-lost"], { through: ["taskset", "1"] });
  assert.equal(lost.code, 0);
  const dropped = /handled \d+ dropped (\d+)/.exec(lost.stdout)?.[1];
  assert.ok(Number(dropped) > 0, lost.stdout);
  assert.equal(
    lost.stderr,
    `warning: map "perf": ${dropped} events lost: they came faster than they were read\n`,
  );
  const cut = await runCli([GUEST, "cut"]);
  assert.equal(
    cut.stderr,
    `warning: map "ring": 1 event cut to the size of the module's buffer\n`,
  );
});

Deno.test("SIGUSR1 prints the statistics of a guest that sleeps, and it sleeps on", async () => {
  await using guest = new CliProcess(["--stats=json", GUEST, "sleep-then-poll"]);
  await guest.waitFor(/sleeping/);
  for (const count of [1, 2, 3]) {
    guest.kill("SIGUSR1");
    await until("statistics are printed", () => reports(guest.stderr).length === count);
  }
  assert.doesNotMatch(guest.stdout, /polling/);
  // The sleep ends early, and the poll after it returns why.
  guest.kill("SIGINT");
  const { code, stdout, stderr } = await guest.result();
  assert.deepEqual({ code, stdout }, { code: 0, stdout: "sleeping\npolling\npoll -4\n" });
  assert.deepEqual(reports(stderr).map(({ final }) => final), [false, false, false, true]);
});

Deno.test("SIGUSR1 prints the statistics of a guest that polls, and it polls on", async () => {
  await using guest = new CliProcess(["--stats=json", GUEST, "wait-for-interrupt"]);
  await guest.waitFor(/waiting/);
  guest.kill("SIGUSR1");
  await until("statistics are printed", () => reports(guest.stderr).length === 1);
  guest.kill("SIGINT");
  const { stdout } = await guest.result();
  assert.equal(stdout, "waiting\npoll -4\nnext 0\n");
});

Deno.test("SIGUSR1 without --stats ends the process, as ever", async () => {
  await using guest = new CliProcess([GUEST, "wait-for-interrupt"]);
  await guest.waitFor(/waiting/);
  guest.kill("SIGUSR1");
  assert.equal((await guest.result()).signal, "SIGUSR1");
});
