/** Loads single programs of the objects in `tests/guests/permissions`, with permissions. */
import { Buffer } from "node:buffer";
import { Policy } from "../../ebpf/mod.ts";
import type { Permissions } from "../../ebpf/mod.ts";
import { LinearMemory } from "../../ffi/mod.ts";
import { GuestObject } from "../../runtime/wasm_bpf/guest_object.ts";
import { BpfError } from "../../runtime/mod.ts";
import "./whole_shim.ts";

/** `SHIM_PROGRAM_AUTOLOAD`. */
const AUTOLOAD = 1;

/** Loaded object, or the reason why it was not loaded. */
export class Loaded implements Disposable {
  readonly error: BpfError | undefined;
  readonly object: GuestObject;
  readonly memory: LinearMemory;

  /** Loads only `program` of the object in `bytes`, or every program without a name. */
  constructor(bytes: Uint8Array, permissions: Permissions, program?: string) {
    const pages = Math.ceil(bytes.length / 65536) + 2;
    this.memory = new LinearMemory(new WebAssembly.Memory({ initial: pages }));
    this.memory.bytes.set(bytes, 0);
    const source = { memory: this.memory, offset: 0, sizeBytes: bytes.length };
    this.object = GuestObject.open(source, {
      policy: new Policy(permissions),
      onNotice: () => {},
      noteClosed: () => {},
    });
    for (const name of this.object.programNames) {
      this.object.configure(name, AUTOLOAD, program === undefined || name === program ? 1 : 0);
    }
    try {
      this.object.load();
    } catch (error) {
      if (!(error instanceof BpfError)) throw error;
      this.error = error;
    }
  }

  [Symbol.dispose](): void {
    this.object.close();
    this.memory.close();
  }
}

/** Returns a copy of `bytes` with each little-endian `from` replaced by `to`. */
export function withNumber(bytes: Uint8Array, from: number, to: number): Uint8Array<ArrayBuffer> {
  const copy = new Uint8Array(bytes);
  const view = new DataView(copy.buffer);
  let count = 0;
  for (let at = 0; at + 4 <= copy.length; at++) {
    if (view.getUint32(at, true) !== from) continue;
    view.setUint32(at, to, true);
    count += 1;
  }
  if (count === 0) throw new Error(`the object does not have 0x${from.toString(16)}`);
  return copy;
}

/** Returns a copy of `bytes` with each text `from` replaced by `to`, of the same length. */
export function withText(bytes: Uint8Array, from: string, to: string): Uint8Array<ArrayBuffer> {
  if (from.length !== to.length) throw new Error(`"${to}" has another length than "${from}"`);
  const text = Buffer.from(bytes).toString("latin1");
  if (!text.includes(from)) throw new Error(`the object does not have "${from}"`);
  return new Uint8Array(Buffer.from(text.replaceAll(from, to), "latin1"));
}
