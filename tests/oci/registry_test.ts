import assert from "node:assert/strict";
import {
  bytesSource,
  type ByteStream,
  type CredentialSource,
  type Descriptor,
  digestOf,
  readChunks,
  Registry,
  type RegistryOptions,
  type Repository,
  Verifier,
} from "../../oci/mod.ts";
import { SizedBody } from "../../oci/registry/body.ts";
import { OCI_EMPTY, OCI_INDEX, OCI_MANIFEST } from "../../oci/media_types.ts";
import { type RegistryOptions as TestOptions, TestRegistry } from "../support/registry.ts";
import { TokenServer, USERS } from "../support/token_server.ts";
import { until } from "../support/condition.ts";
import { withScales } from "../support/timely.ts";

const TYPE = "application/octet-stream";

function blobOf(bytes: Uint8Array<ArrayBuffer>): Descriptor {
  return { mediaType: TYPE, digest: digestOf(bytes), size: bytes.length };
}

function randomBytes(size: number): Uint8Array<ArrayBuffer> {
  const bytes = new Uint8Array(size);
  for (let at = 0; at < size; at += 65536) crypto.getRandomValues(bytes.subarray(at, at + 65536));
  return bytes;
}

const json = (document: unknown) => new TextEncoder().encode(JSON.stringify(document));

function credentials(username: string, password = USERS[username] ?? ""): CredentialSource {
  return { get: () => Promise.resolve({ kind: "password", username, password }) };
}

async function readAll(stream: ByteStream, descriptor: Descriptor): Promise<void> {
  const verifier = new Verifier(descriptor);
  await readChunks(stream, (chunk) => verifier.update(chunk));
  verifier.finish();
}

/** Defines a test with its own registry and a client. */
function registryTest(
  name: string,
  options: TestOptions & { client?: RegistryOptions },
  body: (client: Registry, registry: TestRegistry) => Promise<void>,
): void {
  Deno.test(name, async () => {
    await using registry = await TestRegistry.start(options);
    using client = new Registry(registry.host, {
      ...(options.tls ? { caFile: registry.caFile } : {}),
      ...options.client,
    });
    await body(client, registry);
  });
}

async function pushManifest(repository: Repository, tag: string, subject?: Descriptor) {
  const config = new TextEncoder().encode("{}");
  const layer = randomBytes(100);
  for (const bytes of [config, layer]) {
    await repository.push(blobOf(bytes), bytesSource(bytes));
  }
  const document = json({
    schemaVersion: 2,
    mediaType: OCI_MANIFEST,
    artifactType: "application/vnd.example",
    config: { ...blobOf(config), mediaType: OCI_EMPTY },
    layers: [blobOf(layer)],
    ...(subject === undefined ? {} : { subject }),
  });
  await repository.putManifest(document, { mediaType: OCI_MANIFEST, tag });
  return { mediaType: OCI_MANIFEST, digest: digestOf(document), size: document.length };
}

for (const options of [{}, { tls: true }, { relativeUrls: true }]) {
  const kind = Object.keys(options)[0] ?? "plain";
  registryTest(
    `Repository pushes and pulls blobs and manifests (${kind})`,
    options,
    async (client) => {
      const repository = client.repository("you/tool");
      const bytes = randomBytes(3_000_000);
      const blob = blobOf(bytes);
      assert.equal(await repository.has(blob), false);
      await repository.push(blob, bytesSource(bytes));
      assert.equal(await repository.has(blob), true);
      await readAll(await repository.fetch(blob), blob);
      const manifest = await pushManifest(repository, "v1");
      assert.deepEqual(await repository.resolve("v1"), manifest);
      assert.deepEqual(await repository.resolve(manifest.digest), manifest);
      assert.equal((await repository.getManifest("v1")).descriptor.digest, manifest.digest);
      await readAll(await repository.fetch(manifest), manifest);
    },
  );
}

registryTest("Repository fetches a blob from an offset on", {}, async (client) => {
  const repository = client.repository("x");
  const bytes = randomBytes(1_000_000);
  const blob = blobOf(bytes);
  await repository.push(blob, bytesSource(bytes));
  for (const offset of [0, 1, 999_999, 1_000_000]) {
    const parts: Uint8Array<ArrayBuffer>[] = [];
    await readChunks(
      await repository.fetch(blob, { offset }),
      (chunk) => void parts.push(chunk.slice()),
    );
    const all = new Uint8Array(await new Blob(parts).arrayBuffer());
    assert.deepEqual(all, bytes.subarray(offset));
  }
});

registryTest(
  "Repository takes blobs and manifests without a byte to be somewhere",
  {},
  async (client) => {
    const repository = client.repository("x");
    const empty = new Uint8Array();
    await repository.push(blobOf(empty), bytesSource(empty));
    assert.equal(await repository.has(blobOf(empty)), true);
    await readAll(await repository.fetch(blobOf(empty)), blobOf(empty));
  },
);

