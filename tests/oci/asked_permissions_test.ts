/** Permissions in manifests: push writes what a module asks for, run refuses what it did not. */
import assert from "node:assert/strict";
import { loadingGuest } from "../support/loading_guest.ts";
import { putBytes, putManifest } from "../support/artifacts.ts";
import { withTimeouts } from "../support/brief.ts";
import { cosignFile, PASSWORD } from "../support/cosign_data.ts";
import { type CliResult, guestPath } from "../support/cli.ts";
import { fromFileUrl } from "../support/paths.ts";
import { Place } from "../support/place.ts";
import { TestRegistry } from "../support/registry.ts";

const NETWORK = await Deno.readFile(fromFileUrl("../../dist/tests/net.bpf.o"));
const SIGNALS = await Deno.readFile(fromFileUrl("../../dist/tests/signals.bpf.o"));
const GUEST = loadingGuest(NETWORK);
/** Object under an exclusive or, which no look at the module finds. */
const HIDDEN = loadingGuest(NETWORK, 0x5a);

/** Runs without a terminal, whatever the tests run in. */
const ALONE = { through: ["setsid", "--wait"] };

const PERMISSIONS = "wasm-bpf.permissions";

/** Returns the annotations of the manifest at a tag. */
async function annotationsOf(
  registry: TestRegistry,
  repository: string,
): Promise<Record<string, string>> {
  const response = await registry.fetch(`/v2/${repository}/manifests/v1`, {
    headers: { accept: "application/vnd.oci.image.manifest.v1+json" },
  });
  return (await response.json()).annotations;
}

/** Puts a module with a manifest that asks for `permissions`. */
async function putAsking(
  registry: TestRegistry,
  repository: string,
  { module, permissions }: { module: Uint8Array<ArrayBuffer>; permissions: string },
): Promise<string> {
  const config = await putBytes(registry, repository, new TextEncoder().encode("{}"));
  const layer = await putBytes(registry, repository, module);
  await putManifest(registry, { repository, tag: "v1" }, {
    config: { mediaType: "application/vnd.wasm.config.v1+json", ...config },
    layers: [{ mediaType: "application/vnd.wasm.content.layer.v1+wasm", ...layer }],
    annotations: { [PERMISSIONS]: permissions },
  });
  return `${registry.host}/${repository}:v1`;
}

Deno.test("push writes the levels that inspect finds, and those of --ask-bpf", async () => {
  await using registry = await TestRegistry.start();
  await using place = await Place.create();
  const cases = [
    // A packet filter of netfilter gets kernel objects as arguments.
    ["network", GUEST, [], { levels: ["network", "observe", "inspect"] }],
    ["signals", loadingGuest(SIGNALS), [], {
      levels: ["inspect", "control"],
      kfuncs: ["bpf_send_signal_task"],
    }],
    ["hidden", HIDDEN, [], undefined],
    ["words", HIDDEN, ["--ask-bpf=network,observe", "--ask-attach=iface:lo"], {
      levels: ["network", "observe"],
      attach: ["iface:lo"],
    }],
    ["plain", loadingGuest(new Uint8Array(0)).slice(0, 8), [], undefined],
  ] as const;
  for (const [name, module, words, asked] of cases) {
    const file = await place.write(`${name}.wasm`, module);
    const { code, stderr } = await place.run([
      "push",
      ...words,
      file,
      `${registry.host}/${name}:v1`,
    ]);
    assert.equal(code, 0, stderr);
    const text = (await annotationsOf(registry, name))[PERMISSIONS];
    if (asked === undefined) assert.equal(text, undefined, name);
    else {
      const found = JSON.parse(text ?? "{}");
      assert.deepEqual(new Set(found.levels), new Set(asked.levels), name);
      if ("kfuncs" in asked) assert.ok(found.kfuncs.includes("bpf_send_signal_task"), text);
      if ("attach" in asked) assert.deepEqual(found.attach, asked.attach);
    }
    assert.equal(/asks for no permissions/.test(stderr), name === "hidden", stderr);
  }
  const inspected = JSON.parse(
    await place.succeed(["inspect", "--json", `${registry.host}/words:v1`]),
  );
  assert.deepEqual(inspected.asked.attach, ["iface:lo"]);
  // It asks, and grants nothing.
  const asks = await place.run([`${registry.host}/network:v1`], ALONE);
  assert.equal(asks.code, 3, asks.stderr);
  assert.equal(
    (await place.run(["--allow-bpf=network", `${registry.host}/network:v1`], ALONE)).code,
    0,
  );
});

Deno.test("push refuses words that mean nothing, and an annotation by hand", async () => {
  await using place = await Place.create();
  const file = await place.write("net.wasm", GUEST);
  const push = async (...words: string[]) =>
    await place.run(["push", ...words, file, "localhost:1/net:v1"]);
  const level = await push("--ask-bpf=netwrok");
  assert.equal(level.code, 2);
  assert.match(level.stderr, /did you mean network\?/);
  assert.equal((await push("--ask-attach=ifac:lo")).code, 2);
  assert.equal((await push("--ask-kfunc=no_such")).code, 2);
  assert.equal((await push("-a", `${PERMISSIONS}={"levels":[]}`)).code, 2);
  assert.equal((await place.run(["push", "--ask-bpf=network", "localhost:1/net:v1"])).code, 2);
});

