/** `poll_oneoff`. */
import { errno, system } from "../../ffi/mod.ts";
import type { GuestMemory } from "../guest_memory.ts";
import type { WasiContext, WasiFunctions } from "./context.ts";
import { fromResult, wasiErrno } from "./errno.ts";
import type { Descriptor } from "./fd_table.ts";
import { Right } from "./rights.ts";

const EVENT_BYTES = 32;
/** More than a program waits for at once; keeps a guest from making the host allocate for it. */
const MAX_SUBSCRIPTIONS = 4096;

const EVENT_CLOCK = 0;
const EVENT_FD_READ = 1;
const EVENT_FD_WRITE = 2;
const FLAG_ABSTIME = 1;
const FLAG_HANGUP = 1;
const CLOCK_REALTIME = 0;
const CLOCK_MONOTONIC = 1;

/** Of poll(2). */
const POLLIN = 1;
const POLLOUT = 4;
const POLLERR = 8;
const POLLHUP = 16;
const POLLNVAL = 32;
const POLLFD_BYTES = 8;

/** A wall clock may be set during a wait. */
const REALTIME_STEP_NS = 1_000_000_000n;

/** Where the parts of a `subscription` stand. In snapshot 0 a clock has an identifier of its own first. */
interface Layout {
  size: number;
  clock: number;
  timeout: number;
  flags: number;
}
const LAYOUT: Layout = { size: 48, clock: 16, timeout: 24, flags: 40 };
const UNSTABLE_LAYOUT: Layout = { size: 56, clock: 24, timeout: 32, flags: 48 };

/** Subscription of a guest. */
type Subscription =
  & { userdata: bigint }
  & (
    | { type: typeof EVENT_CLOCK; clock: number; timeoutNs: bigint; absolute: boolean }
    | { type: typeof EVENT_FD_READ | typeof EVENT_FD_WRITE; fd: number }
  );

/** `event` of the specification. */
interface Event {
  userdata: bigint;
  type: number;
  error?: number;
  bytes?: bigint;
  flags?: number;
}

export function pollFunctions(context: WasiContext): WasiFunctions {
  const { memory, isUnstable = false } = context;
  const layout = isUnstable ? UNSTABLE_LAYOUT : LAYOUT;
  return {
    /**
     * Waits for clocks and descriptors.
     *
     * `input`: `count` subscriptions of 48 bytes (56 in snapshot 0), read. `output`: events of 32
     * bytes, written. `countOut`: u32 written, events, at least one. Errors of one subscription
     * are in its event. An interrupt lets inputs hang up, or the earliest clock ring early.
     *
     * EINVAL: no subscription, more than 4096, or an unknown kind or clock. EFAULT: a range is
     * outside of the memory.
     */
    "poll_oneoff": (input: number, output: number, count: number, countOut: number) => {
      if (count <= 0 || count > MAX_SUBSCRIPTIONS) return wasiErrno("EINVAL");
      // All ranges first, so that a fault happens before the wait.
      memory.bytes(input, count * layout.size);
      memory.bytes(output, count * EVENT_BYTES);
      memory.bytes(countOut, 4);
      const subscriptions: Subscription[] = [];
      for (let i = 0; i < count; i++) {
        const one = readSubscription(memory, (input >>> 0) + i * layout.size, layout);
        if (one === undefined) return wasiErrno("EINVAL");
        subscriptions.push(one);
      }
      const events = new Poll(context, subscriptions).wait();
      if (typeof events === "number") return events;
      events.forEach((event, i) => putEvent(memory, (output >>> 0) + i * EVENT_BYTES, event));
      memory.setU32(countOut, events.length);
      return 0;
    },
  };
}

function readSubscription(
  memory: GuestMemory,
  at: number,
  layout: Layout,
): Subscription | undefined {
  const userdata = memory.getU64(at);
  const type = memory.getU8(at + 8);
  if (type === EVENT_FD_READ || type === EVENT_FD_WRITE) {
    return { userdata, type, fd: memory.getU32(at + 16) };
  }
  const clock = memory.getU32(at + layout.clock);
  if (type !== EVENT_CLOCK || clock > CLOCK_MONOTONIC) return undefined;
  const timeoutNs = memory.getU64(at + layout.timeout);
  const absolute = (memory.getU16(at + layout.flags) & FLAG_ABSTIME) !== 0;
  return { userdata, type, clock, timeoutNs, absolute };
}

function putEvent(memory: GuestMemory, at: number, event: Event): void {
  const { userdata, error = 0, type, bytes = 0n, flags = 0 } = event;
  memory.bytes(at, EVENT_BYTES).fill(0);
  memory.setU64(at, userdata);
  memory.setU16(at + 8, error);
  memory.setU8(at + 10, type);
  memory.setU64(at + 16, bytes);
  memory.setU16(at + 24, flags);
}

/** When a clock's time has come: what it shows then. */
interface Alarm {
  userdata: bigint;
  clock: number;
  atNs: bigint;
}

/** A descriptor that is waited for. */
interface Watched {
  userdata: bigint;
  type: number;
  entry: Descriptor;
}

