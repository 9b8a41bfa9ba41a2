import assert from "node:assert/strict";
import { bpfState, untilNothingAdded } from "../support/bpf_state.ts";
import { CliProcess, type CliResult, guestPath, runCli } from "../support/cli.ts";

const GUEST = guestPath("abi");

/** Runs one sub-command of `tests/guests/abi`. */
function abi(name: string, options: string[] = []): Promise<CliResult> {
  return runCli([...options, GUEST, name]);
}

/**
 * Asserts the output of a sub-command, exit code 0, and no message of the host except `warnings`.
 */
function prints(title: string, name: string, expected: string, warnings = /^$/): void {
  Deno.test(title, async () => {
    const { code, stdout, stderr } = await abi(name);
    assert.deepEqual({ code, stdout }, { code: 0, stdout: `${expected}\n` });
    assert.match(stderr, warnings);
  });
}

prints(
  "poll delivers every event, in order",
  "in-order",
  "handled 200000 seen 200000 wrong 0",
);
prints(
  "poll stops at a callback's negative result, and the next one continues after it",
  "stop-in-the-middle",
  "first -77 seen 3 second 7 seen 10 wrong 0",
);
prints(
  "poll keeps the buffers of one object apart",
  "two-buffers",
  "other_ring 3 of order 2, ring 5 of order 1",
);
prints(
  "poll reads perf event arrays, opened by the first poll",
  "perf-event-array",
  "opened 0 handled 20",
);
prints(
  "poll inside a callback takes the rest of the same buffer, and all of another",
  "nested",
  "outer 2 same 3 other 3",
);
prints(
  "close inside a callback takes effect when the poll returns",
  "close-inside",
  "close 0 poll 2 seen 2 again -22 token -9 close -22",
);
prints("attach works inside a callback", "attach-inside", "poll 1 attach 0");
prints(
  "poll cuts a long event to the guest's buffer and returns the size it copied",
  "cut",
  "handled 1 size 16 text long after ?",
  /^warning: map "ring": 1 event cut .*\n$/,
);
prints(
  "poll copies an event of any size, and not a byte after it",
  "every-size",
  "seen 1025 wrong 0",
);
prints(
  "poll skips discarded events without waking the guest",
  "discarded",
  "only discarded 0, some 2",
);
prints(
  "poll rejects invalid handles, maps, callbacks and ranges without losing an event",
  "bad-polls",
  "object -22 token -9 map -22 null -22 far -22 end -14 negative -14 good 1",
);
prints(
  "map_operate looks up, updates, deletes and iterates",
  "hash-map",
  "-2 0 -17 0 value 10 0 next 1 -2 0 -2 -22",
);
prints(
  "map_operate checks the whole size of a per-CPU value",
  "per-cpu-map",
  "0 first 0 -14 kept ?",
);
prints("map_operate takes a null key for queues", "queue-map", "0 0 value 5");
prints(
  "map_fd_by_name finds global data by short name and by any object's name",
  "global-data",
  "same 1 0 rodata 42 0 data 7",
);
prints(
  "every call rejects handles and tokens of a closed object, and invented ones",
  "stale-handles",
  "close 0 -22 attach -22 map -22 poll -22 zero -22 huge -22",
);

Deno.test("map_operate reaches no descriptor of the host", async () => {
  const { code, stdout, stderr } = await abi("foreign-descriptors");
  // Tokens of maps that were not looked up do not exist; `programs` takes only tokens of programs.
  assert.deepEqual({ code, stdout, stderr }, { code: 0, stdout: "programs -9\n", stderr: "" });
});

Deno.test("a trap inside a callback ends the guest with 134 and shows the stack", async () => {
  const before = await bpfState();
  const { code, stderr } = await abi("trap-inside");
  assert.equal(code, 134);
  assert.match(stderr, /^error: .*abi\.wasm trapped: unreachable\n {2}at .*function\[\d+\]:0x/);
  await untilNothingAdded(before);
});

Deno.test("proc_exit inside a callback ends the guest with its code", async () => {
  const before = await bpfState();
  const { code, stderr } = await abi("exit-inside");
  assert.deepEqual({ code, stderr }, { code: 42, stderr: "" });
  await untilNothingAdded(before);
});

Deno.test("errors about unknown programs, maps and tracepoints list the known names", async () => {
  const { code, stdout, stderr } = await abi("unknown-names");
  assert.equal(code, 0);
  assert.equal(stdout, "attach -2\nmap -2\ntracepoint -2\ntarget -22\n");
  assert.match(stderr, /^error: Cannot attach program "no_such_program".*\nhint: .*\bproduce\b/m);
  assert.match(stderr, /^error: Cannot find map "no_such_map".*\nhint: .*\bring\b/m);
  assert.match(stderr, /^error: Cannot attach program "nowhere" to "tp\/.*ENOENT/m);
  assert.match(stderr, /^error: Cannot attach program "unused" to "lo"/m);
});

Deno.test("load rejects data that is not an eBPF object, each time with one error", async () => {
  const { code, stdout, stderr } = await abi("load-garbage");
  assert.equal(code, 0);
  assert.equal(stdout, "text 0\nhalf 0\nempty 0\nbeyond 0\nnegative 0\n");
  const errors = stderr.split("\n").filter((line) => line.startsWith("error: "));
  assert.ok(errors.length >= 2 && errors.length <= 5, stderr);
});

Deno.test("load shows the verifier's last lines, and all of them with --verbose", async () => {
  const short = await abi("load-refused");
  assert.equal(short.stdout, "refused 0\n");
  assert.match(short.stderr, /^error: Cannot load program "reads_beyond": EACCES/);
  assert.match(short.stderr, /invalid access to map value/);
  assert.match(short.stderr, /earlier lines; pass --verbose/);
  assert.ok(short.stderr.split("\n").length < 25, short.stderr);
  const long = await abi("load-refused", ["--verbose"]);
  assert.match(long.stderr, /invalid access to map value/);
  assert.ok(long.stderr.split("\n").length > 60, long.stderr);
});

Deno.test("load ignores a map's pin request, and reports it with --verbose", async () => {
  const { stdout, stderr } = await abi("just-load", ["--verbose"]);
  assert.equal(stdout, "loaded 1\n");
  assert.match(stderr, /pinned/);
  await assert.rejects(Deno.stat("/sys/fs/bpf/wasm_bpf_test_pin"));
});

Deno.test("an interrupt ends the poll in progress with -EINTR, once", async () => {
  await using guest = new CliProcess([GUEST, "wait-for-interrupt"]);
  await guest.waitFor(/waiting/);
  guest.kill("SIGINT");
  const { code, stdout } = await guest.result();
  assert.deepEqual({ code, stdout }, { code: 0, stdout: "waiting\npoll -4\nnext 0\n" });
});
