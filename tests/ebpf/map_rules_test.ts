/** Map types, flags and sizes that an object requests, and that never reach the kernel. */
import { inspectObject } from "../../ebpf/inspection/mod.ts";
import { Policy } from "../../ebpf/mod.ts";
import assert from "node:assert/strict";
import { BpfObject, Budget, errno, Interrupt, LinearMemory, takeLog } from "../../ffi/mod.ts";
import { BtfPatch } from "../support/btf_patch.ts";
import { elfOf } from "../support/object_guest.ts";
import "../support/whole_shim.ts";

const [EINVAL, ENOMEM, EMFILE, EINTR] = [
  errno("EINVAL"),
  errno("ENOMEM"),
  errno("EMFILE"),
  errno("EINTR"),
];

const STRUCT_OPS = 26;
const RINGBUF = 27;
const ARENA = 33;
const INSN_ARRAY = 34;

interface Outcome {
  result: number;
  log: string;
}

/** Opens and loads an object; `use` gets it between the two steps. */
function load(
  bytes: Uint8Array,
  { budget, use = () => {} }: { budget?: Budget; use?: (object: BpfObject) => void } = {},
): Outcome {
  using memory = new LinearMemory(new WebAssembly.Memory({ initial: 8 }));
  memory.bytes.set(bytes, 8);
  takeLog();
  const opened = BpfObject.open({ memory, offset: 8, sizeBytes: bytes.length }, "guest");
  if (typeof opened === "number") return { result: opened, log: takeLog() };
  using object = opened;
  assert.equal(object.permit(new Policy().bytes), 0);
  use(object);
  const result = object.load({ budget });
  return { result, log: takeLog() };
}

/** Returns the object with one map of these numbers. */
function shaped(
  { type = 1, flags = 0, entries = 16, key = 4, value = 8 }: Record<string, number>,
): Uint8Array {
  const patch = new BtfPatch(elfOf("shapes"));
  // Order matters: a replaced number may equal a later one's marker.
  [[105, value], [104, key], [103, entries], [102, flags], [101, type]]
    .forEach(([from = 0, to = 0]) => patch.setArrayLength(from, to));
  return patch.bytes;
}

const REFUSED = /^map 'shape' is refused: /m;

Deno.test("load refuses map types that are unknown or that only libbpf creates", () => {
  for (const type of [STRUCT_OPS, INSN_ARRAY, 35, 40, 1000, 0x7fffffff, 0xffffffff]) {
    const { result, log } = load(shaped({ type }));
    assert.equal(result, -EINVAL, `type ${type}`);
    assert.match(log, REFUSED, `type ${type}`);
  }
});

Deno.test("load passes every other map type to the kernel", () => {
  for (let type = 1; type < INSN_ARRAY; type++) {
    if (type === STRUCT_OPS) continue;
    assert.doesNotMatch(load(shaped({ type })).log, REFUSED, `type ${type}`);
  }
});

Deno.test("load checks each flag of each map type before the kernel", () => {
  // Flags for descriptors, links, tokens and faulting pages: only the host or libbpf may set them.
  const never = [13, 14, 15, 16, 17, 19, 20, 31].map((bit) => 2 ** bit);
  for (let type = 1; type < INSN_ARRAY; type++) {
    for (let bit = 0; bit < 32; bit++) {
      const { log } = load(shaped({ type, flags: 2 ** bit }));
      if (never.includes(2 ** bit)) assert.match(log, REFUSED, `type ${type}, flag bit ${bit}`);
    }
  }
});

Deno.test("load refuses a ring buffer that overwrites records while they are read", () => {
  const { result, log } = load(shaped({ type: RINGBUF, flags: 2 ** 19, key: 0, value: 0 }));
  assert.equal(result, -EINVAL);
  assert.match(log, REFUSED);
});

