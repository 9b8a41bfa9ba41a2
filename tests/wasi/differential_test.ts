/**
 * Comparison of WASI's files with Linux's: `tests/guests/differential`, compiled for both, does the
 * same thousands of operations in two empty folders, and has to return the same results.
 */
import assert from "node:assert/strict";
import { guestPath, WASM_BPF } from "../support/cli.ts";
import { fromFileUrl } from "../support/paths.ts";
import { chooseSeed, Random } from "../support/random.ts";
import { soakSize } from "../support/soak.ts";
import { succeed } from "../support/succeed.ts";

/** Things to do with each seed; files and links are many by then. */
const STEPS = 20_000;
const ROUNDS = soakSize({ short: 2, whole: 100 });

/** Letters for operations: mostly opening, and uses of opened files. */
const THINGS = "mmmrunnnkkksssiiggyytttttoooooooooRRRPPWWWWQQKKKTTA";

/** As many as the guest has names, the first of which are plain. */
const NAMES = 36;
const PLAIN = 12;

const NUMBERS = [0, 1, 2, 3, 5, 10, 100, 4095, 4096, 5000, -1, -5, 100_000];

function generate(random: Random): string[] {
  const name = () => random.below(random.below(3) === 0 ? NAMES : PLAIN);
  const number = () => random.below(3) === 0 ? random.below(20_000) : random.pick(NUMBERS);
  return Array.from({ length: STEPS }, () => {
    const thing = random.pick([...THINGS]);
    const first = thing === "o" ? random.below(256) : number();
    return [thing, name(), name(), random.below(1000), first, number()].join(" ");
  });
}

/** Returns the output lines of a program that gets a script as its standard input. */
async function answers(words: readonly string[], script: string, cwd: string): Promise<string[]> {
  const [program = "", ...args] = words;
  const { code, stdout, stderr } = await new Deno.Command("/bin/sh", {
    args: ["-c", 'exec "$@" <"$0"', script, program, ...args],
    cwd,
  }).output();
  const decoder = new TextDecoder();
  assert.deepEqual({ code, stderr: decoder.decode(stderr) }, { code: 0, stderr: "" });
  return decoder.decode(stdout).trimEnd().split("\n");
}

async function compare(seed: number, native: string, folder: string): Promise<string[]> {
  const steps = generate(new Random(seed));
  const script = `${folder}/script-${seed}`;
  await Deno.writeTextFile(script, `${steps.join("\n")}\n`);
  const [one, other] = [`${folder}/linux-${seed}`, `${folder}/wasi-${seed}`];
  await Deno.mkdir(one);
  await Deno.mkdir(other);
  const expected = await answers([native], script, one);
  const guest = [WASM_BPF, "--dir", `${other}::/`, guestPath("differential")];
  const got = await answers(guest, script, folder);
  assert.equal(expected.length, STEPS);
  for (const [i, answer] of expected.entries()) {
    if (answer === got[i]) continue;
    const before = steps.slice(Math.max(0, i - 5), i + 1).join("\n");
    assert.fail(
      `SEED=${seed}, step ${i}: Linux: ${answer}, WASI: ${got[i]}, at the end of\n${before}`,
    );
  }
  return expected;
}

Deno.test("WASI has the results of Linux for files", async () => {
  const folder = await Deno.makeTempDir({ prefix: "differential-" });
  try {
    const native = `${folder}/differential`;
    const source = fromFileUrl("../guests/differential/differential.c");
    await succeed(
      "clang",
      "-O1",
      "-Wall",
      "-Wextra",
      "-Werror",
      "-D_GNU_SOURCE",
      "-o",
      native,
      source,
    );
    const seed = chooseSeed();
    const all: string[] = [];
    for (let round = 0; round < ROUNDS; round++) {
      all.push(...await compare(seed + round, native, folder));
    }
    // That the steps do something: each of these was seen, and a good part went well.
    const kinds = new Set(all.map((answer) => answer.split(" ")[0]));
    for (const kind of ["ok", "ENOENT", "EEXIST", "ENOTDIR", "EISDIR", "ENOTEMPTY", "ELOOP"]) {
      assert.ok(kinds.has(kind), `seed ${seed}: no ${kind}`);
    }
    const went = all.filter((answer) => answer.startsWith("ok")).length;
    assert.ok(went > all.length / 5, `seed ${seed}: ${went} of ${all.length} went well`);
  } finally {
    await Deno.remove(folder, { recursive: true });
  }
});
