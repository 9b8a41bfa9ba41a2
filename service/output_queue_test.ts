import assert from "node:assert/strict";
import { OutputQueue, OutputQueues } from "./output_queue.ts";

const bytes = (text: string) => new TextEncoder().encode(text);

Deno.test("OutputQueue bounds what waits for a reader, and reports what it left out", async () => {
  const gate = Promise.withResolvers<void>();
  let text = "";
  const dropped: number[] = [];
  const queue = new OutputQueue({
    write: async (bytes) => {
      await gate.promise;
      // A part, as pipes take.
      const count = Math.min(bytes.length, 100_000);
      text += new TextDecoder().decode(bytes.subarray(0, count));
      return count;
    },
  }, (lines) => dropped.push(lines));
  const line = `${"x".repeat(999)}\n`;
  for (let i = 0; i < 2000; i++) queue.write(bytes(line));
  await queue.flush(1);
  assert.equal(text, "");
  gate.resolve();
  await queue.flush(60_000);
  const count = text.length / 1000;
  assert.ok(count > 1000 && count < 1100, `${count}`);
  assert.deepEqual(dropped, [2000 - count]);
  queue.write(bytes("more\n"));
  await queue.flush(60_000);
  assert.ok(text.endsWith("x\nmore\n"));
});

Deno.test("OutputQueue ends with its reader", async () => {
  let calls = 0;
  const queue = new OutputQueue({
    write: () => {
      calls += 1;
      return Promise.reject(new Deno.errors.BrokenPipe());
    },
  });
  queue.write(bytes("a\n"));
  queue.write(bytes("b\n"));
  await queue.flush(60_000);
  queue.write(bytes("c\n"));
  await queue.flush(60_000);
  assert.equal(calls, 1);
});

Deno.test("OutputQueue goes on after an error that passes, and counts what it left out", async () => {
  let text = "", isFull = true;
  const dropped: number[] = [];
  const queue = new OutputQueue({
    write: (bytes) => {
      if (isFull) return Promise.reject(new Error("No space left on device (os error 28)"));
      text += new TextDecoder().decode(bytes);
      return Promise.resolve(bytes.length);
    },
  }, (lines) => dropped.push(lines));
  queue.write(bytes("a\nb\n"));
  queue.write(bytes("c\n"));
  await queue.flush(60_000);
  isFull = false;
  queue.write(bytes("d\n"));
  await queue.flush(60_000);
  assert.equal(text, "d\n");
  assert.deepEqual(dropped, [3]);
});

Deno.test("OutputQueue writes what comes at the end of a write, whenever that is", async () => {
  for (let steps = 0; steps < 10; steps++) {
    let text = "";
    let written: Promise<void> | undefined;
    const queue = new OutputQueue({
      write: (bytes) => {
        text += new TextDecoder().decode(bytes);
        const done = Promise.resolve(bytes.length);
        written ??= done.then(async () => {
          for (let i = 0; i < steps; i++) await undefined;
          queue.write(new TextEncoder().encode("b\n"));
        });
        return done;
      },
    });
    queue.write(bytes("a\n"));
    await written;
    await queue.flush(60_000);
    assert.equal(text, "a\nb\n", `${steps} steps`);
  }
});

Deno.test("OutputQueues reports on standard error what either stream left out", async () => {
  let isFull = true, stderr = "";
  const write = (bytes: Uint8Array) => {
    if (isFull) return Promise.reject(new Error("full"));
    stderr += new TextDecoder().decode(bytes);
    return Promise.resolve(bytes.length);
  };
  const stdout = { write: (bytes: Uint8Array) => Promise.resolve(bytes.length) };
  const output = new OutputQueues({ stdout, stderr: { write } });
  output.write("stderr", bytes("a\nb\n"));
  await output.flush();
  isFull = false;
  output.write("stderr", bytes("c\n"));
  await output.flush();
  assert.match(stderr, /^c\nwarning: 2 lines .*standard error.*\n$/);
});
