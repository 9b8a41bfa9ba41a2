/**
 * What do map operations cost?
 *
 * A lookup in a hash of 8-byte keys, and reading 100,000 elements by batches of 4,096; nanoseconds a
 * lookup and an element, beside native libbpf. Exit code 1 when a bound is missed.
 */
import { compare, type Comparison } from "./measured.ts";

const LOOKUP_MAX = 1.1;
const BATCH_MAX = 1.3;

function lines(name: string, { native, guest, ratio }: Comparison, limit: number): string[] {
  return [
    `${name}, ns: median of 9 pairs of runs`,
    `  native libbpf                    ${native.toFixed(0)}`,
    `  wasm-bpf                         ${guest.toFixed(0)}`,
    `  wasm-bpf / native                ${ratio.toFixed(2)}   at most ${limit}`,
  ];
}

async function main(): Promise<number> {
  const lookup = await compare({ native: "lookup", guest: "lookup" }, { pairs: 9, rounds: 3 });
  const batch = await compare({ native: "batch", guest: "batch" }, { pairs: 9, rounds: 6 });
  const text = [
    ...lines("one lookup", lookup, LOOKUP_MAX),
    ...lines("one element read by batch", batch, BATCH_MAX),
  ].join("\n");
  await Deno.stdout.write(new TextEncoder().encode(`${text}\n`));
  return lookup.ratio <= LOOKUP_MAX && batch.ratio <= BATCH_MAX ? 0 : 1;
}

if (import.meta.main) Deno.exit(await main());
