/** `.BTF.ext`: which types an object's CO-RE relocations name. Those are the kernel's. */
import type { Btf } from "./btf.ts";
import { BtfError } from "./errors.ts";

const MAGIC = 0xeb9f;
/** Where the header has the place of the CO-RE relocations. */
const CORE_RELO = 24;
const RECORD_BYTES = 16;
const SECTION_BYTES = 8;
/** `BPF_CORE_TYPE_ID_LOCAL`: id of a type in the same object. */
const TYPE_ID_LOCAL = 6;

/**
 * Ids of the types that CO-RE relocations start from.
 *
 * @throws {BtfError} when the section is damaged
 */
export function coreTypes(btf: Btf, bytes: Uint8Array): Set<number> {
  const types = new Set<number>();
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  if (bytes.length < 8 || view.getUint16(0, true) !== MAGIC) throw damaged("it does not begin so");
  const header = view.getUint32(4, true);
  if (header > bytes.length) throw damaged("its header is cut off");
  // Older compilers have no such relocations, and a shorter header.
  if (header < CORE_RELO + 8) return types;
  const start = header + view.getUint32(CORE_RELO, true);
  const end = start + view.getUint32(CORE_RELO + 4, true);
  if (end > bytes.length) throw damaged("its relocations lie outside of it");
  if (end === start) return types;
  if (end - start < 4) throw damaged("its relocations are cut off");
  const step = view.getUint32(start, true);
  if (step < RECORD_BYTES) throw damaged(`its relocations have ${step} bytes`);
  for (let at = start + 4; at < end;) {
    if (at + SECTION_BYTES > end) throw damaged("its relocations are cut off");
    const records = at + SECTION_BYTES;
    const next = records + view.getUint32(at + 4, true) * step;
    if (next > end) throw damaged("its relocations are cut off");
    for (let record = records; record < next; record += step) {
      const id = view.getUint32(record + 4, true);
      // Throws when there is no such type.
      btf.kind(id);
      if (view.getUint32(record + 12, true) !== TYPE_ID_LOCAL) types.add(id);
    }
    at = next;
  }
  return types;
}

function damaged(reason: string): BtfError {
  return new BtfError(`.BTF.ext is damaged: ${reason}`);
}
