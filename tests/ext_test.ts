import assert from "node:assert/strict";
import { type CliResult, guestPath, runCli } from "./support/cli.ts";

const GUEST = guestPath("ext");

/** Runs one sub-command of `tests/guests/ext`. */
function ext(name: string): Promise<CliResult> {
  return runCli([GUEST, name]);
}

/** What a sub-command must print, with exit code 0 and nothing said by the host but `warnings`. */
function prints(title: string, name: string, expected: string, warnings = /^$/): void {
  Deno.test(title, async () => {
    const { code, stdout, stderr } = await ext(name);
    assert.deepEqual({ code, stdout }, { code: 0, stdout: `${expected}\n` });
    assert.match(stderr, warnings);
  });
}

prints("buffer_read gives every event, in order", "read-in-order", "seen 100000 wrong 0");
prints(
  "buffer_read goes on where a poll's callback stopped, then with what came since",
  "read-after-poll",
  "poll -77 read 144 small -28 size 64 seen 20 wrong 0",
);
prints(
  "poll goes on where buffer_read stopped, with the event that did not fit first",
  "poll-after-read",
  "read 72 poll -77 read 504 seen 10 wrong 0",
);
prints(
  "buffer_read keeps an event that does not fit, and says how long it is",
  "read-long",
  "small -28 size 1000 behind ? header -28 again 1008 text long behind ? empty 0",
);
prints(
  "buffer_read reads perf event arrays",
  "read-perf",
  "opened 0 end 0 seen 200 wrong 0",
);
prints(
  "buffer_read refuses wrong handles, maps and ranges, and loses no event by it",
  "bad-reads",
  "object -22 token -9 map -22 none -22 negative -14 end -14 good 72",
);
prints(
  "buffer_stats counts what was delivered, lost and cut",
  "stats",
  "none 0 0 delivered 15 lost 0 truncated 3 perf lost some 1 sum 10001 map -22",
  /^warning: map "ring": 3 events cut .*\nwarning: map "perf": \d+ events lost: .*\n$/,
);

Deno.test("last_error gives the text of the last failure that has one", async () => {
  const { code, stdout, stderr } = await ext("last-error");
  assert.equal(code, 0);
  assert.equal(
    stdout,
    'none 0\n1 Cannot find map "no_such_map": \n1 behind ?\n1\nend -14\n',
  );
  assert.match(stderr, /^error: Cannot find map "no_such_map"/);
});
