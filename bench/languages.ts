/**
 * Benchmark: cost of an event to a guest, by the guest's language.
 *
 * Each takes 230,400 events of 64 bytes that are in the ring already, a million and more
 * altogether, by the fastest loop of its SDK; nanoseconds an event, compared with native libbpf's
 * consume. Exit code 1 when a bound is missed. The aim is 1.8 for all of them.
 */
import { compareRuns, measured, run } from "./measured.ts";
import { type Measure, measureAll, report } from "./report.ts";

const PAIRS = 7;
const ROUNDS = "24";

async function runModule(module: string): Promise<string> {
  const [program, words] = measured("guest");
  const { success, stdout, stderr } = await new Deno.Command(program, {
    args: [...words.slice(0, -1), module, ROUNDS],
    stdin: "null",
  }).output();
  if (!success) throw new Error(`${module}: ${new TextDecoder().decode(stderr)}`);
  return new TextDecoder().decode(stdout);
}

/** @param module of another language than C */
function measure(language: string, ratio: number, module?: string): Measure {
  const guest = () => module === undefined ? run("guest", "read", ROUNDS) : runModule(module);
  const native = () => run("native", "consume", ROUNDS);
  return async () => [{
    what: `64-byte event in the ring, a guest in ${language}`,
    unit: "ns",
    ...await compareRuns((side) => side === "native" ? native() : guest(), PAIRS),
    atMost: { ratio },
  }];
}

async function main(): Promise<number> {
  return report(
    await measureAll([
      measure("C", 2.2),
      measure("Rust", 2.5, "dist/bench/languages-rust.wasm"),
      measure("Go", 3.5, "dist/bench/languages-go.wasm"),
      measure("AssemblyScript", 3, "dist/bench/languages-assemblyscript.wasm"),
    ]),
  );
}

if (import.meta.main) Deno.exit(await main());
