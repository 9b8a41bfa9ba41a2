import assert from "node:assert/strict";
import { type MapAccess, mapAccess, MapType, refusalReason } from "./map_types.ts";

const HEADER = "/usr/include/linux/bpf.h";

/** Maps of devices and CPUs: what they are depends on the size of a value. */
const INTERFACES: readonly number[] = [14, 16, 25];

/** Map types by access; those left out are `none`. */
const ALLOWED: Readonly<Record<Exclude<MapAccess, "none">, readonly number[]>> = {
  bytes: [1, 2, 5, 6, 7, 9, 10, 11, 19, 21, 22, 23, 30],
  maps: [12, 13],
  programs: [3],
  tasks: [29],
  foreign: [8, 15, 17, 18, 20],
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
    // An older header does not have the newest.
    assert.equal(header.get(headerName(name)) ?? number, number, name);
  }
});

for (const [access, types] of Object.entries(ALLOWED)) {
  Deno.test(`mapAccess() is ${access} of exactly the types that it is meant for`, () => {
    for (let type = 0; type < 100; type++) {
      assert.equal(
        mapAccess(type, 4) === access && !INTERFACES.includes(type),
        types.includes(type),
      );
    }
  });
}

Deno.test("mapAccess() is programs of maps of devices and CPUs whose values have room for one", () => {
  for (const type of INTERFACES) {
    assert.equal(mapAccess(type, 4), "bytes");
    assert.equal(mapAccess(type, 8), "programs");
  }
});

Deno.test("mapAccess() is none of types that are not known yet", () => {
  for (let type = 34; type < 100; type++) assert.equal(mapAccess(type, 8), "none");
  for (const type of [-1, NaN, 2 ** 31, 2 ** 32 + 1]) assert.equal(mapAccess(type, 8), "none");
});

Deno.test("refusalReason() has words for every type whose use is limited", () => {
  for (const type of Object.values(MapType)) {
    if (!["none", "foreign"].includes(mapAccess(type, 4))) continue;
    assert.doesNotMatch(refusalReason(type), /of type/, String(type));
  }
});
