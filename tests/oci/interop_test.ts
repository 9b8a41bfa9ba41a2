/** Interoperability with other clients, on a registry and on the store. */
import assert from "node:assert/strict";
import { succeed } from "../support/succeed.ts";
import { ORAS } from "../support/oras.ts";
import { Place, speaking } from "../support/place.ts";
import { TestRegistry } from "../support/registry.ts";
import { TokenServer, USERS } from "../support/token_server.ts";

const HELLO = speaking("hello from a registry");
const OCI_MANIFEST = "application/vnd.oci.image.manifest.v1+json";

if ("missing" in ORAS) {
  Deno.stderr.writeSync(new TextEncoder().encode(`skipped, with oras: ${ORAS.missing}\n`));
}

/** Runs oras. */
async function oras(place: Place, ...args: string[]): Promise<string> {
  assert.ok("path" in ORAS);
  // Cache and settings stay in the test's directory.
  return await succeed("env", `HOME=${place.folder}`, ORAS.path, ...args);
}

async function skopeo(place: Place, ...args: string[]): Promise<string> {
  const own = [`HOME=${place.folder}`, `REGISTRY_AUTH_FILE=${place.env.REGISTRY_AUTH_FILE}`];
  return await succeed("env", ...own, "skopeo", ...args);
}

const digestOf = (json: string) => JSON.parse(json).digest as string;

for (const format of ["compat", "cncf"]) {
  Deno.test(`skopeo reads and copies artifacts pushed as ${format}`, async () => {
    await using registry = await TestRegistry.start();
    await using place = await Place.create();
    const file = await place.write("hello.wasm", HELLO);
    const reference = `${registry.host}/you/hello:v1`;
    const pushed = await place.succeed([
      ...["push", "--json", "--format", format, file, reference],
    ]);
    const plain = "--tls-verify=false";
    const raw = await skopeo(place, "inspect", plain, "--raw", `docker://${reference}`);
    assert.equal(
      JSON.parse(raw).layers[0].annotations["org.opencontainers.image.title"],
      "hello.wasm",
    );

    const layout = `${place.folder}/layout`;
    await skopeo(
      place,
      "copy",
      "--src-tls-verify=false",
      `docker://${reference}`,
      `oci:${layout}:v1`,
    );
    const index = JSON.parse(await Deno.readTextFile(`${layout}/index.json`));
    assert.equal(index.manifests[0].digest, digestOf(pushed));

    const copied = `${registry.host}/copied/hello:v2`;
    await skopeo(
      place,
      "copy",
      "--dest-tls-verify=false",
      `oci:${layout}:v1`,
      `docker://${copied}`,
    );
    assert.equal(await place.succeed(["run", copied]), "hello from a registry\n");
    assert.match(
      await skopeo(place, "list-tags", plain, `docker://${registry.host}/copied/hello`),
      /"v2"/,
    );
  });
}

Deno.test("skopeo reads the store", async () => {
  await using registry = await TestRegistry.start();
  await using place = await Place.create();
  const file = await place.write("hello.wasm", HELLO);
  const reference = `${registry.host}/you/hello:v1`;
  const pushed = await place.succeed(["push", "--json", file, reference]);
  await place.succeed(["pull", "--quiet", reference]);
  const stored = `oci:${place.store}:${reference}`;
  const raw = await skopeo(place, "inspect", "--raw", stored);
  assert.equal(JSON.parse(raw).mediaType, OCI_MANIFEST);
  const copied = `${registry.host}/copied/hello:v1`;
  await skopeo(place, "copy", "--dest-tls-verify=false", stored, `docker://${copied}`);
  const pulled = await place.succeed(["pull", "--json", copied]);
  assert.equal(digestOf(pulled), digestOf(pushed));
});

