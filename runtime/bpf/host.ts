/** The `wasm_bpf` import module: what a guest may ask of eBPF. */
import { type BpfMap, errno } from "../../ffi/mod.ts";
import { HostError } from "../../ffi/errors.ts";
import { GuestFault, type GuestMemory } from "../guest_memory.ts";
import { createPump, type Pump } from "../pump.ts";
import { Stage } from "../stage.ts";
import { BpfError } from "./errors.ts";
import { GuestObject } from "./guest_object.ts";
import { Handles } from "./handles.ts";
import { holdsPlainBytes } from "./map_types.ts";

/** What the eBPF imports need of the guest's surroundings. */
export interface BpfHostOptions {
  memory: GuestMemory;
  /** Gets each failure once; the guest itself only sees a number. */
  onError: (error: HostError) => void;
  /** Gets what is worth knowing though it is no error. */
  onNotice: (text: string) => void;
}

/** The guest's exports that callbacks go through; known once it is instantiated. */
export interface CallbackExports {
  memory: WebAssembly.Memory;
  /** The guest's function table, if it exports one. */
  table?: WebAssembly.Table | undefined;
  /** The export that `callback-wrapper` calls, if there is one. */
  callback?: WebAssembly.ExportValue | undefined;
}

interface MapEntry {
  object: GuestObject;
  map: BpfMap;
}

const MAX_U32 = 0xffffffffn;

/**
 * One guest's eBPF objects and maps, and the functions it calls on them.
 *
 * Each function answers with the ABI's numbers and never throws, but for what a callback throws. The
 * ABI: handles and tokens are small integers that only this guest's table knows; errors are negative
 * errno. Dispose it to detach and unload everything.
 */
export class BpfHost implements Disposable {
  readonly #options: BpfHostOptions;
  readonly #objects = new Handles<GuestObject>();
  readonly #maps = new Handles<MapEntry>();
  readonly #tokens = new Map<BpfMap, number>();
  #stage: Stage | undefined;
  #exports: CallbackExports | undefined;
  #tablePump: Pump | undefined;
  #exportPump: Pump | undefined;
  readonly #reported = new Set<string>();

  constructor(options: BpfHostOptions) {
    this.#options = options;
  }

  /** Says what callbacks go through; before the guest's `_start`. */
  bind(exports: CallbackExports): void {
    this.#exports = exports;
  }

  /** The functions of module `wasm_bpf`, by import name. */
  imports(): WebAssembly.ModuleImports {
    return {
      "wasm_load_bpf_object": (bytes: number, size: number) => this.#load(bytes, size),
      "wasm_close_bpf_object": (object: bigint) => this.#close(object),
      "wasm_attach_bpf_program": (object: bigint, name: number, target: number) =>
        this.#answer(() => this.#attach(object, name, target)),
      "wasm_bpf_map_fd_by_name": (object: bigint, name: number) =>
        this.#answer(() => this.#findMap(object, name)),
      "wasm_bpf_map_operate": this.#operate.bind(this),
      "wasm_bpf_buffer_poll": (
        object: bigint,
        token: number,
        callback: number,
        context: number,
        data: number,
        maxBytes: number,
        timeoutMs: number,
      ) => {
        const pump = this.#pumpForTable(callback);
        if (typeof pump === "number") return pump;
        return this.#poll(object, token, pump, { callback, context, data, maxBytes, timeoutMs });
      },
    };
  }

  /** The functions of module `callback-wrapper`, for guests that export no function table. */
  wrapperImports(): WebAssembly.ModuleImports {
    return {
      "wasm_bpf_buffer_poll": (
        object: bigint,
        token: number,
        context: number,
        data: number,
        maxBytes: number,
        timeoutMs: number,
      ) => {
        const pump = this.#pumpForExport();
        if (typeof pump === "number") return pump;
        const callback = 0;
        return this.#poll(object, token, pump, { callback, context, data, maxBytes, timeoutMs });
      },
    };
  }

