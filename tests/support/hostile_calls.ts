/** Calls of every eBPF import: valid ones, and invalid values for each argument. */
import { type HostileHost, Place, SIZE } from "./hostile_host.ts";

/** One argument. */
export interface Argument {
  readonly good: number | bigint;
  /** Values with which the call must fail, whatever its other arguments. */
  readonly bad: readonly (number | bigint)[];
}

/** Call that would succeed, or at least reach the kernel. */
export interface Template {
  readonly module: string;
  readonly name: string;
  readonly args: readonly Argument[];
}

/** Range of guest memory. */
export type Range = readonly [offset: number, size: number];

export const MIN = -0x80000000;
export const MAX = 0x7fffffff;
/** Address after the last NUL of the memory. */
const ENDLESS = Place.Elf + Place.ElfBytes + 16;
const BEYOND = [SIZE, SIZE + 4096, -1, MIN];

const constant = (good: number | bigint): Argument => ({ good, bad: [] });
const command = (good: number, bad: number[]): Argument => ({ good, bad });
const text = (good: number): Argument => ({ good, bad: [SIZE, -1, MIN, ENDLESS, SIZE - 1] });
const pointer = (good: number, size: number): Argument => ({
  good,
  bad: [SIZE - size + 1, SIZE - 1, ...BEYOND],
});
const sized = (good: number, at: number): Argument => ({
  good,
  bad: [-1, MIN, MAX, SIZE - at + 1],
});
/** Values that do not fit into 32 bits. */
const WIDER = [1n << 32n, -1n, -(1n << 63n)];
/** Address as the Rust and Go SDKs pass it; an unused one may be anything. */
const wide = ({ good, bad }: Argument): Argument => ({
  good: BigInt(good),
  bad: bad.length === 0 ? [] : [...bad.map((value) => BigInt(Number(value) >>> 0)), ...WIDER],
});

/** Returns a template for every import and, if it has commands, for every command. */
export function templates(host: HostileHost): Template[] {
  return [...objectCalls(host), ...mapCalls(host), ...bufferCalls(host), ...extensionCalls(host)];
}

function handleOf(host: HostileHost): Argument {
  const bad = [0n, -1n, host.object + 1000n, host.object + (1n << 32n), 1n << 62n, -(1n << 63n)];
  return { good: host.object, bad };
}

function tokenOf(host: HostileHost, name: string): Argument {
  const program = host.tokens.get("iterate") ?? 0;
  return { good: host.tokens.get(name) ?? 0, bad: [0, -1, 100_000, MIN, MAX, program] };
}

function objectCalls(host: HostileHost): Template[] {
  const handle = handleOf(host);
  const module = "wasm_bpf";
  const elf = [pointer(Place.Elf, Place.ElfBytes), sized(Place.ElfBytes, Place.Elf)];
  const name = text(host.string("iterate"));
  return [
    { module, name: "wasm_load_bpf_object", args: elf },
    { module, name: "wasm_close_bpf_object", args: [handle] },
    { module, name: "wasm_attach_bpf_program", args: [handle, name, text(host.string(""))] },
    { module, name: "wasm_bpf_map_fd_by_name", args: [handle, text(host.string("hash"))] },
  ];
}

function mapCalls(host: HostileHost): Template[] {
  const [key, value, next] = [Place.Zeros, Place.Zeros + 64, Place.Buffer];
  const calls: Template[] = [];
  const add = (map: string, ...args: Argument[]) => {
    const [module, name] = ["wasm_bpf", "wasm_bpf_map_operate"];
    const [what, ...pointers] = args;
    if (what === undefined) return;
    const token = tokenOf(host, map);
    calls.push({ module, name, args: [token, what, ...pointers, constant(0n)] });
    calls.push({ module, name, args: [token, what, ...pointers.map(wide), constant(0n)] });
  };
  const wrong = [0, 5, 6, 21, 24, -1, MIN, MAX];
  for (const map of ["hash", "array", "per_cpu", "programs", "devices", "tasks", "outer"]) {
    const { key: keys, value: values } = host.sizeOf(host.tokens.get(map) ?? 0);
    const none = constant(0);
    add(map, command(1, wrong), pointer(key, keys), pointer(next, values), none);
    add(map, command(2, wrong), pointer(key, keys), pointer(value, values), none);
    add(map, command(3, wrong), pointer(key, keys), none, none);
    if (map !== "tasks") add(map, command(4, wrong), none, none, pointer(next, keys));
  }
  add("queue", command(1, wrong), constant(0), pointer(next, 8), constant(0));
  add("queue", command(2, wrong), constant(0), pointer(value, 8), constant(0));
  return calls;
}

function bufferCalls(host: HostileHost): Template[] {
  const name = "wasm_bpf_buffer_poll";
  const buffer = [pointer(Place.Buffer, 64), sized(64, Place.Buffer), constant(0)];
  const ring = tokenOf(host, "ring");
  const bad = [...ring.bad, host.tokens.get("hash") ?? 0, host.tokens.get("commands") ?? 0];
  const start = [handleOf(host), { ...ring, bad }];
  const callback = { good: 1, bad: [0, 2, 3, -1, MIN, MAX] };
  return [
    { module: "wasm_bpf", name, args: [...start, callback, constant(5), ...buffer] },
    { module: "callback-wrapper", name, args: [...start, constant(5), ...buffer] },
    { module: "wasm_bpf_ext", name: "buffer_read", args: [...start, ...buffer] },
    { module: "wasm_bpf_ext", name: "buffer_stats", args: [...start, pointer(Place.Buffer, 24)] },
  ];
}

