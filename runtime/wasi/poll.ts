/** `poll_oneoff`, as far as clocks go. */
import { errno, system } from "../../ffi/mod.ts";
import type { GuestMemory } from "../guest_memory.ts";
import type { WasiContext, WasiFunctions } from "./context.ts";
import { fromResult, wasiErrno } from "./errno.ts";

const SUBSCRIPTION_BYTES = 48;
const EVENT_BYTES = 32;
const EVENT_TYPE_CLOCK = 0;
const FLAG_ABSTIME = 1;
/** More than a program waits for at once; keeps a guest from making the host allocate for it. */
const MAX_SUBSCRIPTIONS = 4096;

/** A clock subscription: layout of `subscription` in the specification. */
interface ClockSubscription {
  userdata: bigint;
  clock: number;
  timeoutNs: bigint;
  absolute: boolean;
}

function readClock(memory: GuestMemory, at: number): ClockSubscription | undefined {
  if (memory.getU8(at + 8) !== EVENT_TYPE_CLOCK) return undefined;
  return {
    userdata: memory.getU64(at),
    clock: memory.getU32(at + 16),
    timeoutNs: memory.getU64(at + 24),
    absolute: (memory.getU16(at + 40) & FLAG_ABSTIME) !== 0,
  };
}

function putEvent(memory: GuestMemory, at: number, userdata: bigint, error: number): void {
  memory.bytes(at, EVENT_BYTES).fill(0);
  memory.setU64(at, userdata);
  memory.setU16(at + 8, error);
  memory.setU8(at + 10, EVENT_TYPE_CLOCK);
}

/** Sleeps to the end, or to an interrupt; does in between what attention is asked for. */
function sleep(context: WasiContext, clock: number, ns: bigint, absolute: boolean): number {
  const { interrupt, attend } = context;
  let left = ns;
  for (;;) {
    const start = performance.now();
    const slept = system.sleep(clock, left, absolute, interrupt);
    if (slept !== -errno("ERESTART")) return slept;
    attend();
    if (absolute) continue;
    const passed = BigInt(Math.round((performance.now() - start) * 1e6));
    left = left > passed ? left - passed : 0n;
  }
}

export function pollFunctions(context: WasiContext): WasiFunctions {
  const { memory } = context;
  return {
    "poll_oneoff": (input: number, output: number, count: number, countOut: number) => {
      if (count <= 0 || count > MAX_SUBSCRIPTIONS) return wasiErrno("EINVAL");
      // All ranges first, so that a fault happens before the sleep.
      memory.bytes(input, count * SUBSCRIPTION_BYTES);
      memory.bytes(output, count * EVENT_BYTES);
      memory.bytes(countOut, 4);
      if (count > 1) return wasiErrno("ENOSYS");
      const subscription = readClock(memory, input >>> 0);
      if (subscription === undefined) return wasiErrno("ENOSYS");
      if (subscription.clock > 1) return wasiErrno("EINVAL");
      const { clock, timeoutNs, absolute, userdata } = subscription;
      const slept = sleep(context, clock, timeoutNs, absolute);
      // A sleep that is interrupted ends early, and the next poll of a buffer says why: Rust's
      // thread::sleep() panics at any error, Go's usleep() throws, C's sees ENOTSUP.
      if (slept < 0 && slept !== -errno("EINTR")) return fromResult(slept);
      putEvent(memory, output >>> 0, userdata, 0);
      memory.setU32(countOut, 1);
      return 0;
    },
  };
}
