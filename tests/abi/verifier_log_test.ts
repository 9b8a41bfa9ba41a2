/** Verifier log beyond the 20 MiB that are kept. Needs root; takes two seconds. */
import assert from "node:assert/strict";
import { Policy } from "../../ebpf/mod.ts";
import { BpfObject, LinearMemory, takeLog } from "../../ffi/mod.ts";
import { diagnoseLoad } from "../../ebpf/diagnosis.ts";
import { fromFileUrl } from "../support/paths.ts";

const OBJECT = fromFileUrl("../../dist/tests/long-log.bpf.o");
const LOG_MAX = 20 * 1024 * 1024;

// Loads the shim for the life of the process, which is not a leak of a test.
takeLog();

/** Loads an object that the verifier refuses. */
function load(bytes: Uint8Array): { result: number; log: string } {
  const memory = new WebAssembly.Memory({ initial: Math.ceil(bytes.length / 65536) });
  new Uint8Array(memory.buffer).set(bytes);
  using linear = new LinearMemory(memory);
  const object = BpfObject.open({ memory: linear, offset: 0, sizeBytes: bytes.length }, "guest");
  assert.ok(typeof object !== "number");
  using _object = object;
  assert.equal(object.permit(new Policy().bytes), 0);
  return { result: object.load(), log: takeLog() };
}

Deno.test("the end of a verifier's log is kept, whatever its length", async () => {
  const { result, log } = load(await Deno.readFile(OBJECT));
  assert.ok(log.length <= LOG_MAX, `${log.length} bytes`);
  const error = diagnoseLoad(result, log);
  assert.deepEqual([error.code, error.op], ["EACCES", 'load program "long_log"']);
  const lines = error.detail?.split("\n") ?? [];
  assert.match(lines.at(-2) ?? "", /invalid mem access/);
  assert.ok(lines.length > 10_000, `${lines.length} lines`);
});