registryTest("Repository mounts a blob instead of sending it", {}, async (client, registry) => {
  const bytes = randomBytes(1000);
  await client.repository("a").push(blobOf(bytes), bytesSource(bytes));
  const never = () => Promise.reject(new Error("sent"));
  await client.repository("b").push(blobOf(bytes), never, { mountFrom: "a" });
  assert.equal(await client.repository("b").has(blobOf(bytes)), true);
  assert.match(await registry.log(), /mount=sha256/);
});

registryTest(
  "Repository sends a blob that cannot be mounted, and none that is there",
  {},
  async (client) => {
    const bytes = randomBytes(1000);
    const repository = client.repository("b");
    await repository.push(blobOf(bytes), bytesSource(bytes), { mountFrom: "none" });
    await repository.push(blobOf(bytes), () => Promise.reject(new Error("sent")));
  },
);

registryTest("Repository lists, tags and removes", {}, async (client) => {
  const repository = client.repository("x");
  const manifest = await pushManifest(repository, "v1");
  await repository.tag(manifest, "v2");
  assert.deepEqual((await Array.fromAsync(repository.tags())).sort(), ["v1", "v2"]);
  await repository.delete(manifest);
  await assert.rejects(repository.resolve("v1"), { name: "RegistryError", code: "NOT_FOUND" });
  await assert.rejects(repository.resolve(manifest.digest), { code: "NOT_FOUND", status: 404 });
});

registryTest("Repository finds referrers by their fallback tag", {}, async (client) => {
  const repository = client.repository("x");
  const subject = await pushManifest(repository, "v1");
  assert.deepEqual(await repository.referrers(subject.digest), []);
  const about = [
    await pushManifest(repository, "s1", subject),
    await pushManifest(repository, "s2", subject),
  ];
  const found = await repository.referrers(subject.digest, {
    artifactType: "application/vnd.example",
  });
  assert.deepEqual(found.map(({ digest }) => digest), about.map(({ digest }) => digest));
  assert.deepEqual(await repository.referrers(subject.digest, { artifactType: "a/b" }), []);
  const index = await repository.resolve(subject.digest.replace(":", "-"));
  assert.equal(index.mediaType, OCI_INDEX);
});

registryTest("Repository refuses names that would lead elsewhere", {}, async (client) => {
  const repository = client.repository("x");
  for (const name of ["", "../a", "a/b", "a?b", "a#b", "sha256:abc", "a b"]) {
    await assert.rejects(repository.resolve(name), { code: "BAD_REFERENCE" }, name);
  }
  for (const name of ["", "../a", "A", "a//b", "a?b"]) {
    assert.throws(() => client.repository(name), { code: "BAD_REFERENCE" }, name);
  }
});

registryTest("Repository reports why an upload was refused", {}, async (client) => {
  const bytes = randomBytes(1000);
  const wrong = { ...blobOf(bytes), digest: digestOf(randomBytes(10)) };
  await assert.rejects(client.repository("x").push(wrong, bytesSource(bytes)), {
    name: "RegistryError",
    status: 400,
    message: /DIGEST_INVALID/,
  });
});

registryTest("Repository throws the source's own error", {}, async (client) => {
  const blob = blobOf(randomBytes(1000));
  const failing = () => Promise.reject(new Error("disk gone"));
  await assert.rejects(client.repository("x").push(blob, failing), { message: "disk gone" });
  const breaking = () =>
    Promise.resolve(
      new ReadableStream({
        pull(controller) {
          if (controller.desiredSize === 1) controller.enqueue(new Uint8Array(10));
          controller.error(new Error("disk gone"));
        },
      }) as ByteStream,
    );
  await assert.rejects(client.repository("x").push(blob, breaking), { message: "disk gone" });
});

registryTest(
  "Registry asks for a password only when it must (htpasswd)",
  { auth: "htpasswd" },
  async (_, registry) => {
    using anonymous = new Registry(registry.host);
    await assert.rejects(anonymous.ping(), { code: "UNAUTHORIZED", status: 401 });
    using wrong = new Registry(registry.host, { credentials: credentials("tester", "wr0ng") });
    await assert.rejects(
      wrong.ping(),
      (error: Error) => !/wr0ng|dGVzd/.test(error.message + error.stack),
    );
    await assert.rejects(wrong.ping(), { hint: /log in with other credentials/ });
    await assert.rejects(anonymous.ping(), {
      hint: /^log in with wasm-bpf login 127\.0\.0\.1:\d+$/,
    });
    using right = new Registry(registry.host, { credentials: credentials("tester") });
    await right.ping();
    await pushManifest(right.repository("x"), "v1");
  },
);

async function withTokens(
  options: Parameters<typeof TokenServer.start>[0],
  body: (registry: TestRegistry, tokens: TokenServer) => Promise<void>,
): Promise<void> {
  await using tokens = await TokenServer.start(options);
  await using registry = await TestRegistry.start({ auth: tokens });
  await body(registry, tokens);
}

