import assert from "node:assert/strict";
import { bytesSource, type Descriptor, Registry } from "../../oci/mod.ts";
import { type Fault, FaultProxy } from "../support/fault_proxy.ts";
import { until } from "../support/condition.ts";
import {
  ALWAYS,
  BLOB,
  blobs,
  clientOf,
  CONFIG,
  describe,
  ended,
  MANIFEST_DESCRIPTOR,
  outcome,
  registry,
  SMALL,
  TIMING,
} from "../support/faulty_registry.ts";

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
