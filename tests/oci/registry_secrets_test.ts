/** Secrets in requests: which hosts get a password or a token, and how often. */
import assert from "node:assert/strict";
import { bytesSource, type Credential, type CredentialSource, HostError } from "../../oci/mod.ts";
import { type FalseAnswer, type Fault, FaultProxy } from "../support/fault_proxy.ts";
import {
  ALWAYS,
  BLOB,
  blobs,
  clientOf,
  CONFIG,
  ended,
  MANIFEST,
  MANIFEST_DESCRIPTOR,
  MODULE,
  outcome,
  registry,
  SMALL,
} from "../support/faulty_registry.ts";

let pushes = 0;

/** Another host, which has all content and records credentials. */
class Elsewhere implements AsyncDisposable {
  readonly seen: (string | null)[] = [];
  status = 200;
  readonly #server = Deno.serve({ hostname: "127.0.0.1", port: 0, onListen() {} }, (request) => {
    this.seen.push(request.headers.get("authorization"));
    if (this.status !== 200) {
      const headers = { "www-authenticate": "Basic realm=x" };
      return new Response("", { status: this.status, headers });
    }
    return new Response(MODULE);
  });

  get url(): string {
    return `http://127.0.0.1:${this.#server.addr.port}/blob?signature=s3cret`;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#server.shutdown();
  }
}

const PASSWORD: CredentialSource = {
  get: () => Promise.resolve({ kind: "password", username: "ann", password: "s3cret" }),
};

/** Sends a challenge, then redirects. */
function guarded(location: string): Fault[] {
  const challenge = { "www-authenticate": `Basic realm="x"` };
  return [
    { path: blobs, answer: { status: 401, headers: challenge } },
    { path: blobs, answer: { status: 307, headers: { location } }, times: ALWAYS },
  ];
}

async function pullGuarded(
  location: string,
): Promise<{ error: HostError | undefined; shown: (string | null)[] }> {
  await using proxy = new FaultProxy(registry.url, guarded(location));
  using client = clientOf(proxy, { credentials: PASSWORD });
  const error = await outcome(async () => {
    const stream = await client.repository("x").fetch(BLOB);
    for await (const _ of stream);
  });
  const shown = proxy.requests.filter(({ path }) => blobs.test(path))
    .map(({ headers }) => headers.get("authorization"));
  return { error, shown };
}

Deno.test("redirects to another host carry no credentials", async () => {
  await using elsewhere = new Elsewhere();
  const { error, shown } = await pullGuarded(elsewhere.url);
  assert.equal(ended(error), "ok");
  assert.deepEqual(shown, [null, `Basic ${btoa("ann:s3cret")}`]);
  assert.deepEqual(elsewhere.seen, [null]);
});

Deno.test("redirects do not use user and password of the address", async () => {
  await using elsewhere = new Elsewhere();
  await pullGuarded(elsewhere.url.replace("//", "//ann:s3cret@"));
  assert.deepEqual(elsewhere.seen, [null]);
});

Deno.test("a challenge of another host is ignored, and its address not shown", async () => {
  await using elsewhere = new Elsewhere();
  elsewhere.status = 401;
  const { error } = await pullGuarded(elsewhere.url);
  assert.equal(ended(error), "UNAUTHORIZED");
  assert.deepEqual(elsewhere.seen, [null]);
  assert.doesNotMatch(`${error?.message} ${error?.stack} ${JSON.stringify(error)}`, /s3cret/);
});

Deno.test("uploads on another host carry no credentials", async () => {
  await using other = new FaultProxy(registry.url, []);
  const challenge = { "www-authenticate": `Basic realm="x"` };
  await using proxy = new FaultProxy(registry.url, [
    { path: /blobs/, answer: { status: 401, headers: challenge } },
    {
      method: "POST",
      head: (headers) => {
        headers.set("location", `http://${other.host}${headers.get("location")}`);
      },
    },
  ]);
  using client = clientOf(proxy, { credentials: PASSWORD });
  await client.repository(`push/${++pushes}`).push(BLOB, bytesSource(MODULE));
  assert.deepEqual(other.requests.map(({ headers }) => headers.get("authorization")), [null]);
  assert.ok(proxy.requests.some(({ headers }) => headers.has("authorization")));
});

