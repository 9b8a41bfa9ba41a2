/** eBPF objects, their programs and maps, as the shim has them. Results are ≥ 0 or a negative errno. */
import { type Budget, budgetPointer } from "./budget.ts";
import { BpfMap, mapPointer } from "./map.ts";
import { BpfLink } from "./link.ts";
import { cString, fromCString, outPointer } from "./c_values.ts";
import { shim } from "./library.ts";
import { type LinearMemory, memoryPointer } from "./memory.ts";

/** The shim's side of a program. For `ffi/` only. */
export let programPointer: (program: BpfProgram) => Deno.PointerObject;

/** What the kernel has counted for a program. */
export interface ProgramCounts {
  /** Times that it ran. */
  runs: number;
  /** Nanoseconds that it ran, in all. */
  timeNs: number;
  /** Runs that did not happen because the program was running on that CPU already. */
  missed: number;
}

/** A binary for probes in user space. */
export interface UserPlace {
  /** A path, or a bare name that is looked up in the folders of programs and libraries. */
  binary: string;
  /** Every process without one. */
  pid?: number;
  /** When the function returns, not when it is called. */
  onReturn: boolean;
}

/** `SHIM_ALLOW_WRITE_USER`. */
const ALLOW_WRITE_USER = 1;

/** Reasons why a binary, or a place in one, is no target: `enum shim_refusal`. */
export const ProbeRefusal = {
  Nothing: 0,
  Offset: 1,
  InsideInstruction: 2,
  UnknownInstruction: 3,
  OutsideFunction: 4,
  OwnExecutable: 5,
  Nameless: 6,
  MagicLink: 7,
  ProbePlace: 8,
  Semaphore: 9,
} as const;

/** Returns why the attach before this call was refused, and then `Nothing`. */
export function probeRefusal(): number {
  return shim().shim_probe__refusal();
}

/** A program of an object; it lives as long as the object. */
export class BpfProgram {
  readonly #pointer: Deno.PointerObject;
  /** The C function's name. */
  readonly name: string;
  /** The ELF section's name, such as `tp/sched/sched_process_exec`. */
  readonly section: string;

  static {
    programPointer = (program) => program.#pointer;
  }

  /** @internal Made by {@linkcode BpfObject.programs}. */
  constructor(pointer: Deno.PointerObject) {
    this.#pointer = pointer;
    this.name = fromCString(shim().shim_program__name(pointer));
    this.section = fromCString(shim().shim_program__section(pointer));
  }