Deno.test("an arena with initial values has writable pages", () => {
  const { result, log } = load(elfOf("arena_fault"));
  assert.equal(result, -EINVAL);
  assert.match(log, /^map 'arena' is refused: map type 33 does not take the flags 0x20000$/m);
});

Deno.test("load refuses maps beyond the budget before it creates any", () => {
  using interrupt = Interrupt.create();
  using budget = Budget.create(interrupt, { mapsBytes: 1 << 20, programs: 8 });
  for (
    const shape of [
      { type: 1, entries: 30_000_000, value: 64 },
      { type: 2, entries: 0x7fffffff, value: 8 },
      { type: 2, entries: 0xffffffff, value: 0xffffffff },
      { type: 6, entries: 0xffffffff, value: 0xfffffff8 },
      { type: 1, flags: 1, entries: 10_000_000 },
      { type: 11, flags: 1, entries: 1_000_000, key: 8 },
      { type: 22, entries: 0xffffffff, key: 0, value: 0xffffffff },
      { type: RINGBUF, entries: 2 ** 24, key: 0, value: 0 },
      { type: ARENA, flags: 1024, entries: 100_000, key: 0, value: 0 },
      { type: 7, entries: 100_000, value: 1016 },
      { type: 30, entries: 100_000_000, key: 0 },
      { type: 3, entries: 10_000_000, value: 4 },
    ]
  ) {
    const { result, log } = load(shaped(shape), { budget });
    assert.equal(result, -ENOMEM, JSON.stringify(shape));
    assert.match(log, /^map 'shape' is refused: it takes \d+ bytes/m);
    assert.equal(budget.mapsUsedBytes, 0);
  }
});

Deno.test("the budget counts maps of all live objects, and not of closed ones", () => {
  using interrupt = Interrupt.create();
  using budget = Budget.create(interrupt, { mapsBytes: 1 << 20, programs: 8 });
  const half = shaped({ type: 2, entries: 100_000, value: 8 });
  const second: number[] = [];
  const first = load(half, {
    budget,
    use: (object) => {
      assert.equal(object.load({ budget }), 0);
      assert.ok(budget.mapsUsedBytes >= 800_000);
      second.push(load(half, { budget }).result);
    },
  });
  assert.equal(first.result, -errno("EALREADY"));
  assert.deepEqual(second, [-ENOMEM]);
  assert.equal(budget.mapsUsedBytes, 0);
  assert.equal(load(half, { budget }).result, 0);
});

Deno.test("the budget counts configured sizes, not those of the file", () => {
  using interrupt = Interrupt.create();
  using budget = Budget.create(interrupt, { mapsBytes: 1 << 20, programs: 8 });
  const grow = (object: BpfObject) => assert.equal(object.configure("shape", 2, 0x7fffffff), 0);
  assert.equal(load(shaped({ type: 1 }), { budget, use: grow }).result, -ENOMEM);
});

Deno.test("load refuses an object with too many programs", () => {
  using interrupt = Interrupt.create();
  const loadWithin = (programs: number) => {
    using budget = Budget.create(interrupt, { mapsBytes: 0, programs });
    const shrink = (object: BpfObject) => {
      for (const group of "abcdefgh") {
        for (let i = 0; i < 8; i++) object.configure(`${group}${i}`, 2, 1);
      }
    };
    return load(elfOf("many_maps"), { budget, use: shrink });
  };
  assert.equal(loadWithin(63).result, -EMFILE);
  assert.match(loadWithin(63).log, /programs are refused: with them 64 are loaded/);
  assert.equal(loadWithin(64).result, 0);
});

Deno.test("an interrupt does not end a load, but the next poll", () => {
  using interrupt = Interrupt.create();
  using budget = Budget.create(interrupt, { mapsBytes: 0, programs: 8 });
  interrupt.raise();
  assert.equal(load(shaped({ type: 1 }), { budget }).result, 0);
  assert.equal(interrupt.take(), -EINTR);
});

