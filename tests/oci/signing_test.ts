/** Signatures that are made by `push`, and those of cosign. */
import assert from "node:assert/strict";
import { putBytes, putManifest } from "../support/artifacts.ts";
import { cosignBytes, PASSWORD, TOOL } from "../support/cosign_data.ts";
import { WASM_BPF } from "../support/cli.ts";
import { Place } from "../support/place.ts";
import { TestRegistry } from "../support/registry.ts";
import {
  assertRefused,
  KEY,
  LINE,
  MODULE,
  OTHER_PUB,
  PASSWORD_OF_KEY,
  PUB,
  push,
} from "../support/trusted_place.ts";

Deno.test("push prompts for the password of a key", async () => {
  await using registry = await TestRegistry.start();
  await using place = await Place.create();
  const file = await place.write("tool.wasm", MODULE);
  const reference = `${registry.host}/you/tool:v1`;
  const command = [WASM_BPF, "push", "--sign-key", KEY, file, reference].join(" ");
  const child = new Deno.Command("script", {
    args: ["--quiet", "--return", "--command", command, "/dev/null"],
    stdin: "piped",
    stdout: "piped",
    env: place.env,
  }).spawn();
  const writer = child.stdin.getWriter();
  let said = "";
  for await (const text of child.stdout.pipeThrough(new TextDecoderStream())) {
    if (!said.includes("Password") && (said + text).includes("Password")) {
      await writer.write(new TextEncoder().encode(`${PASSWORD}\r`));
    }
    said += text;
  }
  await writer.close().catch(() => {/* It has ended. */});
  assert.equal((await child.status).code, 0, said);
  assert.ok(!said.includes(PASSWORD));
  assert.equal(await place.succeed(["run", "--verify-key", PUB, reference]), `${LINE}\n`);
});

for (const name of ["p256-tag", "p256-bundle", "p256-referrer"]) {
  Deno.test(`pull accepts signatures of cosign: ${name}`, async () => {
    await using registry = await TestRegistry.start();
    await using place = await Place.create();
    await putTool(registry);
    const signature = `${name}.manifest.json`;
    const form = name.endsWith("bundle") ? "bundle" : "payload";
    for (const part of ["config", form]) {
      await putBytes(registry, "test/tool", cosignBytes(`${name}.${part}.json`));
    }
    const manifest = JSON.parse(new TextDecoder().decode(cosignBytes(signature)));
    const tag = TOOL.replace(":", "-");
    if (name.endsWith("-tag")) await putRaw(registry, `${tag}.sig`, cosignBytes(signature));
    else {
      // The registry lacks the referrers API: this is the referrers tag.
      const digest = await putRaw(registry, `${name}-itself`, cosignBytes(signature));
      const { mediaType, artifactType } = manifest;
      const size = cosignBytes(signature).length;
      await putManifest(registry, { repository: "test/tool", tag }, {
        mediaType: "application/vnd.oci.image.index.v1+json",
        manifests: [{ mediaType, digest, size, artifactType }],
      });
    }
    const reference = `${registry.host}/test/tool:v1`;
    const pulled = await place.succeed(["pull", "--json", "--verify-key", PUB, reference]);
    const [{ key, signedDigest }] = JSON.parse(pulled).signatures;
    assert.deepEqual([key, signedDigest], [PUB, TOOL]);
    assertRefused(
      await place.run(["pull", "--quiet", "--verify-key", OTHER_PUB, reference]),
      /no valid signature/,
    );
  });
}

/** Pushes the exact artifact of cosign's signatures. */
async function putTool(registry: TestRegistry): Promise<void> {
  await putBytes(registry, "test/tool", new TextEncoder().encode("{}"));
  await putBytes(registry, "test/tool", Uint8Array.of(0, 0x61, 0x73, 0x6d, 1, 0, 0, 0));
  assert.equal(await putRaw(registry, "v1", cosignBytes("tool.manifest.json")), TOOL);
}

async function putRaw(
  registry: TestRegistry,
  tag: string,
  body: Uint8Array<ArrayBuffer>,
): Promise<string> {
  const headers = { "content-type": "application/vnd.oci.image.manifest.v1+json" };
  const address = `/v2/test/tool/manifests/${tag}`;
  const response = await registry.fetch(address, { method: "PUT", headers, body });
  const text = await response.text();
  assert.equal(response.status, 201, text);
  return response.headers.get("docker-content-digest") ?? "";
}

Deno.test("push refuses an unusable key before it pushes", async () => {
  await using registry = await TestRegistry.start();
  await using place = await Place.create();
  const file = await place.write("tool.wasm", MODULE);
  const reference = `${registry.host}/you/tool:v1`;
  const cases: [string, Record<string, string>, RegExp][] = [
    [KEY, { COSIGN_PASSWORD: "wrong" }, /wrong password/],
    [KEY, {}, /no password given/],
    [PUB, {}, /it is a public key/],
    ["/nowhere/cosign.key", {}, /no such file/i],
  ];
  for (const [key, env, error] of cases) {
    assertRefused(await place.run(["push", "--sign-key", key, file, reference], { env }), error);
  }
  const tags = await registry.fetch("/v2/you/tool/tags/list");
  await tags.body?.cancel();
  assert.equal(tags.status, 404);
});

Deno.test("push signs a stored artifact", async () => {
  await using registry = await TestRegistry.start();
  await using place = await Place.create();
  const reference = `${registry.host}/you/tool:v1`;
  await push(place, reference);
  await place.succeed(["pull", "--quiet", reference]);
  await place.succeed(["push", "--quiet", "--sign-key", KEY, reference], PASSWORD_OF_KEY);
  assert.equal(await place.succeed(["run", "--verify-key", PUB, reference]), `${LINE}\n`);
});