Deno.test("run refuses what a module uses and did not ask for, whatever options allow", async () => {
  await using registry = await TestRegistry.start();
  await using place = await Place.create();
  const all = "--allow-bpf=observe,inspect,network,control,struct-ops,replace,write";
  for (const [name, module] of [["embedded", GUEST], ["hidden", HIDDEN]] as const) {
    const permissions = '{"levels":["observe","inspect"]}';
    const reference = await putAsking(registry, name, { module, permissions });
    // From the registry, and then from the store, by the short way and the long one.
    for (const options of [[], [all], [all, "--stats"], [all, "--pull", "always"]]) {
      const result = await place.run([...options, reference], ALONE);
      assert.equal(result.code, 3, `${options}: ${result.stderr}`);
      assert.match(result.stderr, /uses permissions that its manifest does not ask for/);
      assert.match(result.stderr, /network: /);
    }
    // A kept grant goes no further, either.
    const { digest } = JSON.parse(await place.succeed(["inspect", "--json", reference]));
    await place.write(
      "config/wasm-bpf/grants.json",
      JSON.stringify({
        version: 1,
        grants: [{ repository: `${registry.host}/${name}`, levels: ["network"], digest }],
      }),
    );
    await Deno.chmod(`${place.folder}/config/wasm-bpf/grants.json`, 0o600);
    assert.equal((await place.run([reference], ALONE)).code, 3);
  }
  const shown = await place.succeed(["inspect", `${registry.host}/embedded:v1`]);
  assert.match(shown, /^Asks for +observe, inspect$/m);
  assert.match(shown, /^Problem +it uses .*network.*run refuses it$/m);
});

Deno.test("run refuses a manifest whose permissions it cannot read", async () => {
  await using registry = await TestRegistry.start();
  await using place = await Place.create();
  const texts = [
    ...["", "[]", "{", '{"levels":"network"}', '{"levels":["netwrok"]}', '{"levels":["never"]}'],
    ...[
      '{"levels":["network"],"more":1}',
      '{"levels":[],"attach":["nowhere:x"]}',
      '{"levels":[1]}',
    ],
    ...[`{"levels":["network"]${" ".repeat(70_000)}}`, '{"levels":["network"],"kfuncs":["a\\nb"]}'],
  ];
  for (const [index, permissions] of texts.entries()) {
    const reference = await putAsking(registry, `odd${index}`, { module: GUEST, permissions });
    // The short way and the long one, in turn.
    const more = index % 2 === 0 ? [] : ["--stats"];
    for (const options of [["--allow-bpf=network", ...more]]) {
      const result = await place.run([...options, reference], ALONE);
      assert.equal(result.code, 3, `${permissions}: ${result.stderr}`);
      assert.match(result.stderr, /permissions in the manifest of .* cannot be read/);
    }
    assert.match(await place.succeed(["inspect", reference]), /^Asks for .*cannot be read/m);
  }
});

Deno.test("run attaches only where the manifest asks to", async () => {
  await using registry = await TestRegistry.start();
  await using place = await Place.create();
  const at = async (name: string, word: string) => {
    const reference = `${registry.host}/${name}:v1`;
    await place.succeed(["push", "-q", `--ask-attach=${word}`, guestPath("attach"), reference]);
    await place.succeed(["pull", "-q", reference]);
    const allowed = "--allow-bpf=network,control,struct-ops,replace,write";
    const words = [allowed, "--allow-attach=iface:lo", reference, "net", "on_xdp", "lo"];
    // An interface of its own: lo of the machine takes one program, which other tests attach as well.
    const through = [...ALONE.through, "unshare", "--net"];
    let result: CliResult | undefined;
    await withTimeouts(async (timeoutMs) => {
      result = await place.run(["--timeout", `${timeoutMs}ms`, ...words], { through });
      assert.match(result.stdout + result.stderr, /^attached$|EPERM/m);
    });
    return result ?? assert.fail();
  };
  const refused = await at("tracer", "tp:sched/*");
  assert.match(refused.stderr, /Cannot attach program "on_xdp".*EPERM/, refused.stdout);
  assert.match(refused.stderr, /^hint: the module does not ask for it/m);
  const attached = await at("filter", "iface:lo");
  assert.match(attached.stdout, /^attached$/m, attached.stderr);
});

Deno.test("a signature covers what a module asks for, and inspect names the key", async () => {
  await using registry = await TestRegistry.start();
  await using place = await Place.create();
  const key = cosignFile("p256.key");
  const publicKey = cosignFile("p256.pub");
  const file = await place.write("net.wasm", GUEST);
  const reference = `${registry.host}/signed:v1`;
  const password = { env: { COSIGN_PASSWORD: PASSWORD } };
  await place.succeed(["push", "-q", "--sign-key", key, file, reference], password);
  const run = async (...words: string[]) =>
    await place.run(["--verify-key", publicKey, "--allow-bpf=network", ...words, reference], ALONE);
  const first = await run();
  assert.equal(first.code, 0, first.stderr);
  for (const options of [[], ["--remote"]]) {
    const words = ["inspect", "--json", "--verify-key", publicKey, ...options, reference];
    const { signatures } = JSON.parse(await place.succeed(words));
    assert.deepEqual(signatures.map((one: { key?: string }) => one.key), [publicKey]);
    const unverified = JSON.parse(
      await place.succeed(["inspect", "--json", ...options, reference]),
    );
    assert.deepEqual(unverified.signatures.map((one: { key?: string }) => one.key), [undefined]);
  }
  // Other permissions are another manifest, which the key did not sign.
  const response = await registry.fetch("/v2/signed/manifests/v1", {
    headers: { accept: "application/vnd.oci.image.manifest.v1+json" },
  });
  const manifest = await response.json();
  manifest.annotations[PERMISSIONS] = '{"levels":["network","write"]}';
  await putManifest(registry, { repository: "signed", tag: "v1" }, manifest);
  const changed = await run("--pull", "always");
  assert.equal(changed.code, 1, changed.stderr);
  assert.match(changed.stderr, /not signed|signature/);
});
