/** Attempts of a guest to get out of its granted directories. */
import assert from "node:assert/strict";
import { compileGuest } from "../../runtime/mod.ts";
import type { Preopen } from "../../runtime/run_options.ts";
import type { UnresolvedJob } from "../embed/unresolved_worker.ts";
import { guestPath, runCli } from "../support/cli.ts";
import { EscapeTree, INSIDE, isFromOutside } from "../support/escape_tree.ts";
import { checkThenOpen, commandsOf, hasEscaped, preopensOf } from "../support/escape_run.ts";
import { runResolving } from "../support/resolving.ts";
import { type Escape, ESCAPES } from "../support/escapes.ts";
import { soakSize } from "../support/soak.ts";
import { Swapper } from "../support/swapper.ts";
import { wasiErrnoName } from "../support/wasi_errno.ts";
import "../support/whole_shim.ts";

const GUEST = guestPath("escape");

/** The options that give the tree to a guest. */
function grantsOf(tree: EscapeTree): string[] {
  return ["--dir", `${tree.path}/rw::/rw`, "--dir", `${tree.path}/ro::/ro::ro`];
}

/** Returns the guest's output, with names in place of WASI's numbers. */
function answersOf(stdout: string): string[] {
  return stdout.trimEnd().split("\n").map((line) =>
    line.replace(/^\d+/, (number) => wasiErrnoName(Number(number)))
  );
}

const attempts = Object.entries(ESCAPES).flatMap(([group, escapes]) =>
  escapes.map((escape) => ({ group, escape }))
);

Deno.test("there are at least 60 attempts, each of its own name", () => {
  assert.ok(attempts.length >= 60);
  assert.equal(new Set(attempts.map(({ escape }) => escape.name)).size, attempts.length);
});

for (const { group, escape } of attempts) {
  Deno.test(`no way out by ${group}: ${escape.name}`, async () => {
    await using tree = await EscapeTree.create();
    const before = await tree.outside();
    const args = ["--timeout", "120s", ...grantsOf(tree), GUEST, ...commandsOf(escape, tree)];
    const { code, stdout, stderr } = await runCli(args);
    assert.deepEqual({ code, stderr }, { code: 0, stderr: "" });
    assert.deepEqual(answersOf(stdout), escape.does.map(([, answer]) => answer));
    assert.equal(isFromOutside(stdout), false, stdout);
    assert.equal(await tree.outside(), before);
  });
}

/* ---- the attempts themselves: they get out where nothing holds them --------------------------- */

const MODULE = compileGuest(await Deno.readFile(GUEST), "escape");

/** Runs an attempt whose paths the kernel resolves without protection; whether it got out. */
async function escapesWithout(
  run: (args: string[], preopens: Preopen[]) => string | Promise<string>,
  escape: Escape,
  options: { times?: boolean } = {},
): Promise<boolean> {
  await using tree = await EscapeTree.create();
  const before = await tree.outside(options);
  const text = await run(commandsOf(escape, tree), preopensOf(tree));
  return await hasEscaped(tree, before, text, options);
}

/** By group: how many attempts get out at least where the resolver follows everything. */
const CAUGHT: Readonly<Record<string, number>> = {
  "an absolute path": 10,
  "..": 15,
  "a symbolic link": 20,
  "a symbolic link of its own": 4,
  "a descriptor": 1,
};

const unresolved = (args: string[], preopens: Preopen[]) =>
  runResolving(MODULE, args, { preopens, resolve: 0 });

/** By group, the attempts that get out where the resolver follows everything. */
const escaping = lazily(async () => {
  const found: Record<string, Escape[]> = {};
  for (const [group, escapes] of Object.entries(ESCAPES)) {
    const out = found[group] = [] as Escape[];
    for (const escape of escapes) {
      if (await escapesWithout(unresolved, escape)) out.push(escape);
    }
  }
  return found;
});

function lazily<T>(make: () => Promise<T>): () => Promise<T> {
  let made: Promise<T> | undefined;
  return () => made ??= make();
}

Deno.test("the attempts get out where the resolver follows everything", async () => {
  for (const [group, escapes] of Object.entries(await escaping())) {
    const names = escapes.map(({ name }) => name).join(", ");
    assert.ok(escapes.length >= (CAUGHT[group] ?? 0), `${group}: only ${names}`);
  }
});

/** Runs the attempts in a confined thread of its own. */
async function confined(args: string[], preopens: Preopen[]): Promise<string> {
  const worker = new Worker(new URL("../embed/unresolved_worker.ts", import.meta.url), {
    type: "module",
  });
  const answer = Promise.withResolvers<string>();
  worker.onmessage = ({ data }) => answer.resolve(data);
  worker.onerror = (event) => {
    event.preventDefault();
    answer.reject(new Error(event.message));
  };
  const job: UnresolvedJob = { bytes: MODULE.bytes, args, preopens };
  worker.postMessage(job);
  try {
    return await answer.promise;
  } finally {
    worker.terminate();
  }
}

