/**
 * Where the shim puts events and the pump takes them from: one `WebAssembly.Memory`, cut into regions,
 * one for each buffer that is polled.
 */
import { describeErrno, type Interrupt, LinearMemory, ShimError } from "../../../ffi/mod.ts";

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
