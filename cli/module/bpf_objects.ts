/** Finds eBPF objects in the data of a module. */
import { Buffer } from "node:buffer";
import { isElf } from "../../ebpf/btf/mod.ts";
import { initialData } from "./module_data.ts";

/** ELF, 64 bits, little-endian; e_type relocatable; e_machine BPF (elf(5)). */
const ELF_MAGIC = Uint8Array.of(0x7f, 0x45, 0x4c, 0x46, 2, 1, 1);
const ELF_TYPE = 16, ELF_SECTIONS = 40, ELF_SECTION_SIZE = 58, ELF_HEADER_BYTES = 64;
const RELOCATABLE = 1, BPF = 247;

/**
 * A guest has at most as many objects open, of so many bytes together. A hostile module may have a
 * header at every eighth byte, each of an object up to its end.
 */
const MAX_OBJECTS = 256;
const MAX_OBJECT_BYTES = 64 << 20;

/** Objects in a module. */
export interface EmbeddedObjects {
  readonly objects: readonly Uint8Array<ArrayBuffer>[];
  /** False if there are more than a guest can load. */
  readonly isComplete: boolean;
}

/** Returns the relocatable eBPF objects in the data of a valid module; of an object, itself. */
export function embeddedObjects(module: Uint8Array<ArrayBuffer>): EmbeddedObjects {
  if (isElf(module)) return { objects: [module], isComplete: true };
  const objects: Uint8Array<ArrayBuffer>[] = [];
  let left = MAX_OBJECT_BYTES;
  for (const bytes of initialData(module)) {
    for (const object of bpfObjectsIn(bytes)) {
      left -= object.length;
      if (left < 0 || objects.length === MAX_OBJECTS) return { objects, isComplete: false };
      objects.push(object);
    }
  }
  return { objects, isComplete: true };
}

/** Yields the relocatable eBPF objects in `bytes`, not copied. */
export function* bpfObjectsIn(
  bytes: Uint8Array<ArrayBuffer>,
): Generator<Uint8Array<ArrayBuffer>> {
  const buffer = Buffer.from(bytes.buffer, bytes.byteOffset, bytes.length);
  let at = buffer.indexOf(ELF_MAGIC);
  while (at >= 0 && at + ELF_HEADER_BYTES <= buffer.length) {
    const type = buffer.readUInt16LE(at + ELF_TYPE);
    const machine = buffer.readUInt16LE(at + ELF_TYPE + 2);
    const isObject = type === RELOCATABLE && machine === BPF;
    if (isObject) yield bytes.subarray(at, at + objectSize(buffer, at));
    at = buffer.indexOf(ELF_MAGIC, at + ELF_MAGIC.length);
  }
}

/** Computes an object's size: compilers write the section headers last. */
function objectSize(buffer: Buffer, at: number): number {
  const sections = Number(buffer.readBigUInt64LE(at + ELF_SECTIONS));
  const size = buffer.readUInt16LE(at + ELF_SECTION_SIZE);
  const count = buffer.readUInt16LE(at + ELF_SECTION_SIZE + 2);
  return sections + size * count;
}
