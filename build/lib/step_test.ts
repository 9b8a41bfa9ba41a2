import assert from "node:assert/strict";
import { join } from "node:path";
import { BuildError } from "./errors.ts";
import { filesUnder, lockBuild, replaceFile, runStep, type Step } from "./step.ts";

interface Fixture {
  readonly folder: string;
  readonly step: Step;
  /** Returns the number of runs of the step. */
  runs(): number;
  /** Runs it if it must; true when it did. */
  run(changes?: Partial<Step>): Promise<boolean>;
}

async function withStep(test: (fixture: Fixture) => Promise<void>): Promise<void> {
  const folder = await Deno.makeTempDir();
  let runs = 0;
  const [input, output] = [join(folder, "in"), join(folder, "out")];
  await Deno.writeTextFile(input, "one");
  const step: Step = {
    name: "copy",
    inputs: [input],
    outputs: [output],
    async make() {
      runs++;
      await Deno.copyFile(input, output);
    },
  };
  const options = { stamps: join(folder, "stamps"), quiet: true };
  const run = (changes: Partial<Step> = {}) => runStep({ ...step, ...changes }, options);
  try {
    await test({ folder, step, runs: () => runs, run });
  } finally {
    await Deno.remove(folder, { recursive: true });
  }
}

Deno.test("runStep() runs once while nothing changes", () =>
  withStep(async ({ run, runs }) => {
    assert.equal(await run(), true);
    assert.equal(await run(), false);
    assert.equal(runs(), 1);
  }));

Deno.test("runStep() runs again when an input's content changes", () =>
  withStep(async ({ folder, run }) => {
    await run();
    await Deno.writeTextFile(join(folder, "in"), "two");
    assert.equal(await run(), true);
    assert.equal(await Deno.readTextFile(join(folder, "out")), "two");
  }));

Deno.test("runStep() does not run when an input is only touched", () =>
  withStep(async ({ folder, run }) => {
    await run();
    await Deno.utime(join(folder, "in"), new Date(0), new Date(0));
    assert.equal(await run(), false);
  }));

Deno.test("runStep() runs again when its key changes", () =>
  withStep(async ({ run }) => {
    await run({ key: "-O1" });
    assert.equal(await run({ key: "-O1" }), false);
    assert.equal(await run({ key: "-O2" }), true);
  }));

Deno.test("runStep() runs again when an output is gone or was replaced", () =>
  withStep(async ({ folder, run }) => {
    await run();
    await Deno.remove(join(folder, "out"));
    assert.equal(await run(), true);
    await Deno.writeTextFile(join(folder, "out"), "something else");
    assert.equal(await run(), true);
  }));

Deno.test("runStep() runs again when a file appears in an input folder", () =>
  withStep(async ({ folder, run }) => {
    const input = join(folder, "headers");
    await Deno.mkdir(input);
    await Deno.writeTextFile(join(input, "a.h"), "");
    await run({ inputs: [input] });
    assert.equal(await run({ inputs: [input] }), false);
    await Deno.writeTextFile(join(input, "b.h"), "");
    assert.equal(await run({ inputs: [input] }), true);
  }));

Deno.test("runStep() runs again after it failed", () =>
  withStep(async ({ run }) => {
    await run();
    const make = () => Promise.reject(new BuildError("no"));
    await assert.rejects(() => run({ key: 1, make }), BuildError);
    assert.equal(await run({ key: 1 }), true);
  }));

Deno.test("runStep() refuses a missing input and a missing output", () =>
  withStep(async ({ folder, run }) => {
    await assert.rejects(() => run({ inputs: [join(folder, "absent")] }), BuildError);
    await assert.rejects(() => run({ outputs: [join(folder, "absent")] }), BuildError);
  }));

Deno.test("replaceFile() leaves the old file, and nothing else, when making the new one fails", () =>
  withStep(async ({ folder }) => {
    const path = join(folder, "in");
    await assert.rejects(() =>
      replaceFile(path, async (temporary) => {
        await Deno.writeTextFile(temporary, "half");
        throw new BuildError("no");
      }), BuildError);
    assert.equal(await Deno.readTextFile(path), "one");
    assert.deepEqual(filesUnder(folder), [path]);
  }));

Deno.test("filesUnder() is empty for a folder that is not there", () => {
  assert.deepEqual(filesUnder("/nonexistent"), []);
});

Deno.test("lockBuild() keeps another process out until it is disposed of", () =>
  withStep(async ({ folder }) => {
    const path = join(folder, "lock");
    const isFree = async () =>
      (await new Deno.Command("flock", { args: ["--nonblock", path, "true"] }).output()).success;
    const lock = lockBuild(path);
    assert.equal(await isFree(), false);
    lock[Symbol.dispose]();
    assert.equal(await isFree(), true);
  }));
