/** eBPF objects of the shim, with their programs and maps. Results are ≥ 0 or a negative errno. */
import { type AttachRules, attachRulesPointer } from "./attach_rules.ts";
import { type Budget, budgetPointer } from "./budget.ts";
import { BpfMap, mapPointer } from "./map.ts";
import { BpfLink } from "./link.ts";
import { cString, fromCString, outPointer } from "./c_values.ts";
import { shim } from "./library.ts";
import { type LinearMemory, memoryPointer } from "./memory.ts";

/** Returns the shim's pointer of a program. For `ffi/` only. */
export let programPointer: (program: BpfProgram) => Deno.PointerObject;

/** The kernel's counters of a program. */
export interface ProgramCounts {
  /** Number of runs. */
  runs: number;
  /** Total run time in nanoseconds. */
  timeNs: number;
  /** Skipped runs: the program was already running on that CPU. */
  missed: number;
}

/** Binary for probes in user space. */
export interface UserPlace {
  /** Path, or a bare name that is searched in the directories of programs and libraries. */
  binary: string;
  /** Process to probe; all processes without it. */
  pid?: number;
  /** Probe the function's return instead of its entry. */
  onReturn: boolean;
}

/** `SHIM_ALLOW_WRITE_USER`. */
const ALLOW_WRITE_USER = 1;

/** Reasons for refusing a binary or a place in it: `enum shim_refusal`. */
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

/** Returns why the last attach was refused, and resets it to `Nothing`. */
export function probeRefusal(): number {
  return shim().shim_probe__refusal();
}

/** Program of an object, with the object's lifetime. */
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

  /** `enum bpf_attach_type`; 0 if the section names none. Can change until load. */
  get attachType(): number {
    return shim().shim_program__attach_type(this.#pointer);
  }

  /** Returns the counters: 0 while the kernel does not count, `undefined` before load. */
  counts(): ProgramCounts | undefined {
    const out = new BigUint64Array(3);
    const result = shim().shim_program__stats(this.#pointer, new Uint8Array(out.buffer));
    if (result < 0) return undefined;
    const [runs = 0, timeNs = 0, missed = 0] = [...out].map(Number);
    return { runs, timeNs, missed };
  }

  /** Attaches according to the section name. The caller closes the link before the object. */
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
   * @param mayWriteUser permits offsets other than 0; the kernel writes a breakpoint there
   * @returns -EPERM or -EINVAL for refused places; {@linkcode probeRefusal} returns the reason
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

  /** Attaches to every function of an ELF file that matches a pattern with `*` and `?`. */
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

/** Location of an ELF object in a guest's memory. */
export interface ObjectBytes {
  /** The guest's memory. */
  memory: LinearMemory;
  /** Offset of the ELF file. */
  offset: number;
  /** Length of the ELF file. */
  sizeBytes: number;
}

/** Compiled eBPF object. `close()` unloads it; close its links and buffers first. */
export class BpfObject implements Disposable {
  #pointer: Deno.PointerObject | null;

  private constructor(pointer: Deno.PointerObject) {
    this.#pointer = pointer;
  }

  /** Opens an object from a copy of the bytes. */
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

  /** Removes the pin paths of all its maps; returns their number. Before {@linkcode load}. */
  forgetPins(): number {
    return shim().shim_object__forget_pins(this.#pointer);
  }

  /**
   * Changes a setting of a program or map. Before {@linkcode load}.
   *
   * @param setting `enum shim_setting`
   */
  configure(name: string, setting: number, value: number): number {
    return shim().shim_object__configure(this.#pointer, cString(name), setting, value);
  }

  /** Sets the kernel function or hook of a program. Before {@linkcode load}. */
  setAttachTarget(name: string, target: string): number {
    return shim().shim_object__set_attach_target(this.#pointer, cString(name), cString(target));
  }

  /**
   * Writes guest bytes to global variables: initial values before {@linkcode load}, current values
   * afterwards. See `shim_object__set_global`.
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
   * Sets the permitted program types and calls. Before {@linkcode load}, which otherwise refuses every
   * program.
   *
   * @param policy bytes of a `struct shim_policy`, as `ebpf/permissions` writes them; copied
   */
  permit(policy: Uint8Array<ArrayBuffer>): number {
    return shim().shim_object__permit(this.#pointer, policy, policy.length);
  }

  /** Sets where the programs may be attached; without it, everywhere. Before {@linkcode load}. */
  limitAttach(rules: AttachRules): number {
    return shim().shim_object__limit_attach(this.#pointer, attachRulesPointer(rules));
  }

  /**
   * Creates the maps and loads the programs. Once.
   * @param budget limits on its use: -ENOMEM for maps, -EMFILE for programs, -EINTR from its
   *   interrupt
   */
  load({ budget }: { budget?: Budget | undefined } = {}): number {
    if (budget !== undefined) {
      const result = shim().shim_object__bound(this.#pointer, budgetPointer(budget));
      if (result < 0) return result;
    }
    return shim().shim_object__load(this.#pointer);
  }

  /** Returns the programs in the object's order. */
  programs(): BpfProgram[] {
    const count = shim().shim_object__program_count(this.#pointer);
    return this.#list(count, shim().shim_object__program).map((p) => new BpfProgram(p));
  }

  /** Returns the maps in the object's order; empty before {@linkcode load}. */
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

  /** Unloads. Further calls do nothing. */
  close(): void {
    shim().shim_object__free(this.#pointer);
    this.#pointer = null;
  }

  /** Calls {@linkcode close}. */
  [Symbol.dispose](): void {
    this.close();
  }
}
