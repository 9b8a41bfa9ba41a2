/** Finds eBPF objects in the data of a module. */
import { Buffer } from "node:buffer";

/** ELF, 64 bits, little-endian; e_type relocatable; e_machine BPF (elf(5)). */
const ELF_MAGIC = Uint8Array.of(0x7f, 0x45, 0x4c, 0x46, 2, 1, 1);
const ELF_TYPE = 16, ELF_SECTIONS = 40, ELF_SECTION_SIZE = 58, ELF_HEADER_BYTES = 64;
const RELOCATABLE = 1, BPF = 247;

/** Returns the relocatable eBPF objects in `bytes`. */
export function bpfObjectsIn(bytes: Uint8Array<ArrayBuffer>): Uint8Array<ArrayBuffer>[] {
  const buffer = Buffer.from(bytes.buffer, bytes.byteOffset, bytes.length);
  const objects: Uint8Array<ArrayBuffer>[] = [];
  let at = buffer.indexOf(ELF_MAGIC);
  while (at >= 0 && at + ELF_HEADER_BYTES <= buffer.length) {
    const type = buffer.readUInt16LE(at + ELF_TYPE);
    const machine = buffer.readUInt16LE(at + ELF_TYPE + 2);
    const isObject = type === RELOCATABLE && machine === BPF;
    if (isObject) objects.push(bytes.subarray(at, at + objectSize(buffer, at)));
    at = buffer.indexOf(ELF_MAGIC, at + ELF_MAGIC.length);
  }
  return objects;
}

/** Computes an object's size: compilers write the section headers last. */
function objectSize(buffer: Buffer, at: number): number {
  const sections = Number(buffer.readBigUInt64LE(at + ELF_SECTIONS));
  const size = buffer.readUInt16LE(at + ELF_SECTION_SIZE);
  const count = buffer.readUInt16LE(at + ELF_SECTION_SIZE + 2);
  return sections + size * count;
}
