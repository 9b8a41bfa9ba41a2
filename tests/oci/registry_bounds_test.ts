/** Bounds on the time, memory and requests that a hostile registry can cause. */
import assert from "node:assert/strict";
import { brotliCompressSync, gzipSync } from "node:zlib";
import { type Descriptor, digestOf, fetchFile, HostError, Registry } from "../../oci/mod.ts";
import { OCI_INDEX, OCI_MANIFEST } from "../../oci/media_types.ts";
import { DEFAULT_TIMING } from "../../oci/registry/retry.ts";
import { Place } from "../support/place.ts";

/** Short timeouts for tests; the asserted bounds are several times as long, for a loaded machine. */
const TIMING = {
  ...{ idleMs: 2000, requestMs: 600, rateWindowMs: 600, listMs: 600, attemptsMs: 4000 },
  ...{ leastBytesPerSecond: 1000, backoffMs: 1, longestWaitMs: 1 },
};
const BOUND_MS = 20_000;
const DRIP_MS = 20;

const BYTES = new TextEncoder().encode(JSON.stringify({ schemaVersion: 2, x: "y".repeat(4000) }));
const BLOB: Descriptor = {
  mediaType: "application/wasm",
  digest: digestOf(BYTES),
  size: BYTES.length,
};

/** Endless body, one byte at a time. */
function drip(): ReadableStream<Uint8Array> {
  let timer: number | undefined;
  return new ReadableStream({
    start(controller) {
      let at = 0;
      // time: a registry that is this slow.
      timer = setInterval(() => controller.enqueue(BYTES.slice(at % 40, ++at % 40)), DRIP_MS);
    },
    cancel: () => clearInterval(timer),
  });
}

type Answer = (request: Request) => Response | Promise<Response>;

/** Registry on a loopback port with one response for all requests. */
class Hostile implements AsyncDisposable {
  readonly paths: string[] = [];
  readonly #server: Deno.HttpServer<Deno.NetAddr>;
  readonly #end = new AbortController();

  constructor(answer: Answer) {
    const options = {
      hostname: "127.0.0.1",
      port: 0,
      onListen() {},
      signal: this.#end.signal,
    };
    this.#server = Deno.serve(options, (request) => {
      const { pathname, search } = new URL(request.url);
      this.paths.push(pathname + search);
      return answer(request);
    });
  }

  get host(): string {
    return `127.0.0.1:${this.#server.addr.port}`;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    // Not shutdown(), which waits for endless bodies.
    this.#end.abort();
    await this.#server.finished;
  }
}

type Work = (registry: Registry) => Promise<unknown>;

const WORKS: Readonly<Record<string, Work>> = {
  "a manifest": (registry) => registry.repository("x").getManifest("v1"),
  "what a tag names": (registry) => registry.repository("x").resolve("v1"),
  tags: (registry) => Array.fromAsync(registry.repository("x").tags()),
  referrers: (registry) => registry.repository("x").referrers(BLOB.digest),
  "a blob": async (registry) => {
    for await (const _ of await registry.repository("x").fetch(BLOB));
  },
};

/** Deno closes an aborted body some time later: on a loaded machine, during the next test. */
function test(name: string, fn: () => Promise<void> | void): void {
  Deno.test({ name, sanitizeResources: false, fn });
}

/** Returns the error code and the duration of an operation. */
async function outcome(host: string, work: Work): Promise<{ code: string; ms: number }> {
  const start = performance.now();
  using registry = new Registry(host, { plainHttp: true, timing: TIMING });
  const code = await work(registry).then(() => "ok", (error) => {
    assert.ok(error instanceof HostError, String(error));
    return error.code;
  });
  return { code, ms: performance.now() - start };
}

for (const [name, work] of Object.entries(WORKS)) {
  test(`${name}: a body sent byte by byte ends in bounded time, without a retry`, async () => {
    await using hostile = new Hostile(({ method }) =>
      method === "HEAD" ? new Response(null, { status: 405 }) : new Response(drip(), {
        headers: { "content-type": name === "referrers" ? OCI_INDEX : OCI_MANIFEST },
      })
    );
    const { code, ms } = await outcome(hostile.host, work);
    assert.equal(code, "TOO_SLOW");
    assert.ok(ms < BOUND_MS, `${ms} ms`);
    assert.ok(hostile.paths.length <= 2, `${hostile.paths}`);
  });
}

