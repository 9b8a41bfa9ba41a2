/** The one reader and writer of guest memory: every range is checked before it is touched. */
import { BpfError } from "../ebpf/mod.ts";
import { errno, LinearMemory, type ObjectBytes } from "../ffi/mod.ts";

/** Address outside the guest's memory; host functions return EFAULT for it. */
export class GuestFault extends Error {
  override name = "GuestFault";
}

/**
 * A guest's memory, little-endian, addressed by unsigned 32-bit offsets.
 *
 * WebAssembly hands `i32`s to JavaScript as signed numbers; every method takes them as they come.
 * Until {@linkcode bind} the memory is empty and every access a {@linkcode GuestFault}.
 */
export class GuestMemory implements Disposable {
  #linear = new LinearMemory(new WebAssembly.Memory({ initial: 0 }));
  #view = new DataView(new ArrayBuffer(0));

  /** For calls into `ffi/`, which checks offsets itself. */
  get linear(): LinearMemory {
    return this.#linear;
  }

  /** Sets the guest's memory; once, before its first instruction. */
  bind(memory: WebAssembly.Memory): void {
    this.#linear.close();
    this.#linear = new LinearMemory(memory);
  }

  /** Reports whether `size` bytes at `offset` lie inside. */
  contains(offset: number, size: number): boolean {
    return (offset >>> 0) + (size >>> 0) <= this.#linear.bytes.length;
  }

  /** A view of `size` bytes at `offset`, valid until the guest runs again. */
  bytes(offset: number, size: number): Uint8Array<ArrayBuffer> {
    if (!this.contains(offset, size)) throw new GuestFault();
    return this.#linear.bytes.subarray(offset >>> 0, (offset >>> 0) + (size >>> 0));
  }

  /** A NUL-terminated UTF-8 string of at most `maxBytes`; no NUL within them is a fault. */
  cString(offset: number, maxBytes = 4096): string {
    const all = this.#linear.bytes;
    const start = offset >>> 0;
    const end = all.indexOf(0, start);
    if (start >= all.length || end < 0 || end - start > maxBytes) throw new GuestFault();
    return new TextDecoder().decode(all.subarray(start, end));
  }

  /** A byte. */
  getU8(offset: number): number {
    return this.#at(offset, 1).getUint8(offset >>> 0);
  }

  /** 16 bits, unsigned. */
  getU16(offset: number): number {
    return this.#at(offset, 2).getUint16(offset >>> 0, true);
  }

  /** 32 bits, unsigned. */
  getU32(offset: number): number {
    return this.#at(offset, 4).getUint32(offset >>> 0, true);
  }

  /** 64 bits, unsigned. */
  getU64(offset: number): bigint {
    return this.#at(offset, 8).getBigUint64(offset >>> 0, true);
  }

  /** A byte. */
  setU8(offset: number, value: number): void {
    this.#at(offset, 1).setUint8(offset >>> 0, value);
  }

  /** 16 bits, unsigned. */
  setU16(offset: number, value: number): void {
    this.#at(offset, 2).setUint16(offset >>> 0, value, true);
  }

  /** 32 bits, unsigned. */
  setU32(offset: number, value: number): void {
    this.#at(offset, 4).setUint32(offset >>> 0, value, true);
  }

  /** 64 bits, unsigned. */
  setU64(offset: number, value: bigint): void {
    this.#at(offset, 8).setBigUint64(offset >>> 0, value, true);
  }

  /** Copies bytes in. */
  write(offset: number, bytes: Uint8Array): void {
    this.bytes(offset, bytes.length).set(bytes);
  }

  #at(offset: number, size: number): DataView {
    const { buffer, length } = this.#linear.bytes;
    if ((offset >>> 0) + size > length) throw new GuestFault();
    if (this.#view.buffer !== buffer) this.#view = new DataView(buffer);
    return this.#view;
  }

  /** Lets the memory go. */
  [Symbol.dispose](): void {
    this.#linear.close();
  }
}

/**
 * `sizeBytes` of guest memory at `offset`, numbers as they come from the guest.
 *
 * @throws {GuestFault} when they do not lie inside
 */
export function guestRange(memory: GuestMemory, offset: number, sizeBytes: number): ObjectBytes {
  if (sizeBytes < 0 || !memory.contains(offset, sizeBytes)) throw new GuestFault();
  return { memory: memory.linear, offset: offset >>> 0, sizeBytes };
}

/**
 * Returns the bytes of an ELF object, like {@linkcode guestRange}; throws, so that a failed load
 * has a reason.
 *
 * @throws {BpfError} EFAULT
 */
export function elfRange(memory: GuestMemory, offset: number, sizeBytes: number): ObjectBytes {
  try {
    return guestRange(memory, offset, sizeBytes);
  } catch (cause) {
    throw new BpfError("load an eBPF object", errno("EFAULT"), {
      reason: "the guest's bytes for it lie outside its memory",
      cause,
    });
  }
}
