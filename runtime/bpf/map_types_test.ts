import assert from "node:assert/strict";
import { holdsPlainBytes, MapType } from "./map_types.ts";

const HEADER = "/usr/include/linux/bpf.h";

/** Types whose keys or values are descriptors, or that bpf(2) does not operate on at all. */
const OTHERS = {
  Unspecified: 0,
  ProgArray: 3,
  PerfEventArray: 4,
  CgroupArray: 8,
  ArrayOfMaps: 12,
  HashOfMaps: 13,
  Devmap: 14,
  Sockmap: 15,
  Cpumap: 16,
  Xskmap: 17,
  Sockhash: 18,
  ReuseportSockarray: 20,
  SkStorage: 24,
  DevmapHash: 25,
  StructOps: 26,
  RingBuffer: 27,
  InodeStorage: 28,
  TaskStorage: 29,
  UserRingBuffer: 31,
  CgrpStorage: 32,
  Arena: 33,
};

/** `enum bpf_map_type` of the machine's own header; `undefined` where it is not installed. */
function headerTypes(): Map<string, number> | undefined {
  let text: string;
  try {
    text = Deno.readTextFileSync(HEADER);
  } catch (error) {
    if (error instanceof Deno.errors.NotFound) return undefined;
    throw error;
  }
  const body = /enum bpf_map_type \{([^}]*)\}/.exec(text)?.[1]?.replace(/\/\*[^]*?\*\//g, "") ?? "";
  const found = new Map<string, number>();
  let next = 0;
  for (const entry of body.split(",")) {
    const [name = "", value] = entry.split("=").map((part) => part.trim());
    const number = value === undefined ? next : found.get(value) ?? Number(value);
    if (/^BPF_MAP_TYPE_\w+$/.test(name)) found.set(name, number);
    next = number + 1;
  }
  return found;
}

/** `LruPercpuHash` to `BPF_MAP_TYPE_LRU_PERCPU_HASH`. */
function headerName(name: string): string {
  const words = name.replace("RingBuffer", "Ringbuf").match(/[A-Z][a-z]*/g) ?? [];
  return `BPF_MAP_TYPE_${words.join("_").toUpperCase()}`;
}

Deno.test("MapType has the numbers of the machine's header", () => {
  const header = headerTypes();
  if (header === undefined) {
    Deno.stderr.writeSync(new TextEncoder().encode(`not compared: no ${HEADER}\n`));
    return;
  }
  assert.ok(header.size > 25);
  for (const [name, number] of Object.entries(MapType)) {
    assert.equal(number, header.get(headerName(name)), name);
  }
});

Deno.test("holdsPlainBytes() is true of hashes, arrays, tries, queues and stack traces", () => {
  for (const type of [1, 2, 5, 6, 7, 9, 10, 11, 22, 23, 30]) {
    assert.ok(holdsPlainBytes(type), String(type));
  }
});

for (const [name, type] of Object.entries(OTHERS)) {
  Deno.test(`holdsPlainBytes() is false of ${name}`, () => {
    assert.equal(holdsPlainBytes(type), false);
  });
}

Deno.test("holdsPlainBytes() is false of types that are not known yet", () => {
  for (let type = 34; type < 100; type++) assert.equal(holdsPlainBytes(type), false);
  for (const type of [-1, NaN, 2 ** 31, 2 ** 32 + 1]) assert.equal(holdsPlainBytes(type), false);
});