Deno.test("a load ends before its next map when the run is terminated", () => {
  using interrupt = Interrupt.create();
  using budget = Budget.create(interrupt, { mapsBytes: 0, programs: 8 });
  interrupt.terminate();
  const { result, log } = load(shaped({ type: 1 }), { budget });
  assert.equal(result, -EINTR);
  assert.match(log, /^interrupted before creating map 'shape'$/m);
});

Deno.test("inspectObject() counts the memory of each map type as a load does", () => {
  const [, last = "0"] = /(\d+)\s*$/.exec(
    Deno.readTextFileSync("/sys/devices/system/cpu/possible"),
  ) ?? [];
  const cpus = Number(last) + 1;
  using interrupt = Interrupt.create();
  using budget = Budget.create(interrupt, { mapsBytes: 1, programs: 8 });
  const sizes = [[4, 8, 16], [16, 4096, 8192], [5, 100, 10_000], [4, 4, 1]];
  let compared = 0;
  for (let type = 1; type < INSN_ARRAY; type++) {
    for (const [key = 0, value = 0, entries = 0] of sizes) {
      const bytes = shaped({ type, key, value, entries });
      const { log } = load(bytes, { budget });
      const counted = /map 'shape' is refused: it takes (\d+) bytes/.exec(log)?.[1];
      if (counted === undefined) continue;
      const [map] = inspectObject(Uint8Array.from(bytes), { cpus }).maps;
      assert.equal(map?.memoryBytes, Number(counted), `type ${type}, ${key} ${value} ${entries}`);
      compared++;
    }
  }
  assert.ok(compared > 100, `${compared} shapes`);
});

/**
 * Returns the bytes that the kernel reports for a map while it is loaded, or `undefined` if it
 * reports none.
 */
function kernelBytes(object: BpfObject): number | undefined {
  const id = object.maps()[0]?.id;
  const { success, stdout } = new Deno.Command("bpftool", {
    args: ["-j", "map", "show", "id", `${id}`],
  }).outputSync();
  assert.ok(success);
  return (JSON.parse(new TextDecoder().decode(stdout)) as { bytes_memlock?: number }).bytes_memlock;
}

/** Types by number, with shapes that show the size of each entry. */
const MEASURED: Record<string, Record<string, number>> = {
  "hash": { type: 1, entries: 10_000, value: 100 },
  "array": { type: 2, entries: 10_000, value: 100 },
  "program array": { type: 3, entries: 10_000, value: 4 },
  "per-CPU hash": { type: 5, entries: 10_000, value: 100 },
  "per-CPU array": { type: 6, entries: 10_000, value: 100 },
  "stack traces": { type: 7, entries: 10_000, value: 1016 },
  "LRU hash": { type: 9, entries: 10_000, value: 100 },
  "LRU per-CPU hash": { type: 10, entries: 10_000, value: 100 },
  "queue": { type: 22, entries: 10_000, key: 0, value: 100 },
  "ring buffer": { type: RINGBUF, entries: 1 << 20, key: 0, value: 0 },
  "bloom filter": { type: 30, entries: 100_000, key: 0, value: 8 },
};

for (const [name, shape] of Object.entries(MEASURED)) {
  Deno.test(`${name}: the counted size is at least the kernel's, and at most 1.5 times it`, () => {
    using interrupt = Interrupt.create();
    using budget = Budget.create(interrupt, { mapsBytes: 0, programs: 8 });
    load(shaped(shape), {
      budget,
      use: (object) => {
        assert.equal(object.load({ budget }), 0);
        const counted = budget.mapsUsedBytes;
        const taken = kernelBytes(object) ?? counted;
        assert.ok(counted >= taken * 0.95, `counted ${counted}, the kernel uses ${taken}`);
        assert.ok(counted <= taken * 1.5 + 65536, `counted ${counted}, the kernel uses ${taken}`);
      },
    });
  });
}
