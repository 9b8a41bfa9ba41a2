/** eBPF objects, their programs and maps, as the shim has them. Results are ≥ 0 or a negative errno. */
import { cString, fromCString, outPointer, shim } from "./library.ts";
import { type LinearMemory, memoryPointer } from "./memory.ts";

/** The shim's side of a map. For `ffi/` only. */
export let mapPointer: (map: BpfMap) => Deno.PointerObject;

/** A map of a loaded object; it lives as long as the object. */
export class BpfMap {
  readonly #pointer: Deno.PointerObject;
  /** As libbpf has it: `events`, or `bootstra.rodata` for global data. */
  readonly name: string;
  /** `BPF_MAP_TYPE_*` of `linux/bpf.h`. */
  readonly type: number;

  static {
    mapPointer = (map) => map.#pointer;
  }

  /** @internal Made by {@linkcode BpfObject.maps}. */
  constructor(pointer: Deno.PointerObject) {
    this.#pointer = pointer;
    this.name = fromCString(shim().shim_map__name(pointer));
    this.type = shim().shim_map__type(pointer);
  }

  /**
   * One bpf(2) with key and values in guest memory; see `shim_map__operate`.
   *
   * @param command `bpf_cmd`: 1 lookup, 2 update, 3 delete, 4 get next key
   */
  operate(
    memory: LinearMemory,
    command: number,
    key: number,
    value: number,
    nextKey: number,
    flagsLow: number,
    flagsHigh: number,
  ): number {
    return shim().shim_map__operate(
      this.#pointer,
      memoryPointer(memory),
      command,
      key,
      value,
      nextKey,
      flagsLow,
      flagsHigh,
    );
  }
}

/** A program attached somewhere. `close()` detaches it; again does nothing. */
export class BpfLink implements Disposable {
  #pointer: Deno.PointerObject | null;

  /** @internal Made by {@linkcode BpfProgram.attach}. */
  constructor(pointer: Deno.PointerObject) {
    this.#pointer = pointer;
  }

  /** Detaches. Again does nothing. */
  close(): void {
    shim().shim_link__free(this.#pointer);
    this.#pointer = null;
  }

  /** The same as {@linkcode close}. */
  [Symbol.dispose](): void {
    this.close();
  }
}

/** What the kernel has counted for a program. */
export interface ProgramCounts {
  /** Times that it ran. */
  runs: number;
  /** Nanoseconds that it ran, in all. */
  timeNs: number;
  /** Runs that did not happen because the program was running on that CPU already. */
  missed: number;
}

/** A program of an object; it lives as long as the object. */
export class BpfProgram {
  readonly #pointer: Deno.PointerObject;
  /** The C function's name. */
  readonly name: string;
  /** The ELF section's name, such as `tp/sched/sched_process_exec`. */
  readonly section: string;
  /** `BPF_PROG_TYPE_*` of `linux/bpf.h`. */
  readonly type: number;
  /** `enum bpf_attach_type`; 0 when the section names none. */
  readonly attachType: number;

  /** @internal Made by {@linkcode BpfObject.programs}. */
  constructor(pointer: Deno.PointerObject) {
    this.#pointer = pointer;
    this.name = fromCString(shim().shim_program__name(pointer));
    this.section = fromCString(shim().shim_program__section(pointer));
    this.type = shim().shim_program__type(pointer);
    this.attachType = shim().shim_program__attach_type(pointer);
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

  /** Attaches to a network interface, by its name: `BPF_XDP`, `BPF_TCX_INGRESS`, `BPF_TCX_EGRESS`. */
  attachInterface(name: string, attachType: number): BpfLink | number {
    return this.#link((out) =>
      shim().shim_program__attach_interface(this.#pointer, cString(name), attachType, out)
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

  /** Creates the maps and loads the programs. Once. */
  load(): number {
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
