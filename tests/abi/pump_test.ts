/** Pumps with and without vectors, which V8 lacks when the CPU lacks SSE4.1. */
import assert from "node:assert/strict";
import { withTimeouts } from "../support/brief.ts";
import { BOOTSTRAP } from "../support/cli.ts";
import { fromFileUrl } from "../support/paths.ts";
import { assemble } from "../support/wat.ts";

const DATA = 1024;
const MAX_BYTES = 512;
const FILL = 0x3f;
/** Offset in the staging memory. */
const FLAGS = 2 * 65536;

/** Instantiates a guest whose callback passes its data to `seen`. */
function guest(seen: (data: Uint8Array) => void): Record<string, WebAssembly.ExportValue> {
  const text = `(module (import "test" "seen" (func $seen (param i32 i32 i32) (result i32)))
    (memory (export "memory") 1) (table (export "table") 1 funcref) (elem (i32.const 0) $seen))`;
  const { exports } = new WebAssembly.Instance(new WebAssembly.Module(assemble(text)), {
    test: {
      seen: (_context: number, data: number, size: number) => {
        const bytes = new Uint8Array(memory.buffer, data, MAX_BYTES + 8);
        assert.ok(bytes.subarray(size).every((byte) => byte === FILL), "wrote past the event");
        seen(bytes.slice(0, size));
        bytes.fill(FILL);
        return 0;
      },
    },
  });
  const memory = exports["memory"] as WebAssembly.Memory;
  new Uint8Array(memory.buffer).fill(FILL);
  return exports;
}

const payload = (size: number) => Uint8Array.from({ length: size }, (_, i) => (size + i) % 251);

/** Writes records with payloads of 0 to 300 bytes: size, second word, payload. */
function putRecords(memory: WebAssembly.Memory, at: number): number {
  const view = new DataView(memory.buffer);
  for (let size = 0; size <= 300; size++) {
    view.setUint32(at, size, true);
    new Uint8Array(memory.buffer).set(payload(size), at + 8);
    at += 8 + ((size + 7) & ~7);
  }
  return at;
}

async function load(name: string): Promise<WebAssembly.Module> {
  return new WebAssembly.Module(
    await Deno.readFile(fromFileUrl(`../../dist/lib/${name}.bin`)),
  );
}

function assertAll(events: readonly Uint8Array[]): void {
  assert.equal(events.length, 301);
  events.forEach((event, size) => assert.deepEqual(event, payload(size)));
}

for (const suffix of ["", "_words"]) {
  Deno.test(`pump${suffix} delivers events of every size, and not a byte more`, async () => {
    const stage = new WebAssembly.Memory({ initial: 3 });
    const view = new DataView(stage.buffer);
    view.setUint32(0, 24, true);
    view.setUint32(4, putRecords(stage, 24), true);
    const events: Uint8Array[] = [];
    const imports = {
      guest: guest((data) => events.push(data)),
      stage: { memory: stage, flags: FLAGS },
    };
    const { exports } = new WebAssembly.Instance(await load(`pump${suffix}`), imports);
    const pump = exports["pump"] as (...args: number[]) => number;
    assert.equal(pump(0, 0, 0, DATA, MAX_BYTES), 301);
    assertAll(events);
  });

  Deno.test(`ring_pump${suffix} delivers events of every size, and not a byte more`, async () => {
    const [page, size] = [4096, 65536];
    const ring = new WebAssembly.Memory({ initial: 4 });
    const end = putRecords(ring, 2 * page) - 2 * page;
    new DataView(ring.buffer).setBigUint64(page, BigInt(end), true);
    const events: Uint8Array[] = [];
    const { exports } = new WebAssembly.Instance(await load(`ring_pump${suffix}`), {
      guest: guest((data) => events.push(data)),
      ring: {
        memory: ring,
        page,
        mask: size - 1,
        state: 2 * page + 2 * size,
        flags: 3 * page + 2 * size,
      },
    });
    const pump = exports["pump"] as (...args: number[]) => number;
    assert.equal(pump(0, 0, DATA, MAX_BYTES), 301);
    assertAll(events);
    assert.equal(new DataView(ring.buffer).getBigUint64(0, true), BigInt(end));
  });
}

Deno.test("events_poll works when V8 has no vectors", async () => {
  const without =
    "--v8-flags=--no-enable-sse4-1,--no-enable-sse4-2,--no-enable-avx,--no-enable-avx2";
  const main = fromFileUrl("../../main.ts");
  await withTimeouts(async (timeoutMs) => {
    const { code, stdout, stderr } = await new Deno.Command("deno", {
      args: ["run", "--no-check", "-A", without, main, "--timeout", `${timeoutMs}ms`, BOOTSTRAP],
    }).output();
    const decoder = new TextDecoder();
    assert.equal(decoder.decode(stderr), "");
    assert.equal(code, 0);
    assert.match(decoder.decode(stdout), /^TIME /);
  });
});
