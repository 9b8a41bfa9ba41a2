/** Waits that end when the reader of a watched descriptor is gone. */
import assert from "node:assert/strict";
import { errno, Interrupt, system } from "../../ffi/mod.ts";
import "../support/whole_shim.ts";

const libc = Deno.dlopen("libc.so.6", {
  pipe: { parameters: ["buffer"], result: "i32" },
  open: { parameters: ["buffer", "i32"], result: "i32" },
  close: { parameters: ["i32"], result: "i32" },
});

const RESTART = -errno("ERESTART");
const ONE_SECOND = 1_000_000_000n;

/** Runs a test with the writer of a pipe, and a function that closes its reader. */
function withPipe(test: (writer: number, closeReader: () => void) => void): void {
  const ends = new Int32Array(2);
  assert.equal(libc.symbols.pipe(ends), 0);
  const [reader = -1, writer = -1] = ends;
  let isOpen = true;
  const closeReader = () => {
    if (isOpen) libc.symbols.close(reader);
    isOpen = false;
  };
  try {
    test(writer, closeReader);
  } finally {
    closeReader();
    libc.symbols.close(writer);
  }
}

/** Waits for nothing but the interrupt. */
function wait(interrupt: Interrupt, timeoutNs: bigint): number {
  return system.poll(new Uint8Array(8), timeoutNs, interrupt);
}

Deno.test("a wait ends once, at once, when the reader of a watched pipe is gone", () => {
  withPipe((writer, closeReader) => {
    using interrupt = Interrupt.create();
    assert.equal(interrupt.watch(writer), 0);
    assert.equal(wait(interrupt, 0n), 0);
    closeReader();
    assert.equal(wait(interrupt, 60n * ONE_SECOND), RESTART);
    assert.equal(wait(interrupt, 1_000_000n), 0);
    // It is no request for statistics.
    assert.equal(interrupt.attentions, 0);
  });
});

Deno.test("requests end waits of an interrupt that watches, as of any other", () => {
  withPipe((writer, closeReader) => {
    using interrupt = Interrupt.create();
    assert.equal(interrupt.watch(writer), 0);
    interrupt.attend();
    assert.equal(wait(interrupt, 60n * ONE_SECOND), RESTART);
    assert.equal(interrupt.attentions, 1);
    interrupt.raise();
    assert.equal(wait(interrupt, 60n * ONE_SECOND), -errno("EINTR"));
    assert.equal(wait(interrupt, 1_000_000n), 0);
    closeReader();
    interrupt.raise();
    const ends = [wait(interrupt, 60n * ONE_SECOND), wait(interrupt, 60n * ONE_SECOND)];
    assert.deepEqual(ends.sort(), [-errno("EINTR"), RESTART].sort());
  });
});

Deno.test("Interrupt.watch() accepts a file, and refuses a second descriptor or none", () => {
  withPipe((writer) => {
    using interrupt = Interrupt.create();
    assert.equal(interrupt.watch(-1), -errno("EBADF"));
    const file = libc.symbols.open(new TextEncoder().encode("/dev/null\0"), 0);
    assert.equal(interrupt.watch(file), 0);
    libc.symbols.close(file);
    assert.equal(interrupt.watch(writer), 0);
    assert.equal(interrupt.watch(writer), -errno("EBUSY"));
    interrupt.raise();
    assert.equal(wait(interrupt, 60n * ONE_SECOND), -errno("EINTR"));
  });
});
