/**
 * Where the shim puts events and the pump takes them from: one `WebAssembly.Memory`, cut into regions,
 * one for each buffer that is polled.
 */
import { describeErrno, type Interrupt, LinearMemory, ShimError } from "../../../ffi/mod.ts";

/** Unused memories, by size. Their content is undefined. */
export class MemoryPool {
  readonly #free = new Map<number, WebAssembly.Memory[]>();

  /** Returns a memory of `pages` times 64 KiB; `undefined` when the addresses are exhausted. */
  take(pages: number): WebAssembly.Memory | undefined {
    const known = this.#free.get(pages)?.pop();
    if (known !== undefined) return known;
    try {
      return new WebAssembly.Memory({ initial: pages, maximum: pages });
    } catch {
      return undefined;
    }
  }

  give(memory: WebAssembly.Memory): void {
    const pages = memory.buffer.byteLength / 65536;
    const list = this.#free.get(pages) ?? [];
    list.push(memory);
    this.#free.set(pages, list);
  }
}

/** Bytes before a region's first record; the layout is in `pump.wat`. */
export const REGION_HEADER_BYTES = 32;

const PAGE_BYTES = 65536;
const MAX_PAGES = 65536;

/** A buffer's part of the stage. */
export interface Region {
  readonly offset: number;
  /** Header included. */
  readonly sizeBytes: number;
}

/** The memory and who has which part of it. Pages that no event ever filled take no space. */
export class Stage implements Disposable {
  readonly memory = new WebAssembly.Memory({ initial: 0, maximum: MAX_PAGES });
  readonly linear = new LinearMemory(this.memory);
  readonly #free: Region[] = [];
  #view = new DataView(new ArrayBuffer(0));
  /** Offset of the interrupt's flags. */
  readonly flags: number;

  /** @param interrupt ends batches; it outlives the stage */
  constructor(interrupt: Interrupt) {
    this.flags = this.memory.grow(1) * PAGE_BYTES;
    const shown = interrupt.show(this.linear, this.flags);
    if (shown < 0) {
      throw new ShimError(`Cannot show an interrupt: ${describeErrno(shown)}`, {
        code: "INTERRUPT",
      });
    }
  }

  /** A region for `capacityBytes` of records, its header zero; `undefined` when none is left. */
  allocate(capacityBytes: number): Region | undefined {
    const pages = Math.ceil((REGION_HEADER_BYTES + capacityBytes) / PAGE_BYTES);
    const sizeBytes = pages * PAGE_BYTES;
    const index = this.#free.findIndex((region) => region.sizeBytes === sizeBytes);
    const region = index >= 0 ? this.#free.splice(index, 1)[0] : this.#grow(pages);
    if (region) this.linear.bytes.fill(0, region.offset, region.offset + REGION_HEADER_BYTES);
    return region;
  }

  #grow(pages: number): Region | undefined {
    try {
      return { offset: this.memory.grow(pages) * PAGE_BYTES, sizeBytes: pages * PAGE_BYTES };
    } catch {
      return undefined;
    }
  }

  release(region: Region): void {
    this.#free.push(region);
  }

  /** The header fields, which `pump.wat` names. */
  view(): DataView {
    const { buffer } = this.linear.bytes;
    if (this.#view.buffer !== buffer) this.#view = new DataView(buffer);
    return this.#view;
  }

  [Symbol.dispose](): void {
    this.linear.close();
  }
}

/**
 * (module
 *   (import "stage" "memory" (memory 0))
 *   (import "stage" "flags" (global i32))
 *   (func (export "probe") (result i32)
 *     (i32.ne (i32.const 0)
 *       (i32.and (i32.const 13) (i32.load (global.get 0))))))
 *
 * 13: the flags that ask the guest to end and were not reported to it (libbpf-shim/interrupt.c).
 * A word that is read in WebAssembly costs 1 to 2 ns; a call of JavaScript costs several times that.
 */
const PROBE = Uint8Array.from([
  ...[0, 97, 115, 109, 1, 0, 0, 0, 1, 5, 1, 96, 0, 1, 127],
  ...[2, 32, 2, 5, 115, 116, 97, 103, 101, 6, 109, 101, 109, 111, 114, 121, 2, 0, 0],
  ...[5, 115, 116, 97, 103, 101, 5, 102, 108, 97, 103, 115, 3, 127, 0],
  ...[3, 2, 1, 0, 7, 9, 1, 5, 112, 114, 111, 98, 101, 0, 0],
  ...[10, 15, 1, 13, 0, 65, 0, 65, 13, 35, 0, 40, 2, 0, 113, 71, 11],
]);

/** Creates a function that returns 1 while an interrupt waits to be reported to the guest, else 0. */
export function createInterruptProbe({ memory, flags }: Stage): () => number {
  const module = new WebAssembly.Module(PROBE);
  const instance = new WebAssembly.Instance(module, { stage: { memory, flags } });
  return instance.exports["probe"] as () => number;
}
