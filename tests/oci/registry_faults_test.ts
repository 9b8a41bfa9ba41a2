import assert from "node:assert/strict";
import { gzipSync } from "node:zlib";
import {
  bytesSource,
  type Credential,
  type CredentialSource,
  type Descriptor,
  digestOf,
  fsck,
  HostError,
  pullArtifact,
  Registry,
  Store,
  type Timing,
} from "../../oci/mod.ts";
import { OCI_MANIFEST, WASM_CNCF_CONFIG, WASM_LAYER } from "../../oci/media_types.ts";
import { type FalseAnswer, type Fault, FaultProxy } from "../support/fault_proxy.ts";
import { ResumingRegistry } from "../support/resuming_registry.ts";
import { TestRegistry } from "../support/registry.ts";
import { until } from "../support/condition.ts";
import { withScales } from "../support/timely.ts";

/** Short timeouts for permanent faults, but long enough for a busy machine. */
const TIMING: Partial<Timing> = {
  idleMs: 5000,
  commitMs: 5000,
  attempts: 4,
  backoffMs: 4,
  longestWaitMs: 1500,
};

const MODULE = new Uint8Array(300_000);
MODULE.set([0x00, 0x61, 0x73, 0x6d, 1, 0, 0, 0]);
for (let i = 8; i < MODULE.length; i++) MODULE[i] = (i * 2654435761) >>> 24;
const SMALL = new TextEncoder().encode("{}");
const BLOB = describe(MODULE, WASM_LAYER);
const CONFIG = describe(SMALL, WASM_CNCF_CONFIG);
const MANIFEST = new TextEncoder().encode(JSON.stringify({
  schemaVersion: 2,
  mediaType: OCI_MANIFEST,
  config: CONFIG,
  layers: [BLOB],
}));
const MANIFEST_DESCRIPTOR = describe(MANIFEST, OCI_MANIFEST);

function describe(bytes: Uint8Array, mediaType: string): Descriptor {
  return { mediaType, digest: digestOf(bytes), size: bytes.length };
}

const blobs = new RegExp(`^/v2/x/blobs/${BLOB.digest}$`);
const manifests = /^\/v2\/x\/manifests\//;
const ALWAYS = 1000;

/** Faults and the outcome: `ok`, or the code of the error. */
interface Case {
  readonly fault: Fault | readonly Fault[];
  readonly ends: "ok" | string;
  /** Further checks. */
  readonly check?: (proxy: FaultProxy, error: HostError | undefined) => void;
  /** Idle timeout for faults that are silence. */
  readonly idleMs?: number;
}

const ranges = (proxy: FaultProxy) => proxy.requests.map(({ headers }) => headers.get("range"));

