/**
 * Changed eBPF objects, opened and loaded by the shim under sanitizers: `tests/fuzz`. To reproduce
 * a fault, use its seed and index: `.cache/fuzz/objects --seed S --start INDEX --count 1 --keep
 * FILE …`. The long form leaves its counts in `.cache/fuzz/counts.json`.
 */
import assert from "node:assert/strict";
import { FUZZ, FUZZ_TYPES } from "../../build/steps/fuzz.ts";
import { filesUnder } from "../../build/lib/step.ts";
import { chooseSeed } from "../support/random.ts";
import { SOAK, soakSize } from "../support/soak.ts";

/** About half of these can be opened, and a third loaded. */
const INPUTS = soakSize({ short: 2_000, whole: 500_000 });
/** Percentage of loads that go to the kernel; a substitute handles the others. */
const REAL_PERCENT = 2;

interface Counts {
  inputs: number;
  opened: number;
  loaded: number;
  realLoads: number;
  faults: number;
}

/** Lists objects of the tests and examples, and objects made for the fuzz test. */
function samples(): string[] {
  const isObject = (path: string) => path.endsWith(".o") && path !== FUZZ_TYPES;
  // One of them is long, to produce a long verifier log.
  const guests = filesUnder(
    ".cache/guests",
    (path) => isObject(path) && !path.includes("long-log"),
  );
  const own = filesUnder(".cache/fuzz/samples", isObject);
  return [...own, ...own, ...own, ...guests];
}

Deno.test("shim opens and loads changed objects without a fault", async () => {
  const seed = chooseSeed();
  const args = ["--types", FUZZ_TYPES, "--seed", `${seed}`, "--count", `${INPUTS}`];
  const { stdout, stderr } = await new Deno.Command(FUZZ, {
    args: [...args, "--real", `${REAL_PERCENT}`, ...samples()],
    stdin: "null",
    env: { ASAN_SYMBOLIZER_PATH: "/usr/bin/llvm-symbolizer" },
  }).output();
  const text = new TextDecoder().decode(stdout);
  const last = text.trimEnd().split("\n").at(-1) ?? "";
  assert.match(last, /^\{/, new TextDecoder().decode(stderr));
  const counts = JSON.parse(last) as Counts;
  if (SOAK) await Deno.writeTextFile(".cache/fuzz/counts.json", `${last}\n`);
  assert.equal(counts.faults, 0, text);
  // Otherwise only the first check was tested.
  assert.ok(counts.opened > INPUTS / 2.5 && counts.loaded > INPUTS / 5, last);
  assert.ok(counts.realLoads > 0);
});
