/** Policies: which references, addresses and files run, and whose rule counts. */
import assert from "node:assert/strict";
import { privateRoot } from "../support/mounts.ts";
import { Place } from "../support/place.ts";
import { TestRegistry } from "../support/registry.ts";
import {
  assertRefused,
  LINE,
  MODULE,
  OTHER_MODULE,
  PUB,
  push,
  writePolicy,
} from "../support/trusted_place.ts";

Deno.test("run applies the longest pattern, also to stored artifacts", async () => {
  await using registry = await TestRegistry.start();
  await using place = await Place.create();
  const reference = `${registry.host}/you/tool:v1`;
  await push(place, reference);
  await place.succeed(["pull", "--quiet", reference]);
  await place.write("config/wasm-bpf/cosign.pub", await Deno.readFile(PUB));
  const cases: [unknown, RegExp | undefined][] = [
    [{ "*": "reject" }, /"\*" in \S+ rejects it/],
    [{ "*": "reject", [`${registry.host}/*`]: "accept" }, undefined],
    [{ [`${registry.host}/you/tool`]: "reject", "*": "accept" }, /rejects it/],
    [{ "ghcr.io/*": "accept" }, /no pattern in \S+ matches/],
    [{ [`${registry.host}/you/*`]: { keys: ["cosign.pub"] }, "*": "accept" }, /not signed/],
    [{ "*": { keys: ["absent.pub"] } }, /Cannot use the key \S+absent\.pub/],
    [{ "*": "allow" }, /neither "accept" nor "reject"/],
    [{}, /needs at least one rule/],
  ];
  for (const [references, error] of cases) {
    await writePolicy(place, references);
    for (const command of ["run", "pull"]) {
      const result = await place.run([command, reference]);
      if (error !== undefined) assertRefused(result, error);
      else assert.equal(result.code, 0, result.stderr);
    }
  }
  await place.write("config/wasm-bpf/policy.json", '{"references":{"*":"accept"}');
  assertRefused(await place.run(["run", reference]), /Cannot read the policy .*not JSON/);
});

Deno.test("a user's policy cannot override the machine's", async () => {
  await using registry = await TestRegistry.start();
  await using place = await Place.create();
  const reference = `${registry.host}/you/tool:v1`;
  await push(place, reference);
  await writePolicy(place, { "*": "accept" });
  await place.write("etc/wasm-bpf/policy.json", '{"references":{"*":"reject"}}');
  // /etc with one more directory, only for this command.
  const script = `mount -t tmpfs none "$1" && mkdir "$1/up" "$1/work" &&
    cp -r "$0"/* "$1/up" && chmod -R go-w "$1/up" &&
    mount -t overlay -o "lowerdir=/etc,upperdir=$1/up,workdir=$1/work" overlay /etc &&
    shift && exec "$@"`;
  await Deno.mkdir(`${place.folder}/overlay`);
  const through = [
    ...[...privateRoot(), script],
    ...[`${place.folder}/etc`, `${place.folder}/overlay`],
  ];
  const rejected = await place.run(["run", reference], { through });
  assertRefused(rejected, /"\*" in \/etc\/wasm-bpf\/policy\.json rejects it/);
  assert.equal(await place.succeed(["run", reference]), `${LINE}\n`);
});

Deno.test("run fetches an address only if a policy accepts it unsigned", async () => {
  await using place = await Place.create();
  await using server = Deno.serve(
    { hostname: "127.0.0.1", port: 0, onListen: () => {} },
    () => new Response(MODULE),
  );
  const host = `127.0.0.1:${server.addr.port}`;
  const address = `http://${host}/tool.wasm`;
  assert.equal(await place.succeed(["run", address]), `${LINE}\n`);
  await writePolicy(place, { "*": "reject" });
  assertRefused(await place.run(["run", address]), /rejects it/);
  await writePolicy(place, { "*": { keys: [PUB] } });
  assertRefused(await place.run(["run", address]), /requires a signature/);
  await writePolicy(place, { "*": "reject", [`${host}/*`]: "accept" });
  assert.equal(await place.succeed(["run", address]), `${LINE}\n`);
  const result = await place.run(["run", "--verify-key", PUB, address]);
  assert.equal(result.code, 2, result.stderr);
});

/** Starts a server on a loopback port and returns its `host:port`. */
function serve(answer: (url: URL) => Response): { host: string } & AsyncDisposable {
  const server = Deno.serve(
    { hostname: "127.0.0.1", port: 0, onListen: () => {} },
    (request) => answer(new URL(request.url)),
  );
  return {
    host: `127.0.0.1:${server.addr.port}`,
    [Symbol.asyncDispose]: () => server[Symbol.asyncDispose](),
  };
}