  /** `BPF_PROG_TYPE_*` of `linux/bpf.h`; can change until load. */
  get type(): number {
    return shim().shim_program__type(this.#pointer);
  }

  /** `enum bpf_attach_type`; 0 when the section names none. Can change until load. */
  get attachType(): number {
    return shim().shim_program__attach_type(this.#pointer);
  }

  /** Zeros while the kernel does not count; `undefined` before load. */
  counts(): ProgramCounts | undefined {
    const out = new BigUint64Array(3);
    const result = shim().shim_program__stats(this.#pointer, new Uint8Array(out.buffer));
    if (result < 0) return undefined;
    const [runs = 0, timeNs = 0, missed = 0] = [...out].map(Number);
    return { runs, timeNs, missed };
  }

  /** Attaches as the section name says. The caller closes the link before the object. */
  attach(): BpfLink | number {
    return this.#link((out) => shim().shim_program__attach(this.#pointer, out));
  }

  /** Attaches to a named place in the kernel: `enum shim_kernel_place`. */
  attachKernel(place: { place: number; name: string; offset: bigint }): BpfLink | number {
    const { place: kind, name, offset } = place;
    return this.#link((out) =>
      shim().shim_program__attach_kernel(this.#pointer, kind, cString(name), offset, out)
    );
  }

  /** Attaches to a network interface, by its name: `BPF_XDP`, `BPF_TCX_INGRESS`, `BPF_TCX_EGRESS`. */
  attachInterface(name: string, attachType: number): BpfLink | number {
    return this.#link((out) =>
      shim().shim_program__attach_interface(this.#pointer, cString(name), attachType, out)
    );
  }

  /** Attaches to the cgroup2 directory at `path`. */
  attachCgroup(path: string): BpfLink | number {
    return this.#link((out) =>
      shim().shim_program__attach_cgroup(this.#pointer, cString(path), out)
    );
  }

  /** Attaches to the network namespace at `path`. */
  attachNetns(path: string): BpfLink | number {
    return this.#link((out) =>
      shim().shim_program__attach_netns(this.#pointer, cString(path), out)
    );
  }

  /** Attaches to a netfilter hook: `NFPROTO_*`, `enum nf_inet_hooks`. */
  attachNetfilter(family: number, hook: number, priority: number): BpfLink | number {
    return this.#link((out) =>
      shim().shim_program__attach_netfilter(this.#pointer, family, hook, priority, out)
    );
  }

  /** Opens a raw packet socket on an interface, with the program as its filter. */
  attachPacketSocket(interfaceName: string): BpfLink | number {
    return this.#link((out) =>
      shim().shim_program__attach_packet_socket(this.#pointer, cString(interfaceName), out)
    );
  }

  /** Attaches to a perf event on one CPU, or on each. */
  attachPerfEvent(
    event: { type: number; config: bigint; frequency: bigint; cpu?: number },
  ): BpfLink | number {
    const { type, config, frequency, cpu = -1 } = event;
    return this.#link((out) =>
      shim().shim_program__attach_perf_event(this.#pointer, type, config, frequency, cpu, out)
    );
  }

  /**
   * Attaches to a function of an ELF file, `offset` bytes after its entry.
   *
   * @param mayWriteUser whether an offset may be other than 0; the kernel writes a breakpoint there
   * @returns EPERM or EINVAL for places of which {@linkcode probeRefusal} returns why
   */
  attachUprobe(
    place: UserPlace & { symbol: string; offset: bigint },
    { mayWriteUser = false }: { mayWriteUser?: boolean } = {},
  ): BpfLink | number {
    return this.#link((out) =>
      shim().shim_program__attach_uprobe(
        this.#pointer,
        cString(place.binary),
        cString(place.symbol),
        place.offset,
        place.pid ?? -1,
        place.onReturn ? 1 : 0,
        mayWriteUser ? ALLOW_WRITE_USER : 0,
        out,
      )
    );
  }

  /** Attaches to every function of an ELF file that fits a pattern with `*` and `?`. */
  attachUprobeMulti(place: UserPlace & { pattern: string }): BpfLink | number {
    return this.#link((out) =>
      shim().shim_program__attach_uprobe_multi(
        this.#pointer,
        cString(place.binary),
        cString(place.pattern),
        place.pid ?? -1,
        place.onReturn ? 1 : 0,
        out,
      )
    );
  }

  /** Attaches to a USDT probe of an ELF file. */
  attachUsdt(
    place: Omit<UserPlace, "onReturn"> & { provider: string; name: string },
  ): BpfLink | number {
    return this.#link((out) =>
      shim().shim_program__attach_usdt(
        this.#pointer,
        cString(place.binary),
        cString(place.provider),
        cString(place.name),
        place.pid ?? -1,
        out,
      )
    );
  }

  /** Attaches an iterator over a map's elements. */
  attachMapIterator(map: BpfMap): BpfLink | number {
    return this.#link((out) =>
      shim().shim_program__attach_map_iterator(this.#pointer, mapPointer(map), out)
    );
  }

  #link(attach: (out: Uint8Array<ArrayBuffer>) => number): BpfLink | number {
    const pointer = outPointer(attach);
    return typeof pointer === "number" ? pointer : new BpfLink(pointer);
  }
}

/** Where the bytes of an ELF object stand in a guest's memory. */
export interface ObjectBytes {
  /** Whose memory. */
  memory: LinearMemory;
  /** Where the ELF file starts. */
  offset: number;
  /** Length of the ELF file. */
  sizeBytes: number;
}

