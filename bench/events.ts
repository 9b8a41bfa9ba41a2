/**
 * Benchmark: cost of an event that waits in the ring buffer.
 *
 * 230,400 events of 64 bytes, already there; nanoseconds an event until the guest has seen each,
 * compared with native libbpf's consume of the same ring. Exit code 1 when a bound is missed.
 */
import { compare } from "./measured.ts";
import { report } from "./report.ts";

const ROUNDS = { pairs: 7, rounds: 16 };

async function main(): Promise<number> {
  const callback = await compare({ native: "consume", guest: "consume" }, ROUNDS);
  const read = await compare({ native: "consume", guest: "read" }, ROUNDS);
  return report([
    {
      what: "64-byte event in the ring, callback",
      unit: "ns",
      ...callback,
      atMost: { figure: 25, ratio: 6 },
    },
    { what: "64-byte event in the ring, buffer_read", unit: "ns", ...read, atMost: { figure: 15 } },
  ]);
}

if (import.meta.main) Deno.exit(await main());
