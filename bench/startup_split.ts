/**
 * Benchmark: time until the tracer is attached that scripts with code win; see
 * `docs/internals/startup.md`.
 *
 * Compares the program with one made of a single module, in turn. Exit code 1 when they win less
 * than 3 ms, since it is not worth its rules then.
 */
import { compileUnsplit } from "../build/tasks/compile.ts";
import { COPIES, startToAttached } from "./start_to_attached.ts";
import { median, report } from "./report.ts";

const ROUNDS = 25;
const LEAST_MS = 3;
const GUEST = "dist/examples/bootstrap/bootstrap.wasm";

async function main(): Promise<number> {
  await Deno.mkdir(COPIES, { recursive: true });
  const [split, unsplit] = [`${COPIES}/split`, `${COPIES}/unsplit`];
  await compileUnsplit(unsplit);
  // Both files are new: see startToAttached().
  await Deno.copyFile("dist/wasm-bpf", `${split}.new`);
  await Deno.rename(`${split}.new`, split);
  const ms = { split: [] as number[], unsplit: [] as number[] };
  for (const program of [split, unsplit]) await startToAttached([program, GUEST]);
  for (let round = 0; round < ROUNDS; round++) {
    ms.split.push(await startToAttached([split, GUEST]));
    ms.unsplit.push(await startToAttached([unsplit, GUEST]));
  }
  const won = median(ms.split.map((value, round) => (ms.unsplit[round] ?? NaN) - value));
  report([{
    what: `start to attached, in scripts with code: ${won.toFixed(1)} ms won`,
    unit: "ms",
    native: median(ms.unsplit),
    wasmBpf: median(ms.split),
    ratio: median(ms.split.map((value, round) => value / (ms.unsplit[round] ?? NaN))),
    ratioTo: "one module, in the native column",
  }]);
  return won >= LEAST_MS ? 0 : 1;
}

if (import.meta.main) Deno.exit(await main());