/** Incomplete bodies, and connections that end or stall. */
const CUTS: Record<string, Case> = {
  "a cut before the first byte": { fault: { path: blobs, cutAfter: 0 }, ends: "ok" },
  "a cut in the middle": {
    fault: { path: blobs, cutAfter: 100_000 },
    ends: "ok",
    check: (proxy) => assert.ok(ranges(proxy).some((range) => /^bytes=\d+-$/.test(range ?? ""))),
  },
  "cuts at three places": {
    fault: [1000, 50_000, 70_000].map((cutAfter) => ({ path: blobs, cutAfter })),
    ends: "ok",
  },
  "cuts without end": { fault: { path: blobs, cutAfter: 0, times: ALWAYS }, ends: "CUT" },
  "a cut, then no ranges": {
    fault: [{ path: blobs, cutAfter: 100_000 }, {
      path: blobs,
      request: (headers) => headers.delete("range"),
    }],
    ends: "ok",
  },
  "a cut, then another ETag": {
    fault: [{ path: blobs, cutAfter: 100_000 }, {
      path: blobs,
      head: (headers) => headers.set("etag", '"another"'),
    }],
    ends: "ok",
  },
  "a cut, then a range from elsewhere": {
    fault: [{ path: blobs, cutAfter: 100_000 }, {
      path: blobs,
      head: (headers) => headers.set("content-range", `bytes 5-299999/300000`),
    }],
    ends: "PROTOCOL",
  },
  "a cut, then a range of something larger": {
    fault: [{ path: blobs, cutAfter: 100_000 }, {
      path: blobs,
      head: (headers) =>
        headers.set("content-range", headers.get("content-range")?.replace(/\d+$/, "300001") ?? ""),
    }],
    ends: "PROTOCOL",
  },
  "a cut, then a range without a header": {
    fault: [{ path: blobs, cutAfter: 100_000 }, {
      path: blobs,
      head: (headers) => headers.delete("content-range"),
    }],
    ends: "PROTOCOL",
  },
  "a cut, then 416": {
    fault: [{ path: blobs, cutAfter: 100_000 }, { path: blobs, answer: { status: 416 } }],
    ends: "REFUSED",
  },
  "a cut, then 404": {
    fault: [{ path: blobs, cutAfter: 100_000 }, { path: blobs, answer: { status: 404 } }],
    ends: "NOT_FOUND",
  },
  "a range that was not requested": {
    fault: {
      path: blobs,
      head: (headers, answer) => {
        answer.status = 206;
        headers.set("content-range", "bytes 10-299999/300000");
      },
    },
    ends: "PROTOCOL",
  },
  "silence in the middle": { fault: { path: blobs, stallAfter: 100_000 }, idleMs: 250, ends: "ok" },
  "silence before the first byte": {
    fault: { path: blobs, stallAfter: 0 },
    idleMs: 250,
    ends: "ok",
  },
  "silence without end": {
    fault: { path: blobs, stallAfter: 10, times: ALWAYS },
    idleMs: 250,
    ends: "TIMEOUT",
  },
  "a connection closed without a response": { fault: { path: blobs, raw: "" }, ends: "ok" },
  "a response cut in its head": {
    fault: { path: blobs, raw: "HTTP/1.1 200 OK\r\nConte" },
    ends: "ok",
  },
  "a protocol other than HTTP": {
    fault: { path: blobs, raw: "SSH-2.0-x\r\n", times: ALWAYS },
    ends: "CUT",
  },
  "a head without end": {
    fault: { path: blobs, raw: `HTTP/1.1 200 OK\r\nX: ${"x".repeat(2_000_000)}`, times: ALWAYS },
    ends: "CUT",
  },
  "a body byte by byte, which takes longer than any silence may": {
    fault: { path: new RegExp(CONFIG.digest), dripMs: 150 },
    idleMs: 250,
    ends: "ok",
  },
  "a manifest byte by byte": {
    fault: { path: manifests, method: "GET", dripMs: 100, times: ALWAYS },
    ends: "TOO_SLOW",
    idleMs: 250,
  },
  "an error byte by byte": {
    fault: { path: blobs, dripMs: 100, answer: { status: 403, body: "x".repeat(1000) } },
    ends: "DENIED",
    idleMs: 250,
  },
  "a body that is compressed on the way": {
    fault: {
      path: blobs,
      answer: {
        status: 200,
        headers: { "content-encoding": "gzip" },
        body: new Uint8Array(gzipSync(MODULE)),
      },
    },
    ends: "ok",
  },
  "a manifest cut in the middle": {
    fault: { path: manifests, method: "GET", cutAfter: 100 },
    ends: "ok",
  },
};

