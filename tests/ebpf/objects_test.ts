/** eBPF objects that no compiler makes of anybody's sources: libbpf takes their numbers as they are. */
import assert from "node:assert/strict";
import { Policy } from "../../ebpf/mod.ts";
import { errno, LinearMemory, takeLog } from "../../ffi/mod.ts";
import { BpfObject } from "../../ffi/mod.ts";
import { ACTOR } from "../support/actor.ts";
import { BtfPatch } from "../support/btf_patch.ts";
import { elfOf } from "../support/object_guest.ts";
import "../support/whole_shim.ts";

/** `SHIM_MAP_KEY_SIZE`. */
const KEY_SIZE = 3;
const REFUSED = [errno("EINVAL"), errno("EOPNOTSUPP"), 4001];

/** Opens an object and closes it behind `use`; the errno it is refused with, 0 when it is not. */
function open(bytes: Uint8Array, use: (object: BpfObject) => number = () => 0): number {
  using memory = new LinearMemory(new WebAssembly.Memory({ initial: 4 }));
  memory.bytes.set(bytes, 8);
  const object = BpfObject.open({ memory, offset: 8, sizeBytes: bytes.length }, "guest");
  if (typeof object === "number") return -object;
  using opened = object;
  assert.equal(opened.permit(new Policy().bytes), 0);
  const result = Math.abs(use(opened));
  takeLog();
  return result;
}

Deno.test("a program that ends with half an instruction is refused", () => {
  assert.equal(open(elfOf("half")), errno("EINVAL"));
});

Deno.test("a map of maps gets no more of a key than there is", () => {
  const load = (keyBytes: number) =>
    open(elfOf("slots"), (object) => {
      assert.equal(object.configure("outer", KEY_SIZE, keyBytes), 0);
      return object.load();
    });
  assert.equal(load(4), 0);
  assert.equal(load(64), errno("EINVAL"));
});

Deno.test("maps for USDT probes get no more of a value than there is", () => {
  const target = { binary: ACTOR, provider: "wasm_bpf_test", name: "called" };
  const result = open(elfOf("usdt_maps"), (object) => {
    assert.equal(object.load(), 0);
    const link = object.programs()[0]?.attachUsdt(target);
    if (typeof link === "number") return link;
    link?.close();
    return 0;
  });
  assert.equal(result, errno("EINVAL"));
});

Deno.test("a typedef of itself is followed to no end", () => {
  const patch = new BtfPatch(elfOf("slots"));
  patch.setType("map_t", patch.idOf("map_t"));
  assert.ok(REFUSED.includes(open(patch.bytes)));
});

Deno.test("a configuration value's struct that holds itself is refused", () => {
  assert.ok(REFUSED.includes(open(elfOf("types"))));
  const patch = new BtfPatch(elfOf("types"));
  patch.setMember("setting", 0, { type: patch.idOf("setting") });
  assert.ok(REFUSED.includes(open(patch.bytes)));
});

Deno.test("a configuration value of a size that is negative for libbpf is refused", () => {
  // It was returned for an errno, and as a pointer it is none of those that are errors.
  for (const sizeBytes of [0x80000000, 0xa543cecc, 0xfffff000, 0]) {
    const patch = new BtfPatch(elfOf("types"));
    patch.setSize("setting", sizeBytes);
    assert.ok(REFUSED.includes(open(patch.bytes)), `${sizeBytes}`);
  }
});

Deno.test("members of a struct_ops lie in it", () => {
  const whole = elfOf("struct_ops");
  assert.equal(open(whole), 0);
  const patch = new BtfPatch(whole);
  // The third of its functions, at 16, is written to when the object is opened.
  patch.setSize("tcp_congestion_ops", 20);
  assert.equal(open(patch.bytes), errno("EINVAL"));
});