Deno.test("a wrong password is sent once", async () => {
  const answer = { status: 401, headers: { "www-authenticate": `Basic realm="x"` } };
  await using proxy = new FaultProxy(registry.url, [{ answer, times: ALWAYS }]);
  using client = clientOf(proxy, { credentials: PASSWORD });
  await assert.rejects(client.repository("x").resolve("v1"), { code: "UNAUTHORIZED" });
  assert.deepEqual(proxy.requests.map(({ headers }) => headers.has("authorization")), [
    false,
    true,
  ]);
});

/** Registry that requires a token, with a token server of the given response. */
async function withTokenAnswer(
  answers: Fault["answer"][],
): Promise<{ error: HostError | undefined; registry: number; tokens: number }> {
  const faults = answers.map((answer) => ({ answer: answer ?? { status: 200 } }));
  const last = { answer: faults.at(-1)?.answer ?? { status: 200 }, times: ALWAYS };
  await using tokens = new FaultProxy(registry.url, [...faults, last]);
  const challenge = `Bearer realm="http://${tokens.host}/token",service="s"`;
  await using proxy = new FaultProxy(registry.url, [
    { answer: { status: 401, headers: { "www-authenticate": challenge } }, times: ALWAYS },
  ]);
  using client = clientOf(proxy, { credentials: PASSWORD });
  const error = await outcome(() => client.repository("x").resolve("v1"));
  return { error, registry: proxy.requests.length, tokens: tokens.requests.length };
}

const token = (document: unknown) => ({ status: 200, body: JSON.stringify(document) });

for (
  const [name, answers, ends] of [
    ["a token that the registry never takes", [token({ token: "t" })], "UNAUTHORIZED"],
    ["500 at first", [{ status: 500 }, token({ token: "t" })], "UNAUTHORIZED"],
    ["500 for ever", [{ status: 500 }], "UNAVAILABLE"],
    ["401", [{ status: 401, body: JSON.stringify({ details: "no" }) }], "UNAUTHORIZED"],
    ["no token", [token({})], "PROTOCOL"],
    ["a token with a header in it", [token({ token: "t\r\nX: y" })], "PROTOCOL"],
    ["no JSON", [{ status: 200, body: "<html>" }], "PROTOCOL"],
    ["a number for a token", [token({ token: 7 })], "PROTOCOL"],
    ["an endless response", [{ status: 200, body: "x".repeat(2_000_000) }], "TOO_LARGE"],
    ["a redirect to a file", [{ status: 302, headers: { location: "file:///x" } }], "PROTOCOL"],
  ] satisfies [string, FalseAnswer[], string][]
) {
  Deno.test(`token server: ${name} ends with ${ends}`, async () => {
    const { error, registry, tokens } = await withTokenAnswer(answers);
    assert.equal(ended(error), ends, error?.message);
    assert.ok(registry <= 4 && tokens <= 4, `${registry} and ${tokens} requests`);
    assert.doesNotMatch(`${error?.message} ${error?.stack}`, /s3cret|czNjcmV0/);
  });
}

for (const status of [307, 308]) {
  Deno.test(`token server: ${status} to another host sends no secret`, async () => {
    const credentials: Credential[] = [
      { kind: "refresh", token: "s3cret" },
      { kind: "password", username: "ann", password: "s3cret" },
    ];
    for (const credential of credentials) {
      await using elsewhere = new Elsewhere();
      const location = elsewhere.url.replace(/\?.*/, "");
      await using tokens = new FaultProxy(registry.url, [
        { method: "GET", answer: { status: 405 }, times: ALWAYS },
        { method: "POST", answer: { status, headers: { location } }, times: ALWAYS },
      ]);
      const challenge = `Bearer realm="http://${tokens.host}/token",service="s"`;
      await using proxy = new FaultProxy(registry.url, [
        { answer: { status: 401, headers: { "www-authenticate": challenge } }, times: ALWAYS },
      ]);
      using client = clientOf(proxy, { credentials: { get: () => Promise.resolve(credential) } });
      const error = await outcome(() => client.repository("x").resolve("v1"));
      assert.equal(ended(error), "PROTOCOL", error?.message);
      assert.deepEqual(elsewhere.seen, []);
      assert.equal(tokens.requests.filter(({ method }) => method === "POST").length, 1);
      assert.doesNotMatch(`${error?.message} ${error?.stack}`, /s3cret/);
    }
  });
}

