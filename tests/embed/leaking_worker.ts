/** Loads, attaches and opens, and releases nothing. */
import { Policy } from "../../ebpf/mod.ts";
import { BpfObject, EventBuffer, Interrupt, LinearMemory, settleShim } from "../../ffi/mod.ts";

settleShim();
const bytes = Deno.readFileSync(new URL("../../dist/tests/abi.bpf.o", import.meta.url));
const memory = new WebAssembly.Memory({ initial: Math.ceil(bytes.length / 65536) });
new Uint8Array(memory.buffer).set(bytes);
const object = BpfObject.open(
  { memory: new LinearMemory(memory), offset: 0, sizeBytes: bytes.length },
  "leak",
);
if (
  typeof object === "number" || object.forgetPins() < 0 ||
  object.permit(new Policy().bytes) < 0 || object.load() < 0
) {
  throw new Error("cannot load");
}
object.programs()[0]?.attach();
const ring = object.maps().find(({ name }) => name === "ring");
if (ring !== undefined) EventBuffer.open(ring, Interrupt.create());
const scope = globalThis as unknown as Worker;
scope.postMessage("loaded");
// A listener keeps the worker alive.
scope.onmessage = () => {};
