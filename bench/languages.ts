/**
 * Benchmark: cost of an event to a guest, by the guest's language.
 *
 * Each takes 230,400 events of 64 bytes that are in the ring already, a million and more
 * altogether, by its SDK's usual loop; nanoseconds an event, compared with native libbpf's consume.
 */
import { measured, run, type Side } from "./measured.ts";
import { median, report, type Row } from "./report.ts";

const PAIRS = 3;
const ROUNDS = 8;

const LANGUAGES = {
  "C": undefined,
  "Rust": "dist/bench/languages-rust.wasm",
  "Go": "dist/bench/languages-go.wasm",
  "AssemblyScript": "dist/bench/languages-assemblyscript.wasm",
} as const;

/** The later half counts: by then V8 has compiled what is hot. */
function figureOf(text: string): number {
  const rounds = text.trim().split("\n").map(Number);
  return median(rounds.slice(rounds.length >> 1));
}

async function nanoseconds(side: Side, module?: string): Promise<number> {
  if (module === undefined) {
    return figureOf(await run(side, side === "native" ? "consume" : "read", String(ROUNDS)));
  }
  const [program, words] = measured("guest");
  const before = words.slice(0, -1);
  const { success, stdout, stderr } = await new Deno.Command(program, {
    args: [...before, module, String(ROUNDS)],
    stdin: "null",
  }).output();
  if (!success) throw new Error(`${module}: ${new TextDecoder().decode(stderr)}`);
  return figureOf(new TextDecoder().decode(stdout));
}

async function main(): Promise<number> {
  const rows: Row[] = [];
  for (const [language, module] of Object.entries(LANGUAGES)) {
    const native: number[] = [];
    const wasmBpf: number[] = [];
    for (let pair = 0; pair < PAIRS; pair++) {
      native.push(await nanoseconds("native"));
      wasmBpf.push(await nanoseconds("guest", module));
    }
    rows.push({
      what: `64-byte event in the ring, a guest in ${language}`,
      unit: "ns",
      native: median(native),
      wasmBpf: median(wasmBpf),
      ratio: median(wasmBpf.map((figure, pair) => figure / (native[pair] ?? NaN))),
    });
  }
  return report(rows);
}

if (import.meta.main) Deno.exit(await main());
