/** Pulls from registries that cut, lie, refuse and redirect. */
import assert from "node:assert/strict";
import { gzipSync } from "node:zlib";
import { digestOf, fsck, pullArtifact, Store } from "../../oci/mod.ts";
import { FaultProxy } from "../support/fault_proxy.ts";
import {
  ALWAYS,
  BLOB,
  blobs,
  type Case,
  clientOf,
  CONFIG,
  ended,
  MANIFEST_DESCRIPTOR,
  manifests,
  MODULE,
  outcome,
  registry,
  runCase,
} from "../support/faulty_registry.ts";

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