Deno.test("Registry requests a token for a scope once", async () => {
  await withTokens({}, async (registry, tokens) => {
    using client = new Registry(registry.host, { credentials: credentials("tester") });
    const repository = client.repository("you/tool");
    await pushManifest(repository, "v1");
    await repository.resolve("v1");
    const asked = tokens.requests.map(({ scopes }) => scopes.join(" "));
    assert.deepEqual(asked.length, new Set(asked).size, asked.join("\n"));
    assert.ok(asked.every((scope) => /^repository:you\/tool:pull(,push)?$/.test(scope)));
    assert.ok(tokens.requests.every(({ user }) => user === "tester"));
  });
});

Deno.test("Registry pulls anonymously where allowed, and reports where not", async () => {
  await withTokens({}, async (registry, tokens) => {
    using tester = new Registry(registry.host, { credentials: credentials("tester") });
    await pushManifest(tester.repository("public/x"), "v1");
    await pushManifest(tester.repository("private/x"), "v1");
    using anonymous = new Registry(registry.host);
    await anonymous.repository("public/x").resolve("v1");
    await assert.rejects(anonymous.repository("private/x").resolve("v1"), {
      code: "UNAUTHORIZED",
      hint: /^log in with /,
    });
    assert.ok(tokens.requests.some(({ user }) => user === undefined));
    using reader = new Registry(registry.host, { credentials: credentials("reader") });
    await assert.rejects(pushManifest(reader.repository("private/x"), "v2"), {
      code: "UNAUTHORIZED",
    });
  });
});

Deno.test("Registry replaces an expired token", async () => {
  // On a busy machine, a token can end before the registry sees it.
  await withScales((scale) =>
    withTokens({ lifetimeSeconds: 2 * scale }, async (registry, tokens) => {
      using client = new Registry(registry.host, { credentials: credentials("tester") });
      const repository = client.repository("x");
      await pushManifest(repository, "v1");
      const before = tokens.requests.length;
      await until("a request needs a new token", async () => {
        await repository.resolve("v1");
        return tokens.requests.length > before;
      });
      assert.equal(tokens.requests.length, before + 1);
    })
  );
});

Deno.test("Registry requests tokens with an identity token by POST", async () => {
  await withTokens({}, async (registry, tokens) => {
    const url = `${tokens.realm}?service=registry.test&offline_token=true`;
    const authorization = `Basic ${btoa("tester:correct horse")}`;
    const { refresh_token: token } = await (await fetch(url, { headers: { authorization } }))
      .json();
    using client = new Registry(registry.host, {
      credentials: { get: () => Promise.resolve({ kind: "refresh", token }) },
    });
    await pushManifest(client.repository("x"), "v1");
    assert.ok(tokens.requests.slice(1).every(({ grant }) => grant === "refresh_token"));
    tokens.revokeRefreshTokens();
    using later = new Registry(registry.host, {
      credentials: { get: () => Promise.resolve({ kind: "refresh", token }) },
    });
    await assert.rejects(
      later.repository("x").resolve("v1"),
      (error: Error & { code?: string }) => {
        return error.code === "UNAUTHORIZED" && !error.message.includes(token);
      },
    );
  });
});

Deno.test("Registry mounts with a token for both repositories", async () => {
  await withTokens({}, async (registry, tokens) => {
    using client = new Registry(registry.host, { credentials: credentials("tester") });
    const bytes = randomBytes(1000);
    await client.repository("a").push(blobOf(bytes), bytesSource(bytes));
    const never = () => Promise.reject(new Error("sent"));
    await client.repository("b").push(blobOf(bytes), never, { mountFrom: "a" });
    assert.ok(
      tokens.requests.some(({ scopes }) =>
        scopes.includes("repository:a:pull") && scopes.includes("repository:b:pull,push")
      ),
    );
  });
});

registryTest(
  "Registry does not trust a certificate without its authority",
  { tls: true },
  async (_, registry) => {
    using client = new Registry(registry.host);
    await assert.rejects(client.ping(), { name: "RegistryError", code: "TLS", hint: /--ca-file/ });
  },
);

registryTest("Registry does not speak TLS where HTTP was asked for", {
  client: { plainHttp: true },
}, async (client) => {
  await client.ping();
});

Deno.test("SizedBody streams with a Content-Length", async () => {
  const lengths: (string | null)[] = [];
  const server = Deno.serve({ hostname: "127.0.0.1", port: 0, onListen() {} }, async (request) => {
    lengths.push(request.headers.get("content-length"), request.headers.get("transfer-encoding"));
    return new Response(String((await request.bytes()).length));
  });
  const stream = await bytesSource(new Uint8Array(200_000))();
  const url = `http://127.0.0.1:${server.addr.port}/`;
  const response = await fetch(url, { method: "PUT", body: new SizedBody(stream, 200_000) });
  assert.equal(await response.text(), "200000");
  assert.deepEqual(lengths, ["200000", null]);
  await server.shutdown();
});
