// Made by wasm-bpf 0.1.0 from events.bpf.o: wasm-bpf gen typescript. Do not edit.

/** struct event, 32 bytes. */
export interface Event {
  ts: bigint;
  pid: number;
  uid: number;
  comm: string;
}

export const sizeOfEvent = 32;

/** In bytes; of a bit-field, in bits. */
export const offsetsOfEvent = {
  ts: 0,
  pid: 8,
  uid: 12,
  comm: 16,
} as const;

/**
 * Reads one that begins at byte `at` of `view`.
 *
 * @throws {RangeError} when the view ends before it does
 */
export function readEvent(view: DataView, at = 0): Event {
  if (at < 0 || view.byteLength - at < 32) {
    throw new RangeError(`Event has 32 bytes, and here are ${view.byteLength - at}`);
  }
  return {
    ts: view.getBigUint64(at, true),
    pid: view.getUint32(at + 8, true),
    uid: view.getUint32(at + 12, true),
    comm: text(view, at + 16, 16),
  };
}

function text(view: DataView, at: number, length: number): string {
  const all = new Uint8Array(view.buffer, view.byteOffset + at, length);
  const end = all.indexOf(0);
  return new TextDecoder().decode(end < 0 ? all.slice() : all.slice(0, end));
}
