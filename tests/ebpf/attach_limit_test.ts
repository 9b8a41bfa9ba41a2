/** The kernel's limit of programs at one attach point. */
import assert from "node:assert/strict";
import { runBriefly } from "../support/brief.ts";
import { BOOTSTRAP } from "../support/cli.ts";
import { TestFolder } from "../support/folder.ts";

/**
 * Returns the position of a thread's last `command` among its bpf(2) calls, from 1, in a trace of
 * all threads.
 */
function positionOfLast(trace: string, command: string): number {
  const thread = new RegExp(`^(\\d+) .*bpf\\(${command}\\b`, "m").exec(trace)?.[1] ?? "";
  const calls = [...trace.matchAll(new RegExp(`^${thread} .*bpf\\((\\w+)`, "gm"))];
  return calls.findLastIndex(([, name]) => name === command) + 1;
}

// Attaching 64 programs for real would deny their tracepoint to other tools of the machine.
Deno.test("attach reports a reason and a hint when the tracepoint has 64 programs", async () => {
  using folder = new TestFolder();
  const trace = folder.at("trace");
  const run = (...inject: string[]) =>
    runBriefly([BOOTSTRAP], {
      through: ["strace", "-f", "-qq", "-e", "trace=bpf", ...inject, "-o", trace],
    });
  await run();
  // The first one probes whether the kernel has links.
  const when = positionOfLast(await Deno.readTextFile(trace), "BPF_LINK_CREATE");
  assert.ok(when > 0);
  const { stderr } = await run("-e", `inject=bpf:error=E2BIG:when=${when}`);
  // Another thread's call may come between the start and the end of this one.
  assert.match(
    await Deno.readTextFile(trace),
    /LINK_CREATE.*( E2BIG .*INJECTED|unfinished[^]*resumed>.* E2BIG .*INJECTED)/,
  );
  assert.match(stderr, /E2BIG.*64 programs/);
  assert.match(stderr, /^hint: .*raw_tp/m);
});
