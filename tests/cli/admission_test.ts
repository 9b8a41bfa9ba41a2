/** Modules from registries and addresses: granted, asked about, or refused before they run. */
import assert from "node:assert/strict";
import { Buffer } from "node:buffer";
import { loadingGuest } from "../support/loading_guest.ts";
import { until } from "../support/condition.ts";
import { WASM_BPF } from "../support/cli.ts";
import { fromFileUrl } from "../support/paths.ts";
import { Place } from "../support/place.ts";
import { putModule } from "../support/artifacts.ts";
import { TestRegistry } from "../support/registry.ts";

const LEVELS = await Deno.readFile(fromFileUrl("../../dist/tests/net.bpf.o"));

const NETWORK = loadingGuest(LEVELS);
const BUILT = loadingGuest(LEVELS, 0x5a);

/** Runs without a terminal, whatever the tests run in. */
const ALONE = { through: ["setsid", "--wait"] };

/** Runs a command on a terminal of its own, and replies to its question. */
async function onTerminal(
  place: Place,
  args: string[],
  answers: string[],
): Promise<{ code: number; shown: string }> {
  const words = [WASM_BPF, ...args].map((word) => `'${word}'`).join(" ");
  const child = new Deno.Command("script", {
    args: ["-qec", words, "/dev/null"],
    env: place.env,
    cwd: `${place.folder}/work`,
    stdin: "piped",
    stdout: "piped",
    stderr: "null",
  }).spawn();
  let shown = "";
  const reading = (async () => {
    for await (const part of child.stdout.pipeThrough(new TextDecoderStream())) shown += part;
  })();
  const writer = child.stdin.getWriter();
  for (const [index, answer] of answers.entries()) {
    await until(
      "the question",
      () => Promise.resolve((shown.match(/ no: |or "no": /g) ?? []).length > index),
    );
    await writer.write(new TextEncoder().encode(`${answer}\n`));
  }
  const { code } = await child.status;
  await writer.close().catch(() => {});
  await reading;
  return { code, shown };
}

Deno.test("run refuses a reference's module without a terminal, and names the exact options", async () => {
  await using registry = await TestRegistry.start();
  await using place = await Place.create();
  const reference = `${registry.host}/you/net:v1`;
  await putModule(registry, { repository: "you/net", tag: "v1" }, NETWORK);
  // From the registry, and then from the store, by the short way and the long one.
  for (const options of [[], [], ["--stats"], ["--pull", "always"]]) {
    const result = await place.run(["run", ...options, reference], ALONE);
    assert.equal(result.code, 3, result.stderr);
    assert.match(result.stderr, /^hint: pass --allow-bpf=network only if/m);
    assert.match(result.stderr, /network: .* program /);
  }
  const allowed = ["--allow-bpf=network", reference];
  assert.equal((await place.run(allowed, ALONE)).code, 0);
  // A word that denies is not asked about: the load refuses the program.
  const denied = await place.run(["--deny-bpf=network", reference], ALONE);
  assert.equal(denied.code, 7, denied.stderr);
});

Deno.test("run admits a local file with the same module", async () => {
  await using place = await Place.create();
  const file = await place.write("net.wasm", NETWORK);
  assert.equal((await place.run([file], ALONE)).code, 0);
  const built = await place.write("built.wasm", BUILT);
  assert.equal((await place.run([built], ALONE)).code, 0);
});

Deno.test("run refuses an address's module in the same way", async () => {
  await using place = await Place.create();
  await using server = Deno.serve(
    { port: 0, hostname: "127.0.0.1", onListen: () => {} },
    () => new Response(NETWORK),
  );
  const address = `http://127.0.0.1:${server.addr.port}/net.wasm`;
  const result = await place.run([address], ALONE);
  assert.equal(result.code, 3, result.stderr);
  assert.equal((await place.run(["--allow-bpf=network", address], ALONE)).code, 0);
});

Deno.test("run ends a module whose object is built at run time, at its load", async () => {
  await using registry = await TestRegistry.start();
  await using place = await Place.create();
  const reference = `${registry.host}/you/built:v1`;
  await putModule(registry, { repository: "you/built", tag: "v1" }, BUILT);
  for (const options of [[], [], ["--stats"]]) {
    const result = await place.run([...options, reference], ALONE);
    assert.equal(result.code, 3, result.stderr);
    assert.match(result.stderr, /^hint: pass --allow-bpf=network only if/m);
  }
  assert.equal((await place.run(["--allow-bpf=network", reference], ALONE)).code, 0);
  const once = await onTerminal(place, [reference], ["yes"]);
  assert.equal(once.code, 0, once.shown);
  assert.doesNotMatch(once.shown, /always/);
  assert.equal((await onTerminal(place, [reference], ["no"])).code, 3);
});

