/** Subscriptions and events of `poll_oneoff`. */
import assert from "node:assert/strict";
import { Right } from "../../runtime/wasi/rights.ts";
import { TestFolder } from "./folder.ts";
import { Place, WasiHost } from "./wasi_host.ts";

const CLOCK = 0;

export const READ = 1;

const WRITE = 2;

const MONOTONIC = 1;

export const NONBLOCK = 4;

const MS = 1_000_000n;

export const HOUR_MS = 3_600_000;

/** Far less than the hour that it would wait, and more than a machine is held up. */
export const HELD_UP_MS = 120_000;

type Subscription = { fd: number; write?: boolean } | {
  ms: number;
  clock?: number;
  until?: boolean;
};

export interface Event {
  index: number;
  error: number;
  type: number;
  bytes: bigint;
  flags: number;
}

/** Polls; the events, by the places of what was subscribed to, or an errno. */
export function poll(
  wasi: WasiHost,
  subscriptions: readonly Subscription[],
  isUnstable = false,
): Event[] | number {
  const { memory } = wasi;
  const size = isUnstable ? 56 : 48;
  const shift = isUnstable ? 8 : 0;
  const input = Place.Buffer;
  const output = input + 0x4000;
  memory.bytes(input, 0x6000).fill(0x3f);
  subscriptions.forEach((one, i) => {
    const at = input + i * size;
    memory.setU64(at, BigInt(i) + 1000n);
    memory.setU8(at + 8, "fd" in one ? (one.write ? WRITE : READ) : CLOCK);
    if ("fd" in one) return memory.setU32(at + 16, one.fd);
    const { clock = MONOTONIC, until = false } = one;
    memory.setU32(at + 16 + shift, clock);
    wasi.ok("clock_time_get", clock, 0n, Place.Out);
    const now = memory.getU64(Place.Out);
    memory.setU64(at + 24 + shift, BigInt(one.ms) * MS + (until ? now : 0n));
    memory.setU16(at + 40 + shift, until ? 1 : 0);
  });
  const errno = wasi.call("poll_oneoff", input, output, subscriptions.length, Place.Out);
  if (errno !== 0) return errno;
  return Array.from({ length: memory.getU32(Place.Out) }, (_, i) => {
    const at = output + i * 32;
    return {
      index: Number(memory.getU64(at) - 1000n),
      error: memory.getU16(at + 8),
      type: memory.getU8(at + 10),
      bytes: memory.getU64(at + 16),
      flags: memory.getU16(at + 24),
    };
  });
}

/** The places of the events that there are. */
export function indexes(events: Event[] | number): number[] {
  assert.ok(typeof events !== "number", `errno ${events}`);
  return events.map(({ index }) => index);
}

export function timed<T>(call: () => T): { result: T; ms: number } {
  const start = performance.now();
  return { result: call(), ms: performance.now() - start };
}

/** A folder with FIFOs in it, each opened both ways. */
export function withFifos(
  names: readonly string[],
  use: (wasi: WasiHost, fifos: number[]) => void,
): void {
  using folder = new TestFolder();
  const args = names.map((name) => folder.at(name));
  assert.ok(new Deno.Command("mkfifo", { args }).outputSync().success);
  using wasi = new WasiHost({ preopens: [{ host: folder.path, guest: "/" }] });
  const rights = Right.FdRead | Right.FdWrite | Right.FdFdstatSetFlags | Right.PollFdReadwrite;
  use(wasi, names.map((name) => wasi.open(name, { rights, fdFlags: NONBLOCK })));
}
