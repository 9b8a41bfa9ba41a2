import assert from "node:assert/strict";
import { type PrintedLine, PrintedText } from "./printed_text.ts";
import { drainRest } from "./readers.ts";

/** Returns what is left of a source of some bytes, which gives 4096 at a time. */
function leftOf(bytes: number, limit: number, isDone = () => false): number {
  let left = bytes;
  const drain = () => {
    const size = Math.min(4096, left);
    left -= size;
    return size;
  };
  drainRest({ drain }, limit, isDone);
  return left;
}

Deno.test("drainRest() reads everything that a buffer holds, however many reads it takes", () => {
  assert.equal(leftOf(80 << 20, 128 << 20), 0);
});

Deno.test("drainRest() ends where programs go on, and where enough was shown", () => {
  assert.equal(leftOf(1 << 30, 1 << 20), (1 << 30) - (1 << 20));
  let reads = 0;
  assert.equal(leftOf(1 << 20, 1 << 20, () => ++reads > 2), (1 << 20) - 8192);
});

Deno.test("PrintedText keeps the task of a text of several lines, and counts lost ones", () => {
  const lines: PrintedLine[] = [];
  const text = new PrintedText((line) => lines.push(line));
  const pipe = "          my-tool-1234    [001] ....1  12.345678: bpf_trace_printk: first\n" +
    "  second\nCPU:1 [LOST 17 EVENTS]\n" +
    "     ksoftirqd/0-9       [000] ..s..  12.5: bpf_trace_printk: third\nfourth\n";
  for (const byte of new TextEncoder().encode(pipe)) text.add(Uint8Array.of(byte));
  assert.deepEqual(lines, [
    { comm: "my-tool", pid: 1234, text: "first" },
    { comm: "my-tool", pid: 1234, text: "  second" },
    { comm: "ksoftirqd/0", pid: 9, text: "third" },
    { comm: "ksoftirqd/0", pid: 9, text: "fourth" },
  ]);
  assert.equal(text.lost, 17);
});