test("getManifest() ends in bounded time when token and error arrive byte by byte", async () => {
  await using tokens = new Hostile(() => new Response(drip()));
  await using hostile = new Hostile(() =>
    new Response(drip(), {
      status: 401,
      headers: { "www-authenticate": `Bearer realm="http://${tokens.host}/"` },
    })
  );
  const { code, ms } = await outcome(hostile.host, (one) => one.repository("x").getManifest("v1"));
  assert.equal(code, "TOO_SLOW");
  assert.ok(ms < BOUND_MS, `${ms} ms`);
  await using refusing = new Hostile(() => new Response(drip(), { status: 403 }));
  const refused = await outcome(refusing.host, (one) => one.repository("x").getManifest("v1"));
  assert.ok(["DENIED", "TOO_SLOW"].includes(refused.code), refused.code);
  assert.ok(refused.ms < BOUND_MS, `${refused.ms} ms`);
});

test("getManifest() bounds slow redirects together", async () => {
  let count = 0;
  let pending = Promise.resolve();
  const redirect: Answer = async ({ url }) => {
    const { promise, resolve } = Promise.withResolvers<void>();
    // time: a registry that takes this long for each redirect.
    setTimeout(resolve, 200);
    pending = promise;
    await promise;
    return new Response(null, {
      status: 307,
      headers: { location: `${new URL(url).pathname}?${count++}` },
    });
  };
  await using hostile = new Hostile(redirect);
  const { code } = await outcome(hostile.host, (one) => one.repository("x").getManifest("v1"));
  assert.equal(code, "TOO_SLOW");
  await pending;
  assert.ok(count < 8, `${count}`);
});

test("a small response has at most a minute, and all attempts three", () => {
  assert.ok(DEFAULT_TIMING.requestMs <= 60_000);
  assert.ok(DEFAULT_TIMING.rateWindowMs <= 60_000 && DEFAULT_TIMING.leastBytesPerSecond > 0);
  assert.ok(DEFAULT_TIMING.attemptsMs <= 180_000 && DEFAULT_TIMING.listMs <= 120_000);
});

test("fetchFile() gives up on slow bodies and redirects", async () => {
  await using hostile = new Hostile(() => new Response(drip()));
  const url = new URL(`http://${hostile.host}/tool.wasm`);
  await assert.rejects(fetchFile(url, { limit: 1000, timing: TIMING }), { code: "TOO_SLOW" });
  assert.equal(hostile.paths.length, 1);
});

/** Endless pages, each with another address. */
function pages(body: (page: number) => string | Uint8Array<ArrayBuffer>): Hostile {
  let page = 0;
  return new Hostile(({ url }) => {
    const { pathname } = new URL(url);
    const headers = { "content-type": OCI_INDEX, link: `<${pathname}?page=${++page}>; rel="next"` };
    return new Response(body(page), { headers });
  });
}

const EMPTY_PAGE = JSON.stringify({
  schemaVersion: 2,
  mediaType: OCI_INDEX,
  manifests: [],
  tags: [],
});

for (const name of ["tags", "referrers"]) {
  test(`${name}: endless empty pages are refused`, async () => {
    await using hostile = pages(() => EMPTY_PAGE);
    using registry = new Registry(hostile.host, { plainHttp: true });
    await assert.rejects(WORKS[name]?.(registry) ?? Promise.resolve(), { code: "PROTOCOL" });
    assert.ok(hostile.paths.length <= 1001, `${hostile.paths.length} pages`);
  });

  test(`${name}: pages of 4 MiB each are limited`, async () => {
    const filled = EMPTY_PAGE.replace("{", `{"x":"${"y".repeat(4 * 1024 ** 2 - 200)}",`);
    await using hostile = pages(() => filled);
    using registry = new Registry(hostile.host, { plainHttp: true });
    await assert.rejects(WORKS[name]?.(registry) ?? Promise.resolve(), { code: "TOO_LARGE" });
    assert.ok(hostile.paths.length <= 20, `${hostile.paths.length} pages`);
  });
}

