/** Guest memory and imports without a guest, for calls that no compiler generates. */
import { Interrupt } from "../../ffi/mod.ts";
import { BpfHost, extensionImports } from "../../runtime/wasm_bpf/mod.ts";
import { GuestMemory } from "../../runtime/guest_memory.ts";
import { ALL_FAMILIES, openGrants } from "../../runtime/wasi/everything.ts";
import { FdTable, wasiImports } from "../../runtime/wasi/mod.ts";
import { DISCARD } from "../../runtime/wasi/fd_table.ts";
import { Right } from "../../runtime/wasi/rights.ts";
import { fromFileUrl } from "./paths.ts";
import { assemble } from "./wat.ts";

const PAGES = 4;
/** Size of the memory in bytes. */
export const SIZE = PAGES * 65536;
const FILL = 0x3f;

const ELF = Deno.readFileSync(fromFileUrl("../../dist/tests/hostile.bpf.o"));

/** Addresses in the memory. No NUL follows the ELF file. */
export const Place = {
  Strings: 0x100,
  /** 4 KiB of zeros. */
  Zeros: 0x1000,
  /** The page of `interrupt_page`, for as long as the host lives. */
  Interrupt: 0x3f000,
  /** A `u32` of 4, and zeros after it. */
  Count: 0x2000,
  /** `'?'` up to the ELF file. */
  Buffer: 0x4000,
  Elf: 0x20000,
  ElfBytes: ELF.length,
} as const;

const MAPS = [
  ...["hash", "array", "per_cpu", "programs", "devices", "perf", "queue", "tasks", "ring"],
  ...["commands", "inner", "outer", ".data"],
];
const NAMES = ["", ...MAPS, "iterate", ".bss", "no_such_name"];

/** Function as WebAssembly calls it. */
export type Import = (...args: (number | bigint)[]) => number | bigint | undefined;

/** Bytes that a call changed. */
export interface Changes {
  first: number;
  last: number;
}

/** Thrown by `proc_exit`. */
export class GuestExit extends Error {}

const CALLBACK = `(module (func (export "f") (param i32 i32 i32) (result i32) (i32.const 0)))`;