/** False responses. */
const LIES: Record<string, Case> = {
  "a changed byte": {
    fault: { path: blobs, body: (bytes) => bytes.map((byte, i) => i === 7 ? byte ^ 1 : byte) },
    ends: "DIGEST_MISMATCH",
  },
  "a length that is too short": {
    fault: { path: blobs, head: (headers) => headers.set("content-length", "299999") },
    ends: "SIZE_MISMATCH",
  },
  "a length that is too long": {
    fault: { path: blobs, head: (headers) => headers.set("content-length", "300001") },
    ends: "SIZE_MISMATCH",
  },
  "bytes after the end": {
    fault: {
      path: blobs,
      chunked: true,
      body: (bytes) => new Uint8Array([...bytes, 0]),
    },
    ends: "SIZE_MISMATCH",
  },
  "an end too early, without a length": {
    fault: {
      path: blobs,
      chunked: true,
      body: (bytes) => bytes.subarray(0, bytes.length - 1),
      times: ALWAYS,
    },
    ends: "CUT",
  },
  "a length that is not a number": {
    fault: { path: blobs, head: (headers) => headers.set("content-length", "many"), times: ALWAYS },
    ends: "CUT",
  },
  "another manifest under the digest": {
    fault: {
      path: manifests,
      method: "GET",
      body: (bytes) => bytes.map((b) => b === 0x32 ? 0x33 : b),
    },
    ends: "DIGEST_MISMATCH",
  },
  "a tag's digest that is another": {
    fault: {
      path: manifests,
      method: "HEAD",
      head: (headers) => headers.set("docker-content-digest", digestOf(new Uint8Array(1))),
    },
    ends: "NOT_FOUND",
  },
  "an invalid digest of a tag": {
    fault: {
      path: manifests,
      method: "HEAD",
      head: (headers) => headers.set("docker-content-digest", "sha256:../../x"),
    },
    ends: "ok",
  },
  "a tag without digest and type": {
    fault: {
      path: manifests,
      method: "HEAD",
      head: (headers) => {
        headers.delete("docker-content-digest");
        headers.delete("content-type");
      },
    },
    ends: "ok",
  },
  "a manifest of another type": {
    fault: {
      path: manifests,
      times: ALWAYS,
      head: (headers) => headers.set("content-type", "application/vnd.oci.image.index.v1+json"),
    },
    ends: "BAD_MANIFEST",
  },
  "a manifest of an impossible size": {
    fault: {
      path: manifests,
      method: "HEAD",
      head: (headers) => headers.set("content-length", "10000000"),
    },
    ends: "TOO_LARGE",
  },
  "a manifest without end": {
    fault: [
      { path: manifests, method: "HEAD", answer: { status: 200 } },
      { path: manifests, method: "GET", answer: { status: 200, body: "x".repeat(5_000_000) } },
    ],
    ends: "TOO_LARGE",
  },
  "a manifest that is not JSON": {
    fault: [
      { path: manifests, method: "HEAD", answer: { status: 200 } },
      { path: manifests, method: "GET", answer: { status: 200, body: "<html>" }, times: ALWAYS },
    ],
    ends: "BAD_JSON",
  },
};

const REFUSAL = {
  errors: [{ code: "DENIED", message: "no \x1b[2J\u202eentry\n" + "!".repeat(9999) }],
};