test("tags() bounds slow pages together", async () => {
  await using hostile = pages(() => EMPTY_PAGE);
  using registry = new Registry(hostile.host, { plainHttp: true, timing: { listMs: 100 } });
  await assert.rejects(registry.repository("x").referrers(BLOB.digest), { code: "TOO_SLOW" });
});

const COMPRESSORS = { gzip: gzipSync, br: brotliCompressSync };

for (const [encoding, compress] of Object.entries(COMPRESSORS)) {
  test(`a response that expands with ${encoding} is limited`, async () => {
    const bomb = Uint8Array.from(compress(new Uint8Array(32 * 1024 ** 2)));
    await using hostile = new Hostile(() =>
      new Response(bomb, {
        headers: { "content-encoding": encoding, "content-type": OCI_INDEX },
      })
    );
    const before = Deno.memoryUsage().rss;
    for (const name of ["a manifest", "tags", "referrers", "a blob"]) {
      using registry = new Registry(hostile.host, { plainHttp: true });
      const work = WORKS[name]?.(registry) ?? Promise.resolve();
      await assert.rejects(work, (error: HostError) => {
        return ["TOO_LARGE", "SIZE_MISMATCH", "BAD_JSON", "DIGEST_MISMATCH"].includes(error.code);
      }, name);
    }
    const grown = Deno.memoryUsage().rss - before;
    assert.ok(grown < 128 * 1024 ** 2, `${grown} bytes`);
  });
}

test("errors do not contain the password of a proxy", async () => {
  await using place = await Place.create();
  const proxies = [
    "http://user:s3cret@127.0.0.1:1",
    "http://user:s3cret@[::1",
    "user:s3cret@127.0.0.1:1",
    "socks5://user:s3cret@127.0.0.1:1",
    "http://user:s3cret@no.such.host.invalid:8080",
    "s3cret",
    "ftp://user:s3cret@127.0.0.1:1/",
    "http://user:s3cret@127.0.0.1:99999/",
  ];
  for (const [index, proxy] of proxies.entries()) {
    const env = { HTTPS_PROXY: proxy, HTTP_PROXY: proxy, ALL_PROXY: proxy };
    const word = index % 2 === 0 ? "192.0.2.1:1/x:v1" : "http://192.0.2.1:1/x.wasm";
    const options = { env, through: ["timeout", "6"] };
    const { stdout, stderr } = await place.run(["run", "--verbose", word], options);
    assert.doesNotMatch(stdout + stderr, /s3cret/, proxy);
  }
});

test("requests to a silent or busy registry end after a total time", async () => {
  for (const answer of ["silent", "busy"]) {
    const { promise, resolve } = Promise.withResolvers<Response>();
    await using hostile = new Hostile(() =>
      answer === "silent" ? promise : new Response(null, { status: 503 })
    );
    using registry = new Registry(hostile.host, {
      plainHttp: true,
      timing: { idleMs: 200, attempts: 1000, attemptsMs: 1000, backoffMs: 50, longestWaitMs: 50 },
    });
    const start = performance.now();
    await assert.rejects(registry.repository("x").getManifest("v1"), (error: HostError) => {
      return ["TIMEOUT", "UNAVAILABLE"].includes(error.code);
    });
    assert.ok(performance.now() - start < BOUND_MS);
    resolve(new Response());
  }
});

test("--timeout ends a run whose module does not arrive, and reports it", async () => {
  await using place = await Place.create();
  const { promise, resolve } = Promise.withResolvers<Response>();
  await using silent = new Hostile(() => promise);
  await using slow = new Hostile(() => new Response(drip()));
  for (const host of [silent.host, slow.host]) {
    for (const word of [`http://${host}/tool.wasm`, `${host}/x:v1`]) {
      const through = ["timeout", "-s", "KILL", "25"];
      const { code, stderr } = await place.run(["run", "--timeout", "300ms", word], { through });
      assert.deepEqual([code, stderr], [
        124,
        `error: Cannot get ${word} within --timeout 300ms\n`,
      ]);
    }
  }
  resolve(new Response());
});
