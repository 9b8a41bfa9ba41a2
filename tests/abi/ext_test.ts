import assert from "node:assert/strict";
import { CliProcess, type CliResult, guestPath, runCli } from "../support/cli.ts";

const GUEST = guestPath("ext");

/** Runs one sub-command of `tests/guests/ext`. */
function ext(name: string, through: string[] = []): Promise<CliResult> {
  return runCli([GUEST, name], { through });
}

/**
 * Asserts the output of a sub-command, exit code 0, and no message of the host except `warnings`.
 */
function prints(title: string, name: string, expected: string, warnings = /^$/): void {
  Deno.test(title, async () => {
    const { code, stdout, stderr } = await ext(name);
    assert.deepEqual({ code, stdout }, { code: 0, stdout: `${expected}\n` });
    assert.match(stderr, warnings);
  });
}

prints("buffer_read returns every event, in order", "read-in-order", "seen 100000 wrong 0");
prints(
  "buffer_read continues where a poll's callback stopped, then with newer events",
  "read-after-poll",
  "poll -77 read 144 small -28 size 64 seen 20 wrong 0",
);
prints(
  "poll continues where buffer_read stopped, starting with the event that did not fit",
  "poll-after-read",
  "read 72 poll -77 read 504 seen 10 wrong 0",
);
prints(
  "buffer_read keeps an event that does not fit, and returns its length",
  "read-long",
  "small -28 size 1000 after ? header -28 again 1008 text long after ? empty 0",
);
prints(
  "buffer_read reads perf event arrays",
  "read-perf",
  "opened 0 end 0 seen 200 wrong 0",
);
prints(
  "buffer_read rejects invalid handles, maps and ranges without losing an event",
  "bad-reads",
  "object -22 token -9 map -22 none -22 negative -14 end -14 good 72",
);
Deno.test("buffer_stats counts delivered, lost and cut events", async () => {
  // The kernel reports losses of a CPU with its next event there: the guest must stay on one CPU.
  const { code, stdout, stderr } = await ext("stats", ["taskset", "-c", "0"]);
  assert.equal(code, 0);
  assert.equal(
    stdout,
    "none 0 0 delivered 15 lost 0 truncated 3 perf lost some 1 all known 1 map -22\n",
  );
  // The host reports the same count at exit.
  assert.match(stderr, /"ring": 3 events cut/);
  assert.match(stderr, /"perf": \d+ events lost/);
});

Deno.test("global_set sets read-only data before the load, and the rest at any time", async () => {
  const { code, stdout, stderr } = await ext("globals");
  assert.equal(code, 0);
  assert.deepEqual(stdout.split("\n"), [
    "attach -22 map -22 token -22",
    "rodata 0 data 0 hidden 0 load 0 again -114",
    "attach 0 seen 110442 hidden 1",
    "loaded: rodata -1 data 0 hidden 0 seen 120442 hidden 13",
    "no section -2 -2 beyond -34 -34 fault -14 load -114 close 0",
    "garbage 0",
    "",
  ]);
  assert.match(stderr, /opened and is not loaded\nhint: call object_load first/);
  assert.match(stderr, /read-only data cannot change once the object is loaded/);
});

prints(
  "link_attach and link_detach turn one program on and off",
  "links",
  "read 216 detach 0 again -22 read 0 other 1 read 144 close 0 detach -22 zero -22 negative -22",
);
prints(
  "iter_read returns what an iterator prints, in pieces of any size",
  "iterator",
  "tasks 1 same 1 other -22 half 5 fault -14 detach 0 read -22",
);
prints(
  "map_batch updates, looks up, deletes and takes 100,000 elements",
  "batch-hash",
  "update 0 100000 lookup 100000 -2 sums 4999950000 9999900000 delete -2 5 taken 99995 -2 left 0 -2",
);
prints(
  "map_batch reports a buffer that is too small, and where a full map stopped it",
  "batch-small",
  "none 0 0 one -28 0 more 0 1 full -7 4",
);
prints(
  "map_batch returns every CPU's values, and map_info returns their number",
  "batch-per-cpu",
  "info 5 4 8 16 update 0 3 lookup -2 3 wrong 0 after ?",
);
prints(
  "map_batch and map_lookup_and_delete support tries, queues and hashes",
  "batch-others",
  "trie 0 -2 3 0 3 queue -7 4 pop 0 1 -2 3 2 3 4 empty -2 peek -95 take 0 7 again -2",
);
prints(
  "map_batch rejects invalid tokens, commands and ranges, and keeps the count",
  "bad-batches",
  "token -9 command -22 -22 count -14 keys -14 values -14 out -14 in -14 kept 4 huge -14 wraps -14 " +
    "flags -22 done 0",
);
prints(
  "user_ring_submit delivers samples to a program",
  "user-ring",
  "detached 256 -28 wait -28 drained 256 sum 32896 room 0 drained 257 large -7 map -22 end -14",
);

Deno.test("user_ring_submit waits until a program drains", async () => {
  await using guest = new CliProcess([GUEST, "user-ring-wait"]);
  await guest.waitFor(/waiting/);
  // Any process with this name makes the program drain.
  await ext("links");
  const { code, stdout } = await guest.result();
  assert.deepEqual({ code, stdout }, { code: 0, stdout: "waiting\nsubmit 0\n" });
});

Deno.test("last_error returns the text of the last failure that has one", async () => {
  const { code, stdout, stderr } = await ext("last-error");
  assert.equal(code, 0);
  assert.equal(
    stdout,
    'none 0\n1 Cannot find map "no_such_map": \n1 after ?\n1\nend -14\n',
  );
  assert.match(stderr, /^error: Cannot find map "no_such_map"/);
});
