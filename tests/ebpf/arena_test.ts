/** Arenas, which libbpf maps into this process: not where, nor how, an object or a guest likes. */
import { Policy } from "../../ebpf/mod.ts";
import assert from "node:assert/strict";
import { BpfObject, errno, LinearMemory } from "../../ffi/mod.ts";
import { CliProcess, guestPath } from "../support/cli.ts";
import { fromFileUrl } from "../support/paths.ts";

/** `SHIM_MAP_MAX_ENTRIES`. */
const MAX_ENTRIES = 2;

// Loads the shim, which stays, before the first test can be blamed for it.
new LinearMemory(new WebAssembly.Memory({ initial: 1 })).close();

Deno.test("an arena is not mapped where its object says, over what is there", async () => {
  await using guest = new CliProcess(["--timeout", "30s", guestPath("attach"), "arena"]);
  await guest.waitFor(/^attached$/m);
  const maps = await Deno.readTextFile(`/proc/${guest.pid}/maps`);
  assert.match(maps, /anon_inode:bpf-map/);
  assert.doesNotMatch(maps, /^0*10000000-/m);
});

Deno.test("an arena becomes no smaller than the global variables that are copied into it", async () => {
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