/** Refusals. */
const REFUSALS: Record<string, Case> = {
  ...Object.fromEntries([408, 425, 429, 500, 502, 503, 504].map((status) => [
    `${status} twice`,
    { fault: { path: blobs, answer: { status }, times: 2 }, ends: "ok" } satisfies Case,
  ])),
  "500 for ever, with a page": {
    fault: {
      path: blobs,
      times: ALWAYS,
      answer: { status: 500, headers: { "content-type": "text/html" }, body: "<html>secret" },
    },
    ends: "UNAVAILABLE",
    check: (_, error) => assert.doesNotMatch(error?.message ?? "", /html|secret/),
  },
  "500 with an endless page": {
    fault: { path: blobs, answer: { status: 500, body: "y".repeat(10_000_000) } },
    ends: "ok",
  },
  "429 for ever": {
    fault: { path: blobs, answer: { status: 429 }, times: ALWAYS },
    ends: "TOO_MANY_REQUESTS",
  },
  "503 for a second": {
    fault: { path: blobs, answer: { status: 503, headers: { "retry-after": "1" } } },
    ends: "ok",
  },
  "503 for an hour": {
    fault: { path: blobs, answer: { status: 503, headers: { "retry-after": "3600" } } },
    ends: "UNAVAILABLE",
    check: (proxy) => assert.equal(proxy.requests.filter(({ path }) => blobs.test(path)).length, 1),
  },
  "404": { fault: { path: blobs, answer: { status: 404 } }, ends: "NOT_FOUND" },
  "403 with a message that steers terminals": {
    fault: { path: blobs, answer: { status: 403, body: JSON.stringify(REFUSAL) } },
    ends: "DENIED",
    check: (_, error) => {
      assert.match(error?.message ?? "", /DENIED: no +\[2J entry !+…$/);
      assert.ok((error?.message.length ?? 0) < 800);
    },
  },
  "401 without a challenge": {
    fault: { path: blobs, answer: { status: 401 } },
    ends: "UNAUTHORIZED",
  },
  "401 with an invalid challenge": {
    fault: {
      path: blobs,
      times: ALWAYS,
      answer: { status: 401, headers: { "www-authenticate": 'Bearer realm="http://, ==' } },
    },
    ends: "UNAUTHORIZED",
  },
  "401 with a realm elsewhere without TLS": {
    fault: {
      path: blobs,
      answer: { status: 401, headers: { "www-authenticate": 'Bearer realm="http://evil.test/t"' } },
    },
    ends: "PROTOCOL",
  },
};

/** Redirects that must not be followed, or only a limited number of times. */
const REDIRECTS: Record<string, Case> = Object.fromEntries(
  Object.entries({
    "nowhere": undefined,
    "no address": "http://[",
    "a file": "file:///etc/passwd",
    "another host without TLS": "http://registry.test/x",
    "data": "data:,x",
    "itself": "",
  }).map(([name, location]) => [
    `a redirect to ${name}`,
    {
      fault: {
        path: blobs,
        times: ALWAYS,
        answer: { status: 307, headers: location === undefined ? {} : { location } },
      },
      ends: "PROTOCOL",
    } satisfies Case,
  ]),
);

// Relative addresses, so that the client stays on the proxy.
const registry = await TestRegistry.start({ relativeUrls: true });
{
  using client = new Registry(registry.host);
  const repository = client.repository("x");
  await repository.push(BLOB, bytesSource(MODULE));
  await repository.push(CONFIG, bytesSource(SMALL));
  await repository.putManifest(MANIFEST, { mediaType: OCI_MANIFEST, tag: "v1" });
}
// The registry ends with the test process.
addEventListener("unload", () => {
  Deno.removeSync(registry.storage.replace(/\/storage$/, ""), { recursive: true });
});

function clientOf(
  proxy: FaultProxy,
  options: { credentials?: CredentialSource; idleMs?: number | undefined } = {},
): Registry {
  const { credentials, idleMs } = options;
  const timing = idleMs === undefined
    ? TIMING
    : { ...TIMING, idleMs, commitMs: idleMs, requestMs: idleMs * 4 };
  return new Registry(proxy.host, { timing, credentials });
}

async function outcome(work: () => Promise<unknown>): Promise<HostError | undefined> {
  try {
    await work();
    return undefined;
  } catch (error) {
    assert.ok(error instanceof HostError, `not an error of ours: ${error}`);
    return error;
  }
}

function ended(error: HostError | undefined): string {
  return error?.code ?? "ok";
}

function pullTest(name: string, one: Case): void {
  const { ends, check } = one;
  Deno.test(`pull: ${name} ends with ${ends}`, () =>
    runCase(one, async (faults, idleMs) => {
      await using proxy = new FaultProxy(registry.url, faults);
      using client = clientOf(proxy, { idleMs });
      const folder = await Deno.makeTempDir({ prefix: "wasm-bpf-faults-" });
      try {
        await using store = await Store.open(`${folder}/store`);
        const reference = { registry: proxy.host, repository: "x", tag: "v1" };
        const remote = client.repository("x");
        const error = await outcome(() => pullArtifact({ remote, reference }, store));
        assert.equal(ended(error), ends, error?.message);
        check?.(proxy, error);
        const isThere = await store.has(BLOB) && await store.has(MANIFEST_DESCRIPTOR);
        if (ends === "ok") assert.ok(isThere);
        assert.deepEqual((await fsck(store.path)).problems, []);
        assert.equal(store.entries().length, ends === "ok" ? 1 : 0);
      } finally {
        await Deno.remove(folder, { recursive: true });
      }
    }));
}

for (const cases of [CUTS, LIES, REFUSALS, REDIRECTS]) {
  for (const [name, one] of Object.entries(cases)) pullTest(name, one);
}

/** Returns a fault whose pauses are that much longer. */
function slower(fault: Fault, scale: number): Fault {
  return fault.dripMs === undefined ? fault : { ...fault, dripMs: fault.dripMs * scale };
}

/**
 * Runs a case; one that is about silence runs again with longer times until it ends as expected, since a
 * loaded machine is silent, too.
 */
async function runCase(
  { fault, idleMs }: Case,
  attempt: (faults: Fault[], idleMs: number | undefined) => Promise<void>,
): Promise<void> {
  const faults = [fault].flat();
  if (idleMs === undefined) return await attempt(faults, undefined);
  await withScales((scale) => attempt(faults.map((one) => slower(one, scale)), idleMs * scale));
}

/** Returns a new repository for each push, so that it is empty. */
let pushes = 0;

const sessions = /\/blobs\/uploads\/[0-9a-f-]{36}/;
const starts = /\/blobs\/uploads\/(\?|$)/;

/** Faults of uploads. */
const PUSHES: Record<string, Case> = {
  "500 at the start": {
    fault: { method: "POST", path: starts, answer: { status: 500 } },
    ends: "ok",
  },
  "a start without a place to go on": {
    fault: { method: "POST", path: starts, head: (headers) => headers.delete("location") },
    ends: "PROTOCOL",
  },
  "a start without an address": {
    fault: { method: "POST", path: starts, head: (headers) => headers.set("location", "http://[") },
    ends: "PROTOCOL",
  },
  "a start that leads elsewhere without TLS": {
    fault: {
      method: "POST",
      path: starts,
      head: (headers) => headers.set("location", "http://registry.test/upload"),
    },
    ends: "PROTOCOL",
  },
  "a cut in the middle": {
    fault: { method: "PUT", path: sessions, cutRequestAfter: 100_000 },
    ends: "ok",
  },
  "two cuts in the middle": {
    fault: [
      { method: "PUT", path: sessions, cutRequestAfter: 100_000 },
      { method: "PATCH", path: sessions, cutRequestAfter: 100_000 },
    ],
    ends: "ok",
  },
  "cuts without end": {
    fault: [
      { method: "PUT", path: sessions, cutRequestAfter: 0, times: ALWAYS },
      { method: "PATCH", path: sessions, cutRequestAfter: 0, times: ALWAYS },
    ],
    ends: "CUT",
  },
  "500 at the end": {
    fault: { method: "PUT", path: sessions, answer: { status: 500 } },
    ends: "ok",
  },
  "500 at the end for ever": {
    fault: { method: "PUT", path: sessions, answer: { status: 500 }, times: ALWAYS },
    ends: "UNAVAILABLE",
  },
  "429 at the end, for a moment": {
    fault: {
      method: "PUT",
      path: sessions,
      answer: { status: 429, headers: { "retry-after": "0" } },
    },
    ends: "ok",
  },
  "a lost response": {
    fault: { method: "PUT", path: sessions, loseAnswer: true },
    ends: "ok",
  },
  "no response in time": {
    fault: { method: "PUT", path: sessions, silent: true },
    idleMs: 250,
    ends: "ok",
  },
  "never a response": {
    fault: { method: "PUT", path: sessions, silent: true, times: ALWAYS },
    idleMs: 250,
    ends: "TIMEOUT",
  },
  "a lost session": {
    fault: { method: "PUT", path: sessions, answer: { status: 404 } },
    ends: "ok",
  },
  "sessions that are always lost": {
    fault: { method: "PUT", path: sessions, answer: { status: 404 }, times: ALWAYS },
    ends: "NOT_FOUND",
  },
  "too much at once": {
    fault: { method: "PUT", path: sessions, answer: { status: 413 } },
    ends: "ok",
    check: (proxy) => assert.ok(proxy.requests.some(({ method }) => method === "PATCH")),
  },
  "pieces that the registry counts otherwise": {
    fault: [
      { method: "PUT", path: sessions, answer: { status: 413 } },
      { method: "PATCH", path: sessions, answer: { status: 416 } },
    ],
    ends: "ok",
  },
  "more than was sent": {
    fault: [
      { method: "PUT", path: sessions, answer: { status: 413 } },
      {
        method: "PATCH",
        path: sessions,
        head: (headers) => headers.set("range", "0-99999999"),
      },
    ],
    ends: "PROTOCOL",
  },
  "another digest than was sent": {
    fault: {
      method: "PUT",
      path: sessions,
      head: (headers) => headers.set("docker-content-digest", digestOf(SMALL)),
    },
    ends: "PROTOCOL",
  },
  "403": { fault: { method: "PUT", path: sessions, answer: { status: 403 } }, ends: "DENIED" },
  "403 when asked whether it is there": {
    fault: { method: "HEAD", path: /\/blobs\/sha256/, answer: { status: 403 } },
    ends: "ok",
  },
  "500 when asked whether it is there": {
    fault: { method: "HEAD", path: /\/blobs\/sha256/, answer: { status: 500 } },
    ends: "ok",
  },
};

for (const [name, one] of Object.entries(PUSHES)) {
  const { ends, check } = one;
  Deno.test(`push: ${name} ends with ${ends}`, () =>
    runCase(one, async (faults, idleMs) => {
      await using proxy = new FaultProxy(registry.url, faults);
      using client = clientOf(proxy, { idleMs });
      const repository = client.repository(`push/${++pushes}`);
      const error = await outcome(() => repository.push(BLOB, bytesSource(MODULE)));
      assert.equal(ended(error), ends, error?.message);
      check?.(proxy, error);
      using direct = new Registry(registry.host);
      const isThere = await direct.repository(repository.name).has(BLOB);
      // The registry has stored the content in spite of its false response.
      if (name !== "another digest than was sent") assert.equal(isThere, ends === "ok");
    }));
}

Deno.test("push: an interrupted upload resumes at the registry's offset", async () => {
  await using resuming = new ResumingRegistry();
  await using proxy = new FaultProxy(resuming.url, [
    { method: "PUT", cutRequestAfter: 100_000 },
    { method: "PATCH", cutRequestAfter: 100_000 },
  ]);
  using client = clientOf(proxy);
  const progress: number[] = [];
  const onProgress = (bytes: number) => void progress.push(bytes);
  await client.repository("x").push(BLOB, bytesSource(MODULE), { onProgress });
  assert.equal(resuming.blobs.get(BLOB.digest), BLOB.size);
  assert.equal(resuming.received, BLOB.size);
  assert.equal(progress.at(-1), BLOB.size);
  const started = proxy.requests.filter(({ method }) => method === "PATCH")
    .map(({ headers }) => headers.get("content-range"));
  assert.deepEqual(started, ["100000-299999", "200000-299999"]);
});

for (
  const [status, hasLocation] of [[201, true], [204, true], [201, false], [204, false]] as const
) {
  const where = hasLocation ? "with" : "without";
  Deno.test(`push: a chunk may return ${status}, ${where} an address`, async () => {
    const large = new Uint8Array(40 * 1024 ** 2);
    await using resuming = new ResumingRegistry();
    await using proxy = new FaultProxy(resuming.url, [
      { method: "PUT", answer: { status: 413 } },
      {
        method: "PATCH",
        times: ALWAYS,
        head(headers, answer) {
          answer.status = status;
          if (!hasLocation) headers.delete("location");
        },
      },
    ]);
    using client = clientOf(proxy);
    const blob = describe(large, "a/b");
    await client.repository("x").push(blob, bytesSource(large));
    assert.equal(resuming.blobs.get(blob.digest), blob.size);
    assert.equal(proxy.requests.filter(({ method }) => method === "PATCH").length, 3);
  });
}

Deno.test("push: chunks have at least the registry's minimum", async () => {
  const large = new Uint8Array(40 * 1024 ** 2);
  await using resuming = new ResumingRegistry(20 * 1024 ** 2);
  await using proxy = new FaultProxy(resuming.url, [{ method: "PUT", answer: { status: 413 } }]);
  using client = clientOf(proxy);
  const blob = describe(large, "a/b");
  await client.repository("x").push(blob, bytesSource(large));
  assert.equal(resuming.blobs.get(blob.digest), blob.size);
  assert.equal(proxy.requests.filter(({ method }) => method === "PATCH").length, 2);
});

Deno.test("push: a manifest is stored at the second attempt after 500", async () => {
  await using proxy = new FaultProxy(registry.url, [
    { method: "PUT", path: manifests, answer: { status: 500 } },
  ]);
  using client = clientOf(proxy);
  await client.repository("x").putManifest(MANIFEST, { mediaType: OCI_MANIFEST, tag: "again" });
});

Deno.test("delete() reports a registry that does not support it", async () => {
  await using proxy = new FaultProxy(registry.url, [{ method: "DELETE", answer: { status: 405 } }]);
  using client = clientOf(proxy);
  await assert.rejects(client.repository("x").delete("v1"), { code: "UNSUPPORTED", status: 405 });
});

const list = (location: string | undefined, tags = ["a"]): Fault => ({
  path: /tags\/list/,
  times: ALWAYS,
  answer: {
    status: 200,
    headers: location === undefined ? {} : { link: `<${location}>; rel="next"` },
    body: JSON.stringify({ name: "x", tags }),
  },
});

for (
  const [name, fault, ends] of [
    ["pages in a circle", list("/v2/x/tags/list?last=a"), "PROTOCOL"],
    ["a page of another host", list("http://localhost:1/v2/x/tags/list"), "PROTOCOL"],
    ["no JSON", { path: /tags/, answer: { status: 200, body: "<html>" } }, "BAD_JSON"],
    ["no texts", { path: /tags/, answer: { status: 200, body: `{"tags":[1]}` } }, "BAD_LIST"],
    ["a cut", { path: /tags/, cutAfter: 3 }, "ok"],
    ["null", { path: /tags/, answer: { status: 200, body: `{"tags":null}` } }, "ok"],
  ] satisfies [string, Fault, string][]
) {
  Deno.test(`tags: ${name} ends with ${ends}`, async () => {
    await using proxy = new FaultProxy(registry.url, [fault]);
    using client = clientOf(proxy);
    const error = await outcome(() => Array.fromAsync(client.repository("x").tags()));
    assert.equal(ended(error), ends, error?.message);
  });
}

Deno.test("referrers() reads all pages of the API", async () => {
  const index = (...manifests: Descriptor[]) =>
    JSON.stringify({
      schemaVersion: 2,
      mediaType: "application/vnd.oci.image.index.v1+json",
      manifests: manifests.map((one) => ({ ...one, artifactType: "a/b" })),
    });
  const link = { link: `</v2/x/referrers/${BLOB.digest}?page=2>; rel="next"` };
  await using proxy = new FaultProxy(registry.url, [
    { path: /page=2/, answer: { status: 200, body: index(CONFIG) } },
    { path: /referrers/, answer: { status: 200, headers: link, body: index(MANIFEST_DESCRIPTOR) } },
  ]);
  using client = clientOf(proxy);
  const found = await client.repository("x").referrers(BLOB.digest, { artifactType: "a/b" });
  assert.deepEqual(found.map(({ digest }) => digest), [MANIFEST_DESCRIPTOR.digest, CONFIG.digest]);
});

Deno.test("referrers() reads the tag when the API is missing", async () => {
  const body = JSON.stringify({
    schemaVersion: 2,
    mediaType: "application/vnd.oci.image.index.v1+json",
    manifests: [MANIFEST_DESCRIPTOR],
  });
  const page = { status: 200, headers: { "content-type": "text/html; charset=utf-8" }, body: "<!" };
  for (const status of [200, 400, 404, 405, 406, 501]) {
    await using proxy = new FaultProxy(registry.url, [
      { path: /\/referrers\//, answer: status === 200 ? page : { status } },
      { path: /\/manifests\/sha256-/, answer: { status: 200, body } },
    ]);
    using client = clientOf(proxy);
    const found = await client.repository("x").referrers(BLOB.digest);
    assert.deepEqual(found.map(({ digest }) => digest), [MANIFEST_DESCRIPTOR.digest], `${status}`);
  }
  // A damaged response of the API is an error, not a missing API.
  await using proxy = new FaultProxy(registry.url, [
    { path: /\/referrers\//, answer: { status: 200, body: "{}" } },
  ]);
  using client = clientOf(proxy);
  await assert.rejects(client.repository("x").referrers(BLOB.digest), { code: "BAD_MANIFEST" });
});

Deno.test("requests fail at once when the registry requests a long delay", async () => {
  for (const wait of ["3600", "12345678901234"]) {
    const answer = { status: 429, headers: { "retry-after": wait } };
    await using proxy = new FaultProxy(registry.url, [{ answer, times: ALWAYS }]);
    using client = clientOf(proxy);
    const error = await outcome(() => client.repository("x").resolve("v1"));
    assert.match(error?.message ?? "", /429 .*requests a delay of (3600|999999999) s$/);
    assert.equal(proxy.requests.length, 1);
  }
});

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

Deno.test("a signal aborts a transfer, a wait and an upload with its reason", async () => {
  const reason = new Error("Ctrl-C");
  const patient = { ...TIMING, idleMs: 60_000, backoffMs: 60_000, longestWaitMs: 60_000 };
  const faults: [
    Fault,
    (repository: ReturnType<Registry["repository"]>, signal: AbortSignal) => Promise<unknown>,
  ][] = [
    [{ path: blobs, stallAfter: 0 }, async (repository, signal) => {
      for await (const _ of await repository.fetch(BLOB, { signal }));
    }],
    [
      { path: blobs, method: "GET", answer: { status: 500 } },
      (repository, signal) => repository.fetch(BLOB, { signal }),
    ],
    [
      { method: "POST", silent: true },
      (repository, signal) =>
        repository.push(describe(SMALL.slice(1), "a/b"), bytesSource(SMALL.slice(1)), { signal }),
    ],
  ];
  for (const [fault, work] of faults) {
    await using proxy = new FaultProxy(registry.url, [fault]);
    using client = new Registry(proxy.host, { timing: patient });
    const controller = new AbortController();
    const working = work(client.repository("x"), controller.signal);
    const rejected = assert.rejects(working, reason);
    await until("the request has arrived", () => proxy.requests.length > 0);
    controller.abort(reason);
    await rejected;
  }
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