  #load(bytes: number, sizeBytes: number): bigint {
    const source = { memory: this.#options.memory.linear, offset: bytes >>> 0, sizeBytes };
    let handle = 0;
    const result = this.#answer(() => {
      if (sizeBytes < 0 || !this.#options.memory.contains(bytes, sizeBytes)) {
        throw new BpfError("load an eBPF object", errno("EFAULT"), {
          reason: "the guest's bytes for it lie outside its memory",
        });
      }
      handle = this.#objects.add(GuestObject.load(source, this.#options.onNotice));
      return 0;
    });
    return result < 0 ? 0n : BigInt(handle);
  }

  #close(handle: bigint): number {
    const object = this.#objects.remove(handle);
    if (object === undefined) return -errno("EINVAL");
    for (const [map, token] of this.#tokens) {
      if (this.#maps.get(token)?.object !== object) continue;
      this.#maps.remove(token);
      this.#tokens.delete(map);
    }
    object.close();
    return 0;
  }

  #attach(handle: bigint, name: number, target: number): number {
    const object = this.#objects.get(handle);
    if (object === undefined) return -errno("EINVAL");
    const { memory } = this.#options;
    object.attach(memory.cString(name), target === 0 ? "" : memory.cString(target));
    return 0;
  }

  #findMap(handle: bigint, nameOffset: number): number {
    const object = this.#objects.get(handle);
    if (object === undefined) return -errno("EINVAL");
    const name = this.#options.memory.cString(nameOffset);
    const map = object.findMap(name);
    if (map === undefined) {
      throw new BpfError(`find map "${name}"`, errno("ENOENT"), {
        reason: "the eBPF object has no map of that name",
        hint: `it has: ${object.mapNames.join(", ") || "none"}`,
      });
    }
    let token = this.#tokens.get(map);
    if (token === undefined) {
      token = this.#maps.add({ object, map });
      this.#tokens.set(map, token);
    }
    return token;
  }

  /**
   * `wasm_bpf_map_operate`. Pointers are `i32` in the C declaration and `i64` in that of the Rust and
   * Go SDKs; WebAssembly hands over numbers for the one, bigints for the other.
   */
  #operate(
    token: number,
    command: number,
    key: number | bigint,
    value: number | bigint,
    nextKey: number | bigint,
    flags: bigint,
  ): number {
    const entry = this.#maps.get(token);
    if (entry === undefined) return -errno("EBADF");
    if (!holdsPlainBytes(entry.map.type)) return this.#refuseMap(entry.map);
    const offsets = [key, value, nextKey].map(toOffset);
    const [keyAt, valueAt, nextAt] = offsets;
    if (keyAt === undefined || valueAt === undefined || nextAt === undefined) {
      return -errno("EFAULT");
    }
    return entry.map.operate(
      this.#options.memory.linear,
      command,
      keyAt,
      valueAt,
      nextAt,
      flags === 0n ? 0 : Number(flags & MAX_U32),
      flags === 0n ? 0 : Number(BigInt.asUintN(64, flags) >> 32n),
    );
  }

  #refuseMap(map: BpfMap): number {
    return this.#answer(() => {
      throw new BpfError(`operate on map "${map.name}"`, errno("EOPNOTSUPP"), {
        reason: `maps of type ${map.type} hold descriptors of the host, which a guest cannot name`,
      });
    });
  }

  #poll(
    handle: bigint,
    token: number,
    pump: Pump,
    args: { callback: number; context: number; data: number; maxBytes: number; timeoutMs: number },
  ): number {
    const object = this.#objects.get(handle);
    if (object === undefined) return -errno("EINVAL");
    const entry = this.#maps.get(token);
    if (entry === undefined || entry.object !== object) return -errno("EBADF");
    const { memory } = this.#options;
    if (args.maxBytes < 0 || !memory.contains(args.data, args.maxBytes)) return -errno("EFAULT");
    return object.poll(entry.map, this.#theStage(), pump, args);
  }

  #theStage(): Stage {
    this.#stage ??= new Stage();
    return this.#stage;
  }

  /** The pump for the guest's own table, or a negative errno when `callback` is no function of it. */
  #pumpForTable(callback: number): Pump | number {
    const table = this.#exports?.table;
    if (this.#exports === undefined || table === undefined) {
      return this.#answer(() => {
        throw new BpfError("poll a buffer", errno("EINVAL"), {
          reason: "the guest exports no function table, so it cannot be called back",
          hint: "link it with -Wl,--export-table (AssemblyScript: --exportTable)",
        });
      });
    }
    if (callback >>> 0 >= table.length || table.get(callback >>> 0) === null) {
      return -errno("EINVAL");
    }
    this.#tablePump ??= createPump(
      { memory: this.#exports.memory, table },
      this.#theStage().memory,
    );
    return this.#tablePump;
  }

  /** The pump for the guest's exported callback, put into a table of one. */
  #pumpForExport(): Pump | number {
    if (this.#exportPump !== undefined) return this.#exportPump;
    const { memory, callback } = this.#exports ?? {};
    if (memory === undefined || typeof callback !== "function") {
      return this.#answer(() => {
        throw new BpfError("poll a buffer", errno("EINVAL"), {
          reason: "the guest does not export the callback that its wrapper module calls",
          hint: "name it with --callback-export-name",
        });
      });
    }
    const table = new WebAssembly.Table({ element: "anyfunc", initial: 1 });
    table.set(0, callback);
    this.#exportPump = createPump({ memory, table }, this.#theStage().memory);
    return this.#exportPump;
  }

  /** Runs one import: faults and refusals become negative errno, the latter reported, each text once. */
  #answer(call: () => number): number {
    try {
      return call();
    } catch (error) {
      if (error instanceof GuestFault) return -errno("EFAULT");
      if (!(error instanceof HostError)) throw error;
      if (!this.#reported.has(error.message)) {
        this.#reported.add(error.message);
        this.#options.onError(error);
      }
      return error instanceof BpfError ? -error.errno : -errno("EIO");
    }
  }

  [Symbol.dispose](): void {
    for (const object of this.#objects.values()) object.close();
    this.#stage?.[Symbol.dispose]();
  }
}

/** A guest address as an unsigned 32-bit offset; `undefined` when it has more bits. */
function toOffset(address: number | bigint): number | undefined {
  if (typeof address === "number") return address >>> 0;
  return address >= 0n && address <= MAX_U32 ? Number(address) : undefined;
}