Deno.test("with the resolver's check taken away, the second wall holds", async () => {
  for (const escape of Object.values(await escaping()).flat()) {
    // Landlock has no right for these: to look, to read a link, to set times.
    const isOut = await escapesWithout(confined, escape, { times: false });
    assert.equal(isOut, /^(look|read a link) /.test(escape.name), escape.name);
  }
});

/* ---- races: folders and links are swapped meanwhile --------------------------------------------- */

const ROUNDS = soakSize({ short: 25_000, whole: 100_000 });

/** Counts of a race. */
interface Tally {
  done: number;
  refused: number;
  leaked: number;
}

/** Races until what the rounds met suffices: a swapper needs a processor as well. */
const MOST_RACES = 20;

function tallyOf(stdout: string): Tally {
  const [, done, refused, leaked] = /done (\d+) refused (\d+) leaked (\d+)/.exec(stdout) ?? [];
  return { done: Number(done), refused: Number(refused), leaked: Number(leaked) };
}

/** A folder `swap` in the grant, and a link that leads out, to be exchanged. */
async function withSwappedLink(
  work: (tree: EscapeTree) => Promise<void>,
): Promise<void> {
  await using tree = await EscapeTree.create();
  const [folder, link] = [`${tree.path}/rw/swap`, `${tree.path}/rw/link`];
  await Deno.mkdir(folder);
  await Deno.writeTextFile(`${folder}/file`, INSIDE);
  await Deno.symlink("../outside", link);
  await using swapper = await Swapper.start(folder, link);
  await work(tree);
  assert.ok(await swapper.stop() > 100);
}

Deno.test(`no way out in ${ROUNDS} rounds while a folder is swapped for a link`, () =>
  withSwappedLink(async (tree) => {
    const before = await tree.outside();
    const args = [...grantsOf(tree), GUEST, `race 3 ${ROUNDS} swap`];
    let [done, refused] = [0, 0];
    // It was a race when both ways were met.
    const isOne = () => done > ROUNDS / 200 && refused > ROUNDS / 200;
    for (let race = 0; race < MOST_RACES && !isOne(); race++) {
      const { code, stdout, stderr } = await runCli(args);
      assert.deepEqual({ code, stderr }, { code: 0, stderr: "" });
      const tally = tallyOf(stdout);
      assert.equal(tally.leaked, 0);
      [done, refused] = [done + tally.done, refused + tally.refused];
    }
    assert.equal(await tree.outside(), before);
    assert.ok(isOne(), `${done} done, ${refused} refused`);
  }));

Deno.test(`no way out in ${ROUNDS} rounds while a folder on the way is moved out`, async () => {
  await using tree = await EscapeTree.create();
  const folder = `${tree.path}/rw/swap`;
  await Deno.mkdir(`${folder}/deep`, { recursive: true });
  await Deno.writeTextFile(`${folder}/file`, INSIDE);
  await Deno.mkdir(`${tree.path}/outside/deep`);
  const before = await tree.outside({ times: false });
  {
    await using swapper = await Swapper.start(`${folder}/deep`, `${tree.path}/outside/deep`);
    const args = [...grantsOf(tree), GUEST, `race 3 ${ROUNDS} swap/deep/..`];
    const { code, stdout, stderr } = await runCli(args);
    assert.deepEqual({ code, stderr }, { code: 0, stderr: "" });
    const { done, leaked } = tallyOf(stdout);
    assert.equal(leaked, 0);
    assert.ok(done > ROUNDS / 200, stdout);
    assert.ok(await swapper.stop() > 100);
  }
  assert.equal(await tree.outside({ times: false }), before);
});

Deno.test("the race catches a resolver that checks first and opens then", () =>
  withSwappedLink((tree) => {
    using _naive = checkThenOpen();
    const leaks = () => {
      const args = [`race 3 4000 swap`];
      return tallyOf(runResolving(MODULE, args, { preopens: preopensOf(tree) })).leaked;
    };
    let leaked = 0;
    for (let attempt = 0; attempt < 20 && leaked === 0; attempt++) leaked = leaks();
    assert.ok(leaked > 0);
    return Promise.resolve();
  }));

Deno.test("a resolver that checks first holds while nothing is swapped", async () => {
  using _naive = checkThenOpen();
  await using tree = await EscapeTree.create();
  const args = ["open 3 up - r", "open 3 ../outside/file - r", "open 3 good - r", "read $3"];
  const text = runResolving(MODULE, args, { preopens: preopensOf(tree) });
  assert.deepEqual(answersOf(text), ["EPERM", "EPERM", "SUCCESS fd", 'SUCCESS "inside"']);
});