Deno.test("run asks on a terminal, keeps always, and trust lists and revokes it", async () => {
  await using registry = await TestRegistry.start();
  await using place = await Place.create();
  await Deno.mkdir(`${place.folder}/config`);
  const reference = `${registry.host}/you/net:v1`;
  await putModule(registry, { repository: "you/net", tag: "v1" }, NETWORK);
  assert.equal((await onTerminal(place, [reference], ["no"])).code, 3);
  assert.equal((await onTerminal(place, [reference], ["what", "yes"])).code, 0);
  assert.equal((await place.run([reference], ALONE)).code, 3);
  const always = await onTerminal(place, [reference], ["always"]);
  assert.equal(always.code, 0, always.shown);
  assert.match(always.shown, /network: see, change, drop/);
  assert.equal((await place.run([reference], ALONE)).code, 0);
  const info = await Deno.stat(`${place.folder}/config/wasm-bpf/grants.json`);
  assert.equal((info.mode ?? 0) & 0o777, 0o600);

  // Under the same name, another module is not granted anything.
  await putModule(registry, { repository: "you/net", tag: "v1" }, loadingGuest(LEVELS, 0));
  const other = assembleOther();
  await putModule(registry, { repository: "you/net", tag: "v1" }, other);
  assert.equal((await place.run(["--pull", "always", reference], ALONE)).code, 3);

  const repository = `${registry.host}/you/net`;
  assert.match(await place.succeed(["trust", "list"]), /you\/net +sha256:\S+ +network /);
  const { grants } = JSON.parse(await place.succeed(["trust", "export"]));
  assert.deepEqual(grants.map((one: { levels: string[] }) => one.levels), [["network"]]);
  assert.equal((await place.run(["trust", "revoke", "nothing/like/it"])).code, 1);
  assert.match(await place.succeed(["trust", "revoke", repository]), /^Revoked /);
  assert.equal(await place.succeed(["trust", "list"]), "");
  assert.equal((await place.run(["trust", "revok"])).code, 2);
});

/** Puts the same programs into a module with another digest. */
function assembleOther(): Uint8Array<ArrayBuffer> {
  return loadingGuest(Uint8Array.from([...LEVELS, 0]));
}

/** Returns a copy of an object whose programs have another name of the same length. */
function renamed(object: Uint8Array, from: string, to: string): Uint8Array {
  const [old, other] = [from, to].map((name) => new TextEncoder().encode(name));
  const copy = Buffer.from(object);
  for (let at = copy.indexOf(old ?? ""); at >= 0; at = copy.indexOf(old ?? "", at + 1)) {
    copy.set(other ?? [], at);
  }
  return copy;
}

Deno.test("the question shows control bytes in names, and a name is no second line", async () => {
  await using registry = await TestRegistry.start();
  await using place = await Place.create();
  // As long as the name of the first program, in UTF-8.
  const names = ["\x1b[2Jab", "\nyes:?", "\r\x07\x1b]0;", "\u202eab\b", "\x9b1A\x7f"];
  for (const [index, name] of names.entries()) {
    const object = renamed(LEVELS, "on_xdp", name);
    const repository = `you/hostile${index}`;
    const reference = `${registry.host}/${repository}:v1`;
    await putModule(registry, { repository, tag: "v1" }, loadingGuest(object));
    await place.succeed(["pull", "--quiet", reference]);
    const { code, shown } = await onTerminal(place, [reference], ["no"]);
    assert.equal(code, 3, shown);
    const start = shown.indexOf(reference);
    const question = shown.slice(start, shown.indexOf("Allow it?")).replaceAll("\r\n", "\n");
    // deno-lint-ignore no-control-regex -- what terminals would obey
    assert.doesNotMatch(question, /[\x00-\x09\x0b-\x1f\x7f-\x9f\u202e]/);
    const [first = "", ...others] = question.trimEnd().split("\n");
    assert.match(first, /is about to$/);
    assert.deepEqual(others.map((line) => line.slice(0, 10)), ["  network:"], question);
  }
});

Deno.test("run ignores kept grants when another user can write to them", async () => {
  await using registry = await TestRegistry.start();
  await using place = await Place.create();
  const reference = `${registry.host}/you/net:v1`;
  const digest = await putModule(registry, { repository: "you/net", tag: "v1" }, NETWORK);
  const grant = { repository: `${registry.host}/you/net`, levels: ["network"], digest };
  const file = await place.write(
    "config/wasm-bpf/grants.json",
    JSON.stringify({ version: 1, grants: [grant] }),
  );
  await Deno.chmod(file, 0o600);
  assert.equal((await place.run([reference], ALONE)).code, 0);
  await Deno.chmod(file, 0o666);
  const result = await place.run([reference], ALONE);
  assert.equal(result.code, 3, result.stderr);
  assert.match(result.stderr, /^warning: kept grants are ignored: .*other users can write/m);
  await Deno.chmod(file, 0o600);
  // A reply never grants a level that takes an option.
  await Deno.writeTextFile(
    file,
    JSON.stringify({ version: 1, grants: [{ ...grant, levels: ["write", "never"] }] }),
  );
  assert.equal((await place.run([reference], ALONE)).code, 3);
});
