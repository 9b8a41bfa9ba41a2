/** The pump, made from `pump.wat` by the build. */
import { HostError } from "../ffi/errors.ts";

const PUMP_FILE = new URL("../dist/lib/pump.bin", import.meta.url);

/**
 * Hands the records between a region's cursor and end to table entry `callback`, each copied to `data`
 * in guest memory.
 *
 * @returns number of events handled, or the callback's negative result, at which it stops
 * @throws what the callback throws: a trap, or the guest's exit
 */
export type Pump = (
  region: number,
  callback: number,
  context: number,
  data: number,
  maxBytes: number,
) => number;

let compiled: WebAssembly.Module | undefined;

/** A pump between two memories that calls through `table`. */
export function createPump(
  guest: { memory: WebAssembly.Memory; table: WebAssembly.Table },
  stage: WebAssembly.Memory,
): Pump {
  compiled ??= new WebAssembly.Module(readPump());
  const instance = new WebAssembly.Instance(compiled, {
    guest: { memory: guest.memory, table: guest.table },
    stage: { memory: stage },
  });
  return instance.exports["pump"] as Pump;
}

function readPump(): Uint8Array<ArrayBuffer> {
  try {
    return Deno.readFileSync(PUMP_FILE);
  } catch (cause) {
    throw new HostError("Cannot read the event pump pump.bin", {
      code: "PUMP_MISSING",
      hint: "in a source checkout, run ./dev build first",
      cause,
    });
  }
}