/** Guest without code; {@linkcode HostileHost.fill} fills its memory again. */
export class HostileHost implements Disposable {
  readonly imports: Record<string, Record<string, Import>>;
  readonly interrupt = Interrupt.create();
  readonly #memory = new GuestMemory();
  /** Not connected to the streams of the test process, which may be a file. */
  readonly #fds = new FdTable({
    0: { hostFd: -1, source: () => new Uint8Array() },
    1: { hostFd: -1, sink: DISCARD },
    2: { hostFd: -1, sink: DISCARD },
  });
  readonly #bpf: BpfHost;
  readonly #linear = new WebAssembly.Memory({ initial: PAGES, maximum: PAGES });
  readonly #template = new Uint8Array(SIZE).fill(FILL);
  readonly #strings = new Map<string, number>();
  /** Handle of a loaded object. */
  object = 0n;
  /** Handle of an iterator. */
  link = 0;
  readonly tokens = new Map<string, number>();
  /** Fixed value sizes, as `map_info` reports them. */
  readonly #sizes = new Map<number, { key: number; value: number }>();

  constructor({ folder }: { folder?: string } = {}) {
    if (folder !== undefined) this.#grant(folder);
    this.#layOut();
    this.#memory.bind(this.#linear);
    this.#bpf = new BpfHost({
      memory: this.#memory,
      interrupt: this.interrupt,
      attend: () => {},
      programsCounted: false,
      latencyMs: 0,
      onError: () => {},
      onNotice: () => {},
    });
    const { exports } = new WebAssembly.Instance(new WebAssembly.Module(assemble(CALLBACK)));
    const table = new WebAssembly.Table({ element: "anyfunc", initial: 3 });
    table.set(1, exports["f"] as () => number);
    this.#bpf.bind({ memory: this.#linear, tables: [table], callback: exports["f"] });
    this.imports = {
      "wasm_bpf": this.#bpf.imports(),
      "callback-wrapper": this.#bpf.wrapperImports(),
      "wasm_bpf_ext": this.#bpf.extend(extensionImports),
      "wasi_snapshot_preview1": wasiImports({
        memory: this.#memory,
        interrupt: this.interrupt,
        attend: () => {},
        // Standard input is never used here.
        fds: this.#fds,
        args: ["guest", "argument"],
        env: { NAME: "value" },
        exit: () => {
          throw new GuestExit();
        },
      }, ALL_FAMILIES),
    } as unknown as Record<string, Record<string, Import>>;
    this.call("wasm_bpf_ext", "interrupt_page", Place.Interrupt);
    this.renew();
  }

  /** Grants no rights that take disk space: sizes are arbitrary here. */
  #grant(folder: string): void {
    openGrants(this.#fds, { preopens: [{ host: folder, guest: "/" }] });
    const descriptor = this.#fds.get(3);
    if (descriptor === undefined) throw new Error("no folder");
    descriptor.inheriting &= ~(Right.FdAllocate | Right.FdFilestatSetSize);
  }

  #layOut(): void {
    let at: number = Place.Strings;
    for (const name of NAMES) {
      this.#strings.set(name, at);
      const bytes = new TextEncoder().encode(`${name}\0`);
      this.#template.set(bytes, at);
      at += bytes.length;
    }
    this.#template.fill(0, Place.Zeros, Place.Count + 4096);
    this.#template[Place.Count] = 4;
    this.#template.set(ELF, Place.Elf);
  }

  call(module: string, name: string, ...args: (number | bigint)[]): number | bigint | undefined {
    const call = this.imports[module]?.[name];
    if (call === undefined) throw new Error(`no import ${module}.${name}`);
    return call(...args);
  }

  /** Loads the object and attaches its iterator again, if a call has closed them. */
  renew(): void {
    this.fill();
    const iterate = this.string("iterate");
    const program = () =>
      this.call("wasm_bpf_ext", "program_token", this.object, iterate) as number;
    if (program() < 0) {
      const loaded = this.call("wasm_bpf", "wasm_load_bpf_object", Place.Elf, Place.ElfBytes);
      this.object = loaded as bigint;
      this.#sizes.clear();
      for (const name of MAPS) this.#findMap(name);
      this.tokens.set("iterate", program());
    }
    if (this.call("wasm_bpf_ext", "iter_read", this.link, Place.Buffer, 0) as number < 0) {
      this.link = this.call("wasm_bpf_ext", "link_attach", this.object, iterate, 0) as number;
    }
    if (this.object === 0n || this.link < 0) throw new Error("cannot load hostile.bpf.o");
  }

  /** Reads the iterator to its end, which sends an event. */
  sendEvent(): void {
    while (this.call("wasm_bpf_ext", "iter_read", this.link, Place.Buffer, 4096) as number > 0);
  }

  #findMap(name: string): void {
    const token = this.call(
      "wasm_bpf",
      "wasm_bpf_map_fd_by_name",
      this.object,
      this.string(name),
    ) as number;
    this.tokens.set(name, token);
    this.sizeOf(token);
  }

  /**
   * Returns the sizes of a map by its token, 0 of anything else. A call may have found a map of which no
   * name is here: the ELF file in the memory has those of all.
   */
  sizeOf(token: number): { key: number; value: number } {
    let sizes = this.#sizes.get(token);
    if (sizes !== undefined) return sizes;
    sizes = { key: 0, value: 0 };
    if (this.call("wasm_bpf_ext", "map_info", token | 0, Place.Buffer) === 0) {
      const view = new DataView(this.#linear.buffer);
      sizes.key = view.getUint32(Place.Buffer + 4, true);
      sizes.value = view.getUint32(Place.Buffer + 8, true);
      this.#sizes.set(token, sizes);
    }
    this.fill();
    return sizes;
  }

  /** Returns the address of a name. */
  string(name: string): number {
    const at = this.#strings.get(name);
    if (at === undefined) throw new Error(`no string ${name}`);
    return at;
  }

  get strings(): number[] {
    return [...this.#strings.values()];
  }

  /** Returns a `u32` of the filled memory; 0 beyond it. */
  u32(at: number): number {
    const view = new DataView(this.#template.buffer);
    return at >= 0 && at + 4 <= SIZE ? view.getUint32(at, true) : 0;
  }

  fill(): void {
    new Uint8Array(this.#linear.buffer).set(this.#template);
  }

  /** Returns the first and the last byte that changed since the fill, except in `ranges`. */
  changesOutside(ranges: readonly (readonly [number, number])[]): Changes | undefined {
    const bytes = new Uint8Array(this.#linear.buffer as ArrayBuffer);
    const interrupt: readonly [number, number] = [Place.Interrupt, 4];
    for (const [offset, size] of [...ranges, interrupt]) {
      const start = Math.min(offset >>> 0, SIZE);
      const end = Math.min(start + Math.max(0, size), SIZE);
      bytes.set(this.#template.subarray(start, end), start);
    }
    return firstAndLast(bytes, this.#template);
  }

  [Symbol.dispose](): void {
    this.#fds[Symbol.dispose]();
    this.#bpf[Symbol.dispose]();
    this.#memory[Symbol.dispose]();
    this.interrupt.close();
  }
}

/** Compares words of 32 bits: allocates no bigint. */
function firstAndLast(a: Uint8Array<ArrayBuffer>, b: Uint8Array<ArrayBuffer>): Changes | undefined {
  const [x, y] = [new Uint32Array(a.buffer), new Uint32Array(b.buffer)];
  let first = -1;
  let last = -1;
  for (let i = 0; i < x.length; i++) {
    if (x[i] === y[i]) continue;
    if (first < 0) first = i * 4;
    last = i * 4 + 3;
  }
  return first < 0 ? undefined : { first, last };
}