/** One wait for everything that a guest subscribed to. */
class Poll {
  readonly #context: WasiContext;
  readonly #alarms: Alarm[] = [];
  readonly #watched: Watched[] = [];
  /** Events that are ready without waiting. */
  readonly #ready: Event[] = [];
  readonly #fds: Int32Array<ArrayBuffer>;

  constructor(context: WasiContext, subscriptions: readonly Subscription[]) {
    this.#context = context;
    const now = [CLOCK_REALTIME, CLOCK_MONOTONIC].map((clock) => system.clockNow(clock));
    for (const one of subscriptions) {
      const { userdata } = one;
      if (one.type === EVENT_CLOCK) {
        const { clock, timeoutNs, absolute } = one;
        // A duration is one whatever happens to the wall clock meanwhile.
        this.#alarms.push(
          absolute
            ? { userdata, clock, atNs: timeoutNs }
            : { userdata, clock: CLOCK_MONOTONIC, atNs: (now[CLOCK_MONOTONIC] ?? 0n) + timeoutNs },
        );
      } else {
        this.#watch(userdata, one.type, one.fd);
      }
    }
    this.#fds = new Int32Array((this.#watched.length + 1) * POLLFD_BYTES / 4);
    this.#watched.forEach(({ entry, type }, i) => {
      this.#fds[(i + 1) * 2] = entry.hostFd;
      // Low half: requested events; high half: returned events.
      this.#fds[(i + 1) * 2 + 1] = type === EVENT_FD_READ ? POLLIN : POLLOUT;
    });
  }

  #watch(userdata: bigint, type: number, fd: number): void {
    const entry = this.#context.fds.get(fd);
    const right = Right.PollFdReadwrite | (type === EVENT_FD_READ ? Right.FdRead : Right.FdWrite);
    if (entry === undefined) {
      this.#ready.push({ userdata, type, error: wasiErrno("EBADF") });
    } else if (
      (entry.rights & right) !== right && !(entry.rights & Right.SockAccept)
    ) {
      this.#ready.push({ userdata, type, error: wasiErrno("ENOTCAPABLE") });
    } else if (entry.hostFd < 0 || entry.sink !== undefined || entry.source !== undefined) {
      this.#ready.push({ userdata, type });
    } else {
      this.#watched.push({ userdata, type, entry });
    }
  }

  /** The events that there are, at least one; or an errno. */
  wait(): Event[] | number {
    const { interrupt, attend } = this.#context;
    for (;;) {
      const bytes = new Uint8Array(this.#fds.buffer);
      const result = system.poll(bytes, this.#timeoutNs(), interrupt);
      if (result === -errno("ERESTART")) {
        attend();
        continue;
      }
      if (result === -errno("EINTR")) return this.#interrupted();
      if (result < 0) return fromResult(result);
      const events = [...this.#ready, ...this.#due(), ...this.#seen()];
      if (events.length > 0) return events;
    }
  }

  /** Returns the longest time to wait; negative for no limit. */
  #timeoutNs(): bigint {
    if (this.#ready.length > 0) return 0n;
    const left = this.#alarms.map(({ clock, atNs }) => {
      const ns = atNs - system.clockNow(clock);
      return clock === CLOCK_REALTIME && ns > REALTIME_STEP_NS ? REALTIME_STEP_NS : ns;
    });
    const least = left.reduce((a, b) => a < b ? a : b, 1n << 62n);
    return this.#alarms.length === 0 ? -1n : least > 0n ? least : 0n;
  }

  #due(): Event[] {
    return this.#alarms
      .filter(({ clock, atNs }) => system.clockNow(clock) >= atNs)
      .map(({ userdata }) => ({ userdata, type: EVENT_CLOCK }));
  }

  #seen(): Event[] {
    return this.#watched.flatMap(({ userdata, type, entry }, i): Event[] => {
      const events = (this.#fds[(i + 1) * 2 + 1] ?? 0) >>> 16;
      if (events === 0) return [];
      if (events & POLLNVAL) return [{ userdata, type, error: wasiErrno("EBADF") }];
      const flags = events & (POLLHUP | POLLERR) ? FLAG_HANGUP : 0;
      const bytes = type === EVENT_FD_READ ? system.available(entry.hostFd) : 0n;
      return [{ userdata, type, bytes, flags }];
    });
  }

  /**
   * Ends input that is waited for, as an interrupted read does: see `fd_io.ts`. Otherwise a clock
   * fires early, and the next poll of a buffer reports why: Rust's thread::sleep() panics at any
   * error, Go's usleep() throws, C's sees ENOTSUP.
   */
  #interrupted(): Event[] | number {
    const inputs = this.#watched.filter(({ type }) => type === EVENT_FD_READ);
    if (inputs.length > 0 || this.#ready.length > 0) {
      const ended = inputs.map(({ userdata, type, entry }): Event => {
        entry.cutOff();
        return { userdata, type, flags: FLAG_HANGUP };
      });
      return [...this.#ready, ...ended];
    }
    const [first, ...others] = this.#alarms;
    if (first === undefined) return wasiErrno("EINTR");
    const earliest = others.reduce((a, b) => remaining(b) < remaining(a) ? b : a, first);
    return [{ userdata: earliest.userdata, type: EVENT_CLOCK }];
  }
}

function remaining({ clock, atNs }: Alarm): bigint {
  return atNs - system.clockNow(clock);
}
