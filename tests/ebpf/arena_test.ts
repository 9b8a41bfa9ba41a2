/**
 * Arenas, which libbpf maps into this process, at an address and size that neither objects nor
 * guests may choose.
 */
import { Policy } from "../../ebpf/mod.ts";
import assert from "node:assert/strict";
import { BpfObject, errno, LinearMemory } from "../../ffi/mod.ts";
import { CliProcess, guestPath } from "../support/cli.ts";
import { fromFileUrl } from "../support/paths.ts";

/** `SHIM_MAP_MAX_ENTRIES`. */
const MAX_ENTRIES = 2;

// Loads the shim, which stays loaded, so that no test is blamed for a leak.
new LinearMemory(new WebAssembly.Memory({ initial: 1 })).close();

Deno.test("an arena is not mapped at its object's address, over other memory", async () => {
  await using guest = new CliProcess(["--timeout", "120s", guestPath("attach"), "arena"]);
  await guest.waitFor(/^attached$/m);
  const maps = await Deno.readTextFile(`/proc/${guest.pid}/maps`);
  assert.match(maps, /anon_inode:bpf-map/);
  assert.doesNotMatch(maps, /^0*10000000-/m);
});

Deno.test("BpfObject.configure() refuses an arena smaller than its global variables", async () => {
  const bytes = await Deno.readFile(fromFileUrl("../../dist/tests/arena.bpf.o"));
  const memory = new WebAssembly.Memory({ initial: Math.ceil(bytes.length / 65536) });
  new Uint8Array(memory.buffer).set(bytes);
  using linear = new LinearMemory(memory);
  const object = BpfObject.open({ memory: linear, offset: 0, sizeBytes: bytes.length }, "guest");
  assert.ok(typeof object !== "number");
  using opened = object;
  for (const pages of [0, 1, 2]) {
    assert.equal(opened.configure("arena", MAX_ENTRIES, pages), -errno("EINVAL"));
  }
  assert.equal(opened.configure("arena", MAX_ENTRIES, 3), 0);
  assert.equal(opened.permit(new Policy().bytes), 0);
  assert.equal(opened.load(), 0);
});