function extensionCalls(host: HostileHost): Template[] {
  const module = "wasm_bpf_ext";
  const handle = handleOf(host);
  const hash = tokenOf(host, "hash");
  const link = { good: host.link, bad: [0, -1, MIN, MAX, host.link + 1000] };
  const name = text(host.string("iterate"));
  const buffer = [pointer(Place.Buffer, 64), sized(64, Place.Buffer)];
  const none = constant(0);
  const [keys, values] = [pointer(Place.Zeros, 16), pointer(Place.Buffer, 32)];
  const count = pointer(Place.Count, 4);
  const token = pointer(Place.Buffer + 64, 4);
  const batch = (what: number, ...rest: Argument[]): Template => ({
    module,
    name: "map_batch",
    args: [hash, command(what, [0, 1, 23, 28, -1, MIN]), ...rest, count, constant(0n)],
  });
  return [
    { module, name: "link_attach", args: [handle, name, text(host.string(""))] },
    { module, name: "link_detach", args: [link] },
    { module, name: "iter_read", args: [link, ...buffer] },
    batch(24, none, token, keys, values),
    batch(24, pointer(Place.Zeros, 4), token, keys, values),
    batch(25, none, token, keys, values),
    batch(26, none, none, keys, values),
    batch(27, none, none, keys, none),
    {
      module,
      name: "map_lookup_and_delete",
      args: [hash, pointer(Place.Zeros, 4), pointer(Place.Buffer, 8), constant(0n)],
    },
    { module, name: "map_info", args: [hash, pointer(Place.Buffer, 24)] },
    {
      module,
      name: "user_ring_submit",
      args: [handle, tokenOf(host, "commands"), ...buffer, none],
    },
    {
      module,
      name: "object_open",
      args: [pointer(Place.Elf, Place.ElfBytes), sized(Place.ElfBytes, Place.Elf)],
    },
    {
      module,
      name: "object_configure",
      args: [
        handle,
        name,
        { good: 1, bad: [0, 2, 6, 9, -1, MIN] },
        { good: 1, bad: [0, -1, MAX] },
      ],
    },
    { module, name: "possible_cpus", args: [] },
    { module, name: "host_pid", args: [] },
    { module, name: "last_errno", args: [] },
    { module, name: "local_offset", args: [constant(1_800_000_000n)] },
    { module, name: "is_interrupted", args: [] },
    {
      module,
      name: "interrupt_page",
      args: [{ good: 0, bad: [Place.Interrupt, Place.Buffer, 8, SIZE, -1, MIN] }],
    },
    {
      module,
      name: "records_open",
      args: [
        name,
        text(host.string("iterate")),
        pointer(Place.Elf, Place.ElfBytes),
        sized(Place.ElfBytes, Place.Elf),
        { good: 0, bad: [2, -1, MIN] },
      ],
    },
    { module, name: "records_write", args: [{ good: 1, bad: [0, -1, MAX] }, ...buffer] },
    { module, name: "records_flush", args: [{ good: 1, bad: [0, -1, MAX] }] },
    {
      module,
      name: "kernel_supports",
      args: [{ good: 1, bad: [0, 3, -1, MIN] }, { good: 1, bad: [0, 256, -1, MAX, MIN] }],
    },
    { module, name: "object_load", args: [handle] },
    { module, name: "program_set_target", args: [handle, name, text(host.string("no_such_name"))] },
    {
      module,
      name: "global_set",
      args: [
        handle,
        { ...text(host.string(".data")), bad: [SIZE, -1, ENDLESS, host.string("hash")] },
        { good: 0, bad: [4, -1, MIN] },
        pointer(Place.Zeros, 4),
        { good: 4, bad: [5, -1, MIN, MAX] },
      ],
    },
    { module, name: "program_token", args: [handle, name] },
    { module, name: "last_error", args: buffer },
  ];
}

/** Returns the ranges that a call may write. */
export function outputs(
  host: HostileHost,
  module: string,
  name: string,
  given: readonly (number | bigint)[],
): Range[] {
  const a = given.map((value) => Number(BigInt.asUintN(32, BigInt(value))));
  const [a0 = 0, a1 = 0, a2 = 0, a3 = 0, a4 = 0, a5 = 0, a6 = 0] = a;
  const { key, value } = host.sizeOf(a0);
  switch (name) {
    case "wasm_bpf_map_operate":
      return a1 === 1 ? [[a3, value]] : a1 === 4 ? [[a4, key]] : [];
    case "wasm_bpf_buffer_poll":
      return module === "wasm_bpf" ? [[a4, a5]] : [[a3, a4]];
    case "buffer_read":
      return [[a2, a3]];
    case "buffer_stats":
      return [[a2, 24]];
    case "iter_read":
      return [[a1, a2]];
    case "map_info":
      return [[a1, 24]];
    case "last_error":
      return [[a0, a1]];
    case "map_lookup_and_delete":
      return [[a2, value]];
    case "map_batch": {
      const count = host.u32(a6);
      const done: Range = [a6, 4];
      if (a1 !== 24 && a1 !== 25) return [done];
      return [done, [a3, Math.max(4, key)], [a4, count * key], [a5, count * value]];
    }
    default:
      return [];
  }
}