/** A compiled eBPF object. `close()` unloads it; links and buffers made from it go first. */
export class BpfObject implements Disposable {
  #pointer: Deno.PointerObject | null;

  private constructor(pointer: Deno.PointerObject) {
    this.#pointer = pointer;
  }

  /** Opens an object; the bytes are copied. */
  static open(source: ObjectBytes, name: string): BpfObject | number {
    const pointer = outPointer((out) =>
      shim().shim_object__open(
        memoryPointer(source.memory),
        source.offset,
        source.sizeBytes,
        cString(name),
        out,
      )
    );
    return typeof pointer === "number" ? pointer : new BpfObject(pointer);
  }

  /** Drops the pin paths of the object's maps; how many had one. Before {@linkcode load}. */
  forgetPins(): number {
    return shim().shim_object__forget_pins(this.#pointer);
  }

  /**
   * Sets something of a program or map. Before {@linkcode load}.
   *
   * @param setting `enum shim_setting`
   */
  configure(name: string, setting: number, value: number): number {
    return shim().shim_object__configure(this.#pointer, cString(name), setting, value);
  }

  /** Sets which kernel function or hook a program is for. Before {@linkcode load}. */
  setAttachTarget(name: string, target: string): number {
    return shim().shim_object__set_attach_target(this.#pointer, cString(name), cString(target));
  }

  /**
   * Writes guest bytes to global variables: before {@linkcode load} what they start with, afterwards
   * what they are. See `shim_object__set_global`.
   */
  setGlobal(section: string, offset: number, data: ObjectBytes): number {
    return shim().shim_object__set_global(
      this.#pointer,
      cString(section),
      offset,
      memoryPointer(data.memory),
      data.offset,
      data.sizeBytes,
    );
  }

  /**
   * Sets what the programs may call, and which kinds of programs load. Before {@linkcode load}; without
   * it, every program is refused.
   *
   * @param policy bytes of a `struct shim_policy`, as `ebpf/permissions` writes them; copied
   */
  permit(policy: Uint8Array<ArrayBuffer>): number {
    return shim().shim_object__permit(this.#pointer, policy, policy.length);
  }

  /**
   * Creates the maps and loads the programs. Once.
   *
   * @param budget limits what it takes: -ENOMEM for maps, -EMFILE for programs, -EINTR when its
   *   interrupt asks for an end
   */
  load({ budget }: { budget?: Budget | undefined } = {}): number {
    if (budget !== undefined) {
      const result = shim().shim_object__bound(this.#pointer, budgetPointer(budget));
      if (result < 0) return result;
    }
    return shim().shim_object__load(this.#pointer);
  }

  /** In the object's order. */
  programs(): BpfProgram[] {
    const count = shim().shim_object__program_count(this.#pointer);
    return this.#list(count, shim().shim_object__program).map((p) => new BpfProgram(p));
  }

  /** In the object's order; empty before {@linkcode load}. */
  maps(): BpfMap[] {
    const count = shim().shim_object__map_count(this.#pointer);
    return this.#list(count, shim().shim_object__map).map((p) => new BpfMap(p));
  }

  #list(
    count: number,
    get: (
      object: Deno.PointerValue,
      index: number,
      out: Uint8Array<ArrayBuffer>,
    ) => number,
  ): Deno.PointerObject[] {
    const pointers: Deno.PointerObject[] = [];
    for (let i = 0; i < count; i++) {
      const pointer = outPointer((out) => get(this.#pointer, i, out));
      if (typeof pointer !== "number") pointers.push(pointer);
    }
    return pointers;
  }

  /** Unloads. Again does nothing. */
  close(): void {
    shim().shim_object__free(this.#pointer);
    this.#pointer = null;
  }

  /** The same as {@linkcode close}. */
  [Symbol.dispose](): void {
    this.close();
  }
}