Deno.test("skopeo and wasm-bpf use each other's logins", async () => {
  await using tokens = await TokenServer.start({ tls: true });
  await using registry = await TestRegistry.start({ auth: tokens, tls: true });
  await using place = await Place.create();
  const file = await place.write("hello.wasm", HELLO);
  const reference = `${registry.host}/you/hello:v1`;
  const authorities = await Promise.all(
    [registry, tokens].map(({ caFile }) => Deno.readTextFile(caFile)),
  );
  const caFile = await place.write("certificates/ca.crt", authorities.join(""));
  const folder = `${place.folder}/certificates`;
  const refused = await place.run(["push", "--ca-file", caFile, file, reference]);
  assert.equal(refused.code, 1, refused.stderr);
  await skopeo(place, ...[
    ...["login", "--cert-dir", folder, "--username", "tester", "--password", "correct horse"],
    registry.host,
  ]);
  await place.succeed(["push", "--quiet", "--ca-file", caFile, file, reference]);
  const inspect = ["inspect", "--cert-dir", folder, "--raw", `docker://${reference}`];
  assert.match(await skopeo(place, ...inspect), /hello\.wasm/);
  assert.ok(tokens.requests.some(({ user, status }) => user === "tester" && status === 200));

  await skopeo(place, "logout", registry.host);
  const again = await place.run(["pull", "--ca-file", caFile, reference]);
  assert.equal(again.code, 1, again.stderr);
  const password = await place.write("password", USERS.tester ?? "");
  const login = ["login", "--ca-file", caFile, "--username", "tester", "--password-stdin"];
  const script = `exec "$@" < ${password}`;
  const through = ["/bin/sh", "-c", script, "sh"];
  await place.succeed([...login, registry.host], { through });
  assert.match(await skopeo(place, ...inspect), /hello\.wasm/);
});

function withOras(name: string, fn: () => Promise<void>): void {
  Deno.test({ name, ignore: "missing" in ORAS, fn });
}

withOras("oras pulls what was pushed, under the file's name", async () => {
  await using registry = await TestRegistry.start();
  await using place = await Place.create();
  const file = await place.write("hello.wasm", HELLO);
  for (const format of ["compat", "cncf"]) {
    const reference = `${registry.host}/you/${format}:v1`;
    await place.succeed(["push", "--quiet", "--format", format, file, reference]);
    const output = `${place.folder}/${format}`;
    await oras(place, "pull", "--plain-http", "--output", output, reference);
    assert.deepEqual(await Deno.readFile(`${output}/hello.wasm`), HELLO);
  }
});

withOras("what oras pushed is run, whatever types it gave it", async () => {
  await using registry = await TestRegistry.start();
  await using place = await Place.create();
  await place.write("work/hello.wasm", HELLO);
  await place.write("work/config.json", "{}");
  const compat = "application/vnd.wasm.content.layer.v1+wasm";
  const cases = {
    "plain": ["hello.wasm"],
    "typed": ["--artifact-type", "application/vnd.example", "hello.wasm:application/wasm"],
    "compat": [
      ...["--config", "config.json:application/vnd.wasm.config.v1+json", `hello.wasm:${compat}`],
    ],
  };
  for (const [name, args] of Object.entries(cases)) {
    const reference = `${registry.host}/oras/${name}:v1`;
    const here = ["--chdir", `${place.folder}/work`];
    assert.ok("path" in ORAS);
    await succeed("env", ...here, `HOME=${place.folder}`, ...[
      ...[ORAS.path, "push", "--plain-http", reference],
      ...args,
    ]);
    assert.equal(await place.succeed(["run", reference]), "hello from a registry\n", name);
  }
});

withOras("oras reads our store as it is", async () => {
  await using registry = await TestRegistry.start();
  await using place = await Place.create();
  const file = await place.write("hello.wasm", HELLO);
  const reference = `${registry.host}/you/hello:v1`;
  const digest = digestOf(await place.succeed(["push", "--json", file, reference]));
  await place.succeed(["pull", "--quiet", reference]);
  const output = `${place.folder}/output`;
  await oras(place, "pull", "--output", output, "--oci-layout", `${place.store}@${digest}`);
  assert.deepEqual(await Deno.readFile(`${output}/hello.wasm`), HELLO);
  const copied = `${registry.host}/copied/hello:v1`;
  await oras(place, ...[
    ...["cp", "--from-oci-layout", `${place.store}@${digest}`, "--to-plain-http", copied],
  ]);
  assert.equal(digestOf(await place.succeed(["pull", "--json", copied])), digest);
});
