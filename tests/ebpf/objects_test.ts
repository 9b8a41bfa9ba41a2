/** eBPF objects that no compiler produces, with numbers that libbpf uses without checks. */
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

/** Opens an object and closes it after `use`; returns the errno of a refusal, or 0. */
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

Deno.test("open refuses a program that ends with half an instruction", () => {
  assert.equal(open(elfOf("half")), errno("EINVAL"));
});

Deno.test("an update of a map of maps reads no more than its key", () => {
  const load = (keyBytes: number) =>
    open(elfOf("slots"), (object) => {
      assert.equal(object.configure("outer", KEY_SIZE, keyBytes), 0);
      return object.load();
    });
  assert.equal(load(4), 0);
  assert.equal(load(64), errno("EINVAL"));
});

Deno.test("an update of a USDT map reads no more than its value", () => {
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

Deno.test("open refuses a typedef of itself", () => {
  const patch = new BtfPatch(elfOf("slots"));
  patch.setType("map_t", patch.idOf("map_t"));
  assert.ok(REFUSED.includes(open(patch.bytes)));
});

Deno.test("open refuses a configuration value whose struct contains itself", () => {
  assert.ok(REFUSED.includes(open(elfOf("types"))));
  const patch = new BtfPatch(elfOf("types"));
  patch.setMember("setting", 0, { type: patch.idOf("setting") });
  assert.ok(REFUSED.includes(open(patch.bytes)));
});

Deno.test("open refuses a configuration value whose size is negative for libbpf", () => {
  // libbpf returned it as an errno, and its value is not in the range of error pointers.
  for (const sizeBytes of [0x80000000, 0xa543cecc, 0xfffff000, 0]) {
    const patch = new BtfPatch(elfOf("types"));
    patch.setSize("setting", sizeBytes);
    assert.ok(REFUSED.includes(open(patch.bytes)), `${sizeBytes}`);
  }
});

Deno.test("open refuses struct_ops members outside their struct", () => {
  const whole = elfOf("struct_ops");
  assert.equal(open(whole), 0);
  const patch = new BtfPatch(whole);
  // The third of its functions, at offset 16, is written when the object is opened.
  patch.setSize("tcp_congestion_ops", 20);
  assert.equal(open(patch.bytes), errno("EINVAL"));
});
