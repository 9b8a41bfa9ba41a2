/**
 * Benchmark: cost of map operations.
 *
 * A lookup in a hash of 8-byte keys, and reading 100,000 elements by batches of 4,096; nanoseconds
 * a lookup and an element, compared with native libbpf. Exit code 1 when a bound is missed.
 */
import { compare } from "./measured.ts";
import { report } from "./report.ts";

async function main(): Promise<number> {
  const lookup = await compare({ native: "lookup", guest: "lookup" }, { pairs: 15, rounds: 3 });
  const batch = await compare({ native: "batch", guest: "batch" }, { pairs: 9, rounds: 6 });
  return report([
    { what: "map lookup, hash of 8-byte keys", unit: "ns", ...lookup, atMost: { ratio: 1.1 } },
    { what: "element of 100,000 read by batch", unit: "ns", ...batch, atMost: { ratio: 1.3 } },
  ]);
}

if (import.meta.main) Deno.exit(await main());
