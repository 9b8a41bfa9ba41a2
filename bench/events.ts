/**
 * Benchmark: cost of an event that waits in the ring buffer.
 *
 * 230,400 events of 64 bytes, already there; nanoseconds an event until the guest has seen each,
 * compared with native libbpf's consume of the same ring. Exit code 1 when a bound is missed.
 */
import { compare } from "./measured.ts";
import { type Measure, measureAll, report } from "./report.ts";

const ROUNDS = { pairs: 7, rounds: 16 };

function measure(what: string, guest: string, ratio: number): Measure {
  return async () => [{
    what: `64-byte event in the ring, ${what}`,
    unit: "ns",
    ...await compare({ native: "consume", guest }, ROUNDS),
    atMost: { ratio },
  }];
}

async function main(): Promise<number> {
  return report(
    await measureAll([measure("callback", "consume", 6), measure("buffer_read", "read", 2.2)]),
  );
}

if (import.meta.main) Deno.exit(await main());