Deno.test("token server: 307 to another path on the same host is followed", async () => {
  await using tokens = new FaultProxy(registry.url, [
    { path: /^\/token/, answer: { status: 307, headers: { location: "/other" } } },
    { path: /^\/other/, answer: token({ token: "t" }), times: ALWAYS },
  ]);
  const headers = { "www-authenticate": `Bearer realm="http://${tokens.host}/token"` };
  await using proxy = new FaultProxy(registry.url, [{ answer: { status: 401, headers } }]);
  const credential: Credential = { kind: "refresh", token: "s3cret" };
  using client = clientOf(proxy, { credentials: { get: () => Promise.resolve(credential) } });
  await client.repository("x").resolve("v1");
  assert.deepEqual(tokens.requests.map(({ method, path }) => `${method} ${path}`), [
    "POST /token",
    "POST /other",
  ]);
});

Deno.test("a token with too few scopes is replaced once", async () => {
  const wider = "repository:x:pull,push registry:catalog:*";
  await using tokens = new FaultProxy(registry.url, [{
    times: ALWAYS,
    answer: ({ path }) => {
      const scopes = new URL(path, "http://x").searchParams.getAll("scope");
      return token({ token: scopes.includes("repository:x:pull,push") ? "wide" : "narrow" });
    },
  }]);
  const realm = `Bearer realm="http://${tokens.host}/token",service="s"`;
  const challenge = (scope: string) => ({
    status: 401,
    headers: { "www-authenticate": `${realm},scope="${scope}",error="insufficient_scope"` },
  });
  await using proxy = new FaultProxy(registry.url, [
    { answer: challenge("repository:x:pull") },
    { answer: challenge(wider) },
  ]);
  using client = clientOf(proxy);
  await client.repository("x").resolve("v1");
  await client.repository("x").resolve("v1");
  const shown = proxy.requests.map(({ headers }) => headers.get("authorization"));
  assert.deepEqual(shown, [null, "Bearer narrow", "Bearer wide", "Bearer wide"]);
  const asked = tokens.requests.map(({ path }) =>
    new URL(path, "http://x").searchParams.getAll("scope")
  );
  assert.deepEqual(asked, [
    ["repository:x:pull"],
    ["registry:catalog:*", "repository:x:pull,push"],
  ]);
});

Deno.test("concurrent requests share one token request", async () => {
  await using tokens = new FaultProxy(registry.url, [{
    times: ALWAYS,
    answer: token({ token: "t" }),
  }]);
  const headers = { "www-authenticate": `Bearer realm="http://${tokens.host}/token"` };
  await using proxy = new FaultProxy(registry.url, [{ answer: { status: 401, headers } }]);
  using client = clientOf(proxy);
  const repository = client.repository("x");
  await repository.resolve("v1");
  await Promise.all([1, 2, 3, 4].map(() => repository.tag(MANIFEST_DESCRIPTOR, "v1")));
  // One token to pull, then one to push.
  assert.equal(tokens.requests.length, 2);
});

Deno.test("push requests one token for all its requests", async () => {
  const scopes: string[] = [];
  await using tokens = new FaultProxy(registry.url, [{
    times: ALWAYS,
    answer: ({ path }) => {
      const asked = new URL(path, "http://x").searchParams.getAll("scope").join(" ");
      scopes.push(asked);
      // A missing repository allows no pull.
      return /:pull,push$/.test(asked) ? token({ token: "t" }) : { status: 403 };
    },
  }]);
  const headers = { "www-authenticate": `Bearer realm="http://${tokens.host}/token"` };
  await using proxy = new FaultProxy(registry.url, [{ answer: { status: 401, headers } }]);
  using client = clientOf(proxy);
  const repository = client.repository(`push/${++pushes}`);
  for (const [blob, bytes] of [[CONFIG, SMALL], [BLOB, MODULE]] as const) {
    await repository.push(blob, bytesSource(bytes));
  }
  await repository.push(MANIFEST_DESCRIPTOR, bytesSource(MANIFEST));
  await repository.tag(MANIFEST_DESCRIPTOR, "v1");
  assert.deepEqual(scopes, [`repository:${repository.name}:pull,push`]);
});
