/** Installations and upgrades that are killed: either version runs, never neither. */
import assert from "node:assert/strict";
import { HubPlace } from "../support/hub_place.ts";
import { WASM_BPF } from "../support/cli.ts";
import { chooseSeed, Random } from "../support/random.ts";
import { soakSize } from "../support/soak.ts";

const ROUNDS = soakSize({ short: 8, whole: 100 });

Deno.test(`kill -9 at ${ROUNDS} moments of install and upgrade leaves either version`, async () => {
  const seed = chooseSeed();
  const random = new Random(seed);
  await using place = await HubPlace.create();
  const { user } = place;
  await place.publishTools({ chatter: "v1.0.0" });
  await place.publishTools({ chatter: "v2.0.0" });
  await place.add();
  await place.install("chatter@1.0.0");
  const start = performance.now();
  await place.install("chatter@2.0.0");
  const wholeMs = performance.now() - start;
  const install = ["install", "-q", "--bin", place.bin];
  let kills = 0;
  for (let round = 0; round < ROUNDS || kills < ROUNDS / 4; round++) {
    const what = `round ${round} of SEED=${seed}`;
    const fresh = `fresh${round}`;
    const isFresh = round % 3 === 1;
    const words = [
      [...install, `chatter@${random.pick(["1.0.0", "2.0.0"])}`],
      [...install, "chatter", "--as", fresh],
      ["upgrade", "-q", "chatter"],
    ][round % 3] ?? [];
    // An upgrade has something to do only from the older version.
    if (words[0] === "upgrade") await place.install("chatter@1.0.0");
    const wasKilled = await killed(place, words, random.below(wholeMs * 1.2));
    if (wasKilled) kills += 1;
    const { stdout, stderr } = await place.launch("chatter");
    assert.match(stdout, /^chatter v[12]\.0\.0\n$/, `${what}: ${stderr}`);
    if (isFresh) await assertWhole(place, fresh, what);
  }
  // A later installation completes what a killed one left.
  await place.install("chatter@2.0.0", "--as", "chatter");
  assert.equal((await place.launch("chatter")).stdout, "chatter v2.0.0\n");
  const names = await Array.fromAsync(Deno.readDir(place.bin));
  const left = names.filter(({ name }) => name.startsWith(".")).map(({ name }) => name);
  assert.ok(left.every((name) => /^\.(chatter|fresh\d+)\.wasm-bpf-new$/.test(name)), left.join());
  await user.succeed(["images", "--check"]);
});

/** Runs a command, and kills it after some time; returns false if it ended before. */
async function killed(place: HubPlace, args: string[], ms: number): Promise<boolean> {
  const child = new Deno.Command(WASM_BPF, {
    args,
    env: place.user.env,
    stdin: "null",
    stdout: "null",
    stderr: "null",
  }).spawn();
  // time: the kill comes at a random moment of the installation.
  const timer = setTimeout(() => {
    try {
      child.kill("SIGKILL");
    } catch {
      // It has ended.
    }
  }, ms);
  const { signal } = await child.status;
  clearTimeout(timer);
  return signal === "SIGKILL";
}

/** A launcher never exists without the tool that it runs. */
async function assertWhole(place: HubPlace, name: string, what: string): Promise<void> {
  const isRecorded = (await place.user.succeed(["list", "-q"])).split("\n").includes(name);
  const hasLauncher = await Deno.stat(`${place.bin}/${name}`).then(() => true, () => false);
  assert.ok(isRecorded || !hasLauncher, what);
  if (!isRecorded) return;
  assert.match(await place.user.succeed(["run", "--installed", name]), /^chatter v2/, what);
}