Deno.test("run checks every redirect against the policy before the request", async () => {
  await using place = await Place.create();
  const asked: string[] = [];
  await using rejected = serve((url) => {
    asked.push(url.pathname);
    return url.pathname === "/back.wasm"
      ? Response.redirect(`http://${accepted.host}/tool.wasm`)
      : new Response(MODULE);
  });
  await using accepted = serve((url) => {
    const [, status, next] = /^\/(30\d)\/(.*)$/.exec(url.pathname) ?? [];
    if (status === undefined) return new Response(MODULE);
    return Response.redirect(`http://${next?.replace("HOST", rejected.host)}`, Number(status));
  });
  const { host } = accepted;
  const port = rejected.host.split(":")[1];
  const run = (path: string) => place.run(["run", `http://${host}/${path}`]);
  assert.equal((await run("302/HOST/tool.wasm")).stdout, `${LINE}\n`);
  asked.length = 0;
  const policies = [
    { "*": "reject", [`${host}/*`]: "accept" },
    { "*": "accept", [`${rejected.host}/*`]: "reject" },
    { "*": "accept", [`${rejected.host}/*`]: { keys: [PUB] } },
    { [`${host}/*`]: "accept" },
  ];
  for (const references of policies) {
    await writePolicy(place, references);
    for (
      const path of [
        "302/HOST/tool.wasm",
        "301/HOST/back.wasm",
        `307/${host}/302/HOST/tool.wasm`,
        `308/127.1:0${port}/tool.wasm`,
      ]
    ) {
      assertRefused(
        await run(path),
        new RegExp(`Cannot use http://${rejected.host}/(tool|back)\\.wasm: `),
      );
    }
    assert.equal((await run(`302/${host}/tool.wasm`)).stdout, `${LINE}\n`);
  }
  assert.deepEqual(asked, []);
});

Deno.test("run and pull apply one rule to every spelling of a registry, or refuse it", async () => {
  await using registry = await TestRegistry.start();
  await using place = await Place.create();
  await push(place, `${registry.host}/you/tool:v1`);
  const port = registry.host.split(":")[1];
  await writePolicy(place, { [`${registry.host}/*`]: { keys: [PUB] }, "*": "accept" });
  assertRefused(await place.run(["run", `${registry.host}/you/tool:v1`]), /it is not signed/);
  const hosts = [
    ...[`127.0.0.1:0${port}`, `127.0.0.1:000${port}`, `127.1:${port}`, `0x7f.1:${port}`],
    ...[`2130706433:${port}`, `[::ffff:127.0.0.1]:${port}`, `[::ffff:7f00:1]:${port}`],
    ...[`0.0.0.0:${port}`, `127.0.0.01:${port}`, `127.0.0.1.:${port}`],
  ];
  for (const host of hosts) {
    for (const words of [["run", "--plain-http", host], ["pull", `http://${host}`]]) {
      const result = await place.run([...words.slice(0, -1), `${words.at(-1)}/you/tool:v1`]);
      assert.notEqual(result.code, 0, host);
      assert.equal(result.stdout, "", host);
      assert.match(result.stderr, /^error: Cannot use the reference .*\n(error|hint): /, host);
    }
  }
  assert.equal(await place.succeed(["images", "--quiet"]), "");
});

Deno.test("a name in another spelling in an older store is listed and removed, but does not run", async () => {
  await using place = await Place.create();
  await using registry = await TestRegistry.start();
  const reference = `${registry.host}/you/tool:v1`;
  await push(place, reference);
  await place.succeed(["pull", "--quiet", reference]);
  const index = `${place.store}/index.json`;
  const odd = reference.replace(":", ":0");
  await Deno.writeTextFile(index, (await Deno.readTextFile(index)).replaceAll(reference, odd));
  assert.match(await place.succeed(["images"]), new RegExp(odd));
  for (const words of [["run", odd], ["run", "--pull", "never", odd], [odd]]) {
    const result = await place.run(words);
    assert.notEqual(result.code, 0);
    assert.match(result.stderr, /its port .* has leading zeros/);
  }
  await place.succeed(["rm", odd]);
  assert.equal(await place.succeed(["images", "--quiet"]), "");
});

Deno.test("run requires no signature for files", async () => {
  await using place = await Place.create();
  const file = await place.write("tool.wasm", MODULE);
  await writePolicy(place, { "*": "reject" });
  assert.equal(await place.succeed(["run", file]), `${LINE}\n`);
  assert.equal((await place.run(["run", "--verify-key", PUB, file])).code, 2);
});

Deno.test("a file named like a reference cannot bypass a policy", async () => {
  await using registry = await TestRegistry.start();
  await using place = await Place.create();
  const reference = `${registry.host}/you/tool`;
  await push(place, reference);
  await place.write(`work/${reference}`, OTHER_MODULE);
  assert.equal(await place.succeed(["run", reference]), "something else\n");
  assert.equal(await place.succeed([reference]), "something else\n");
  await writePolicy(place, { "*": "reject" });
  for (const words of [[reference], ["run", reference], ["run", "--pull", "never", reference]]) {
    assertRefused(await place.run(words), /"\*" in \S+ rejects it/);
  }
  assert.equal(await place.succeed(["run", `./${reference}`]), "something else\n");
  await writePolicy(place, { "*": "accept" });
  assert.equal(await place.succeed(["run", reference]), `${LINE}\n`);
});
